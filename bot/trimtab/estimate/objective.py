"""The largest request rate of one replica within latency objectives."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from trimtab.estimate.machine import Machine, machine_of, max_batch
from trimtab.estimate.speed import time_load
from trimtab.estimate.types import Deployment, Figure, Impossible, Load, Speed

_STEPS = 30
_CLOSE = 0.005
_LEAST = 1e-3
"""Requests in progress below which a replica is as good as alone."""
_CROWD = 1.645
"""Standard deviations from the mean to the 95th percentile of a normal distribution."""
_TPOT_SPREAD = 1.1
"""95th percentile over the mean among the requests of one load. Three published runs have a 99th percentile of 1.05 to
1.09 of the mean (vllm pull requests 25135 and 43276, ROCm/ATOM pull request 466)."""
_TTFT_SPREAD = 1.8
"""The same of the first token, which may find a prompt before it or none. A published sweep has a 95th percentile of
1.7 to 2.6 times the median with 64 to 256 in progress (the RTX A6000's source in `bench/cases/speed.jsonl`)."""


@dataclass(frozen=True, slots=True)
class Objective:
    """How fast 95 of 100 requests must be answered.

    Attributes:
        ttft_p95_ms: Time to first token.
        tpot_p95_ms: Time per output token after the first.
    """

    ttft_p95_ms: float
    tpot_p95_ms: float


@dataclass(frozen=True, slots=True)
class Rate:
    """What one replica takes within an objective.

    Attributes:
        requests_per_s: The largest rate; `low` keeps the objective even where the replica is as slow as its band
            allows. 0 where even one request at a time is too slow.
        concurrency: Requests in progress at that rate, mean.
        ttft_p95_ms: At that rate, or with one request at a time where the rate is 0.
        tpot_p95_ms: The same.
    """

    requests_per_s: Figure
    concurrency: float
    ttft_p95_ms: Figure
    tpot_p95_ms: Figure


@dataclass(frozen=True, slots=True)
class _At:
    """One replica with so many requests in progress: in the mean, and in the crowd that 95 % of them meet at most."""

    concurrency: float
    mean: Speed
    crowd: Speed


def largest_rate(deployment: Deployment, shape_of_load: Load, objective: Objective) -> Rate | Impossible:
    """Return the largest request rate of one replica that keeps the objective.

    Requests are taken to arrive independently of each other, so that the number in progress is Poisson distributed
    about the mean that Little's law gives; the 95th percentile is what that crowd's 95th percentile meets, times a
    spread among the requests of one moment.

    Args:
        deployment: What runs on what.
        shape_of_load: Lengths and prefix hits; its concurrency is not used.
        objective: The latencies to keep.
    """
    if not (objective.ttft_p95_ms > 0 and objective.tpot_p95_ms > 0):
        return Impossible("an objective needs latencies above 0")
    machine = machine_of(deployment)
    if isinstance(machine, Impossible):
        return machine
    alone = _at(machine, shape_of_load, min(1.0, machine.found.engine.dp))
    if isinstance(alone, Impossible):
        return alone
    value, low, high = (_largest(machine, shape_of_load, objective, side) for side in (_value, _slow, _fast))
    best = value or alone
    return Rate(
        requests_per_s=Figure(
            _rate(value, shape_of_load, _value), _rate(low, shape_of_load, _slow), _rate(high, shape_of_load, _fast)
        ),
        concurrency=value.concurrency if value else 0.0,
        ttft_p95_ms=_spread(best.crowd.ttft_ms, _TTFT_SPREAD),
        tpot_p95_ms=_spread(best.crowd.tpot_ms, _TPOT_SPREAD),
    )


def _value(figure: Figure) -> float:
    return figure.value


def _slow(figure: Figure) -> float:
    return figure.high


def _fast(figure: Figure) -> float:
    return figure.low


_Side = Callable[[Figure], float]
"""Which end of a band is taken to be the truth."""


def _keeps(at: _At, objective: Objective, side: _Side) -> bool:
    ttft, tpot = side(at.crowd.ttft_ms) * _TTFT_SPREAD, side(at.crowd.tpot_ms) * _TPOT_SPREAD
    return ttft <= objective.ttft_p95_ms and tpot <= objective.tpot_p95_ms


def _spread(figure: Figure, factor: float) -> Figure:
    return Figure(figure.value * factor, figure.low * factor, figure.high * factor)


def _largest(machine: Machine, load: Load, objective: Objective, side: _Side) -> _At | None:
    """Return the largest mean concurrency that keeps the objective; None where not even one request at a time does."""
    low, high = 0.0, max(1.0, max_batch(machine, load)) * machine.found.engine.dp
    best = None
    middle = high
    for _ in range(_STEPS):
        at = _at(machine, load, middle)
        if not isinstance(at, Impossible) and _keeps(at, objective, side):
            low, best = middle, at
        else:
            high = middle
        if high - low <= _CLOSE * high or high < _LEAST:
            break
        middle = (low + high) / 2
    return best


def _at(machine: Machine, load: Load, concurrency: float) -> _At | Impossible:
    mean = time_load(machine, replace(load, concurrency=max(1.0, concurrency)))
    crowded = concurrency + _CROWD * math.sqrt(concurrency)
    crowd = time_load(machine, replace(load, concurrency=max(1.0, crowded)))
    if isinstance(mean, Impossible):
        return mean
    return crowd if isinstance(crowd, Impossible) else _At(concurrency, mean, crowd)


def _rate(at: _At | None, load: Load, side: _Side) -> float:
    """Return requests a second by Little's law."""
    if at is None:
        return 0.0
    milliseconds = side(at.mean.ttft_ms) + side(at.mean.tpot_ms) * max(0.0, load.output_tokens - 1)
    return 1e3 * at.concurrency / milliseconds
