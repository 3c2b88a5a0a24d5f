"""What start-up takes beside weights and cache: the profile run's peak, the runtime's own, CUDA graphs."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.engine import Engine
from trimtab.estimate.graphs import graphs
from trimtab.estimate.profiled import activation, is_amd
from trimtab.estimate.shape import Shape
from trimtab.estimate.types import Figure
from trimtab.fleet import GpuType

_GIB = 1 << 30
_GRAPHS_COUNTED, _GRAPHS_COUNTED_AMD = (0, 20), (0, 33)
"""From here on vLLM takes an estimate of the graphs off the cache (VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS)."""
_COUNTED = 0.9
"""What it takes off, by what the graphs then need."""
_WIDE_FROM, _NARROWER_FROM = (0, 18), (0, 24)
_SYMMETRIC = {"hopper", "blackwell"}
"""Families whose exchanges have buffers of symmetric memory (vLLM 0.10, symm_mem.py: compute capability 9 and 10)."""


@dataclass(frozen=True, slots=True)
class Overhead:
    """GiB of one GPU beside weights and cache.

    Attributes:
        activation: Peak of the profile run.
        non_torch: What the runtime and communication hold.
        graphs: What capturing CUDA graphs takes.
        reserved_graphs: The part of it that is taken off the cache beforehand.
        logits: One set of 32-bit logits of the largest batch.
    """

    activation: Figure
    non_torch: Figure
    graphs: Figure
    reserved_graphs: float
    logits: float


def overhead(shape: Shape, engine: Engine, gpu: GpuType, scheme_method: str) -> Overhead:
    """Return what start-up takes beside weights and cache."""
    captured = graphs(shape, engine, scheme_method)
    since = _GRAPHS_COUNTED_AMD if is_amd(gpu) else _GRAPHS_COUNTED
    counted = engine.name == "vllm" and engine.version >= since
    rows = min(engine.max_num_seqs, engine.max_num_batched_tokens)
    return Overhead(
        activation=activation(shape, engine, gpu, scheme_method),
        non_torch=_non_torch(engine, gpu),
        graphs=captured,
        reserved_graphs=_COUNTED * captured.value if counted else 0.0,
        logits=rows * shape.vocabulary * 4 / _GIB if shape.generates else 0.0,
    )


def _non_torch(engine: Engine, gpu: GpuType) -> Figure:
    """Return what the runtime and the buffers of exchanges hold, by the number of ranks.

    Data: vLLM's start-up logs. The first core: 14 runs on one GPU (0.01 to 0.35 GiB; ROCm 0.53), 2 ranks 0.25, 8 ranks
    0.20, 2.10 and 7.16. Until 0.17: one GPU 0.07 to 0.14, two H100 0.55, two H200 1.38, two L40S about 0.15, two MI300X
    about 1.9. From 0.18 on: one GPU 0.24 to 0.46 (25 runs), 2 to 4 H100 2.06 to 2.17 (7 runs), four B200 (0.26) 0.95.
    """
    place = min(3, (engine.tp * engine.pp - 1).bit_length())
    if engine.v0:
        return Figure((0.1, 0.3, 0.4, 2.0)[place], 0.0, (0.6, 0.9, 1.2, 7.5)[place])
    if is_amd(gpu):
        return Figure(0.5, 0.05, 1.2) if not place else Figure(1.9, 0.4, 3.0)
    if engine.name != "vllm" or engine.version >= _WIDE_FROM:
        return _wide(engine, gpu, place)
    if place and gpu.family not in _SYMMETRIC:
        return Figure(0.2, 0.05, 0.8)
    return Figure((0.13, 0.55, 0.65, 1.0)[place], (0.05, 0.2, 0.25, 0.4)[place], (0.45, 1.5, 1.6, 2.5)[place])


def _wide(engine: Engine, gpu: GpuType, place: int) -> Figure:
    if not place:
        return Figure(0.25, 0.1, 0.55)
    if gpu.family not in _SYMMETRIC:
        return Figure(0.5, 0.1, 2.2)
    if engine.name == "vllm" and engine.version >= _NARROWER_FROM:
        return Figure(1.5, 0.6, 2.6)
    value = (0.25, 2.07, 2.17, 2.4)[place]
    return Figure(value, value * 0.9 - 0.02, value * 1.05 + 0.2)
