"""How far the truth lies from an estimate of speed, nine times in ten.

From the rows of groups (a model on a GPU), of models and of GPUs left out of the fit (`bench/fit_speed.py --left-out`),
by engine: truth / estimate from the 4th to the 96th percentile of the widest of the three, rounded outwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.engine import Engine
from trimtab.estimate.types import Figure
from trimtab.fleet import GpuType


@dataclass(frozen=True, slots=True)
class Band:
    """The least and most of truth / estimate, and what the estimate stands on."""

    tpot: tuple[float, float]
    flow: tuple[float, float]
    ttft: tuple[float, float]
    basis: str


_MEASURED = ("H100-80GB", "H200", "B200", "B300", "GB200", "GB300")
_NODE = 8
"""GPUs that one node holds; beyond, messages cross a network that nothing is known of."""
MOST_MEASURED = 512
"""Requests in progress of the largest load in the rows."""
_NEAR = {
    "vllm": Band((0.77, 1.35), (0.73, 1.28), (0.45, 1.9), "calibrated"),
    "sglang": Band((0.75, 1.5), (0.67, 1.3), (0.48, 3.7), "calibrated"),
    "tensorrt-llm": Band((0.74, 1.48), (0.67, 1.33), (0.4, 2.7), "calibrated"),
}
_FAR = Band((0.5, 2.0), (0.5, 2.0), (0.3, 3.3), "roofline")
"""The hardware or the engine was not measured: about twice the width. Of 39 published figures of six such GPUs
(`bench/cases/speed.jsonl`) all but one lie inside."""
_CROWDED = Band((0.45, 2.2), (0.3, 1.4), (0.2, 8.0), "")
"""More requests than fit into a batch: whether they come all at once or one by one is not known (46 floods of the
gpustack performance lab, of which each percentile is widest)."""


def band_of(engine: Engine, gpu: GpuType) -> Band:
    """Return how sure an estimate is: measured families of GPUs and engines are surer than others."""
    measured = any(name in gpu.name for name in _MEASURED) and "-MIG-" not in gpu.name
    near = _NEAR.get(engine.name)
    return near if near and measured and not engine.v0 and engine.tp * engine.pp * engine.dp <= _NODE else _FAR


def crowded(band: Band) -> Band:
    """Return the band of a load beyond what was measured, or beyond what fits into a batch."""
    tpot, flow, ttft = (
        _wider(*pair) for pair in ((band.tpot, _CROWDED.tpot), (band.flow, _CROWDED.flow), (band.ttft, _CROWDED.ttft))
    )
    return Band(tpot, flow, ttft, band.basis)


def within(value: float, bounds: tuple[float, float]) -> Figure:
    """Return a figure with its bounds."""
    return Figure(value, value * bounds[0], value * bounds[1])


def _wider(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return min(one[0], other[0]), max(one[1], other[1])
