"""Latency of a set-up at a demand, calibrated by what the running one shows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from trimtab.demand.estimates import timed
from trimtab.demand.measures import known
from trimtab.demand.peak import Peak, crowd
from trimtab.estimate import Deployment, Figure, Impossible, Load, Seen, Speed, speed_from
from trimtab.estimate.machine import Machine
from trimtab.estimate.speed import time_load
from trimtab.fleet import Measure, Traffic

_TAIL = 1.5
"""p95 over mean where only one of them was observed."""
_STEPS = 24
_CLOSE = 0.02
_PILED_UP = 50.0


@dataclass(frozen=True, slots=True)
class Latency:
    """How one replica answers.

    Attributes:
        ttft_p95_ms: Time to first token, 95th percentile.
        tpot_p95_ms: Time per output token, 95th percentile.
        concurrency: Requests in progress that nearly all requests of the busiest hour meet at most.
        prefill_share: Part of the time that prompts of the busiest hour take.
        slowdown: How many times as long as today a request takes in the busiest hour.
        basis: What the estimate rests on: `measured`, `calibrated` or `roofline`.
        live: Whether today's measured latency corrected it.
    """

    ttft_p95_ms: Figure
    tpot_p95_ms: Figure
    concurrency: float
    prefill_share: float
    slowdown: float
    basis: str
    live: bool


@dataclass(frozen=True, slots=True)
class _Future:
    """How a set-up answers at typical load, in the mean of the busiest hour, and at `most` requests in progress."""

    typical: Speed
    busiest: Speed
    crowded: Speed
    most: float


def latency(now: Deployment, peak: Peak, then: Deployment, demand: Peak, traffic: Traffic) -> Latency | Impossible:
    """Return how `then` answers `demand`, knowing how `now` answers `peak`.

    The 95th percentile is the larger of two: today's, scaled as the mean at typical load scales; and the mean in a
    crowd of the busiest hour. Requests in progress follow Little's law: what takes longer is in progress longer.

    Args:
        now: What runs.
        peak: Today's demand on one replica of it.
        then: What would run.
        demand: The same traffic on one replica of that.
        traffic: What was observed, with today's latency.
    """
    before, after = timed(now), timed(then)
    if isinstance(before, Impossible):
        return before
    if isinstance(after, Impossible):
        return after
    today = _today(before, peak)
    if isinstance(today, Impossible):
        return today
    future = _future(after, demand, tuple(_seconds(answer, peak) for answer in today))
    if isinstance(future, Impossible):
        return future
    alike = now.gpu.name == then.gpu.name and now.gpus == then.gpus
    calibrated = _calibration(traffic, today[0], alike=alike)
    mean, top = calibrated(future.typical), calibrated(future.crowded)
    ttft_tail = _tail(traffic.ttft_p95_ms, traffic.ttft_p95_least_ms, traffic.ttft_avg_ms)
    tpot_tail = _tail(traffic.tpot_p95_ms, traffic.tpot_p95_least_ms, traffic.tpot_avg_ms)
    prefill = max(top.prefill_tokens_per_s.low, 1e-9)
    return Latency(
        ttft_p95_ms=_larger(_times(mean.ttft_ms, ttft_tail), top.ttft_ms),
        tpot_p95_ms=_larger(_times(mean.tpot_ms, tpot_tail), top.tpot_ms),
        concurrency=future.most,
        prefill_share=demand.requests_per_s * demand.input_tokens * (1 - demand.prefix_hit) / prefill,
        slowdown=_seconds(future.busiest, demand) / max(_seconds(today[1], peak), 1e-9),
        basis=top.basis,
        live=_is_seen(traffic),
    )


def _today(now: Machine, peak: Peak) -> tuple[Speed, Speed] | Impossible:
    """Return how today's set-up answers at typical load and in the busiest hour."""
    typical, busiest = _speed(now, peak, peak.concurrency_typical), _speed(now, peak, peak.concurrency_busy)
    if isinstance(typical, Impossible):
        return typical
    return busiest if isinstance(busiest, Impossible) else (typical, busiest)


def _future(then: Machine, demand: Peak, seconds: tuple[float, ...]) -> _Future | Impossible:
    """Return the same of another set-up.

    `seconds` are what a request takes today, at typical load and in the busiest hour.
    """
    typical = _settled(then, demand, demand.concurrency_typical, seconds[0])
    busiest = _settled(then, demand, demand.concurrency_busy, seconds[1])
    if isinstance(typical, Impossible):
        return typical
    if isinstance(busiest, Impossible):
        return busiest
    most = busiest[1] if demand.bursts else crowd(busiest[1])
    crowded = _speed(then, demand, most)
    return crowded if isinstance(crowded, Impossible) else _Future(typical[0], busiest[0], crowded, most)


def _speed(machine: Machine, demand: Peak, concurrency: float) -> Speed | Impossible:
    load = Load(max(1.0, concurrency), demand.input_tokens, demand.output_tokens, demand.prefix_hit)
    return time_load(machine, load)


def _seconds(answer: Speed, demand: Peak) -> float:
    """Return how long a request takes, seconds."""
    return (answer.ttft_ms.value + answer.tpot_ms.value * demand.output_tokens) / 1000


def _settled(then: Machine, demand: Peak, concurrency: float, seconds_now: float) -> tuple[Speed, float] | Impossible:
    """Return the speed at the number of requests in progress at which arrivals and answers balance, and that number."""
    wanted = concurrency
    for _ in range(_STEPS):
        answer = _speed(then, demand, wanted)
        if isinstance(answer, Impossible):
            return answer
        following = concurrency * _seconds(answer, demand) / max(seconds_now, 1e-9)
        if abs(following - wanted) <= _CLOSE * wanted:
            return answer, max(following, wanted)
        if following > _PILED_UP * max(concurrency, 1.0):
            return Impossible("requests would arrive faster than they are answered")
        wanted = (wanted + following) / 2
    return Impossible("requests would arrive faster than they are answered")


def _is_seen(traffic: Traffic) -> bool:
    return all(known(mean) and mean.value > 0 for mean in (traffic.ttft_avg_ms, traffic.tpot_avg_ms))


def _calibration(traffic: Traffic, today: Speed, *, alike: bool) -> Callable[[Speed], Speed]:
    """Return what turns an estimate into one that agrees with today's measured means.

    Where the GPUs are alike, what the estimate gets wrong of them is wrong before and after, and cancels out: only the
    effect of a larger load is uncertain.
    """
    ttft, tpot = traffic.ttft_avg_ms, traffic.tpot_avg_ms
    if known(ttft) and known(tpot) and _is_seen(traffic):
        live = Seen(ttft.value, tpot.value)
        return lambda then: speed_from(live, today, then, alike=alike)
    return lambda then: then


def _tail(p95: Measure, least: Measure, mean: Measure) -> float:
    """Return the 95th percentile over the mean.

    A percentile read off a histogram lies somewhere in its bucket, and vLLM's are wide (10 to 25 ms a token): taken
    is the middle of the bucket's lower bound and what interpolation gives, geometrically.
    """
    if not (known(p95) and known(mean) and mean.value > 0):
        return _TAIL
    lowest = max(least.value, mean.value) if known(least) else p95.value
    return max(1.0, math.sqrt(min(lowest, p95.value) * p95.value) / mean.value)


def _times(figure: Figure, factor: float) -> Figure:
    return Figure(figure.value * factor, figure.low * factor, figure.high * factor)


def _larger(one: Figure, other: Figure) -> Figure:
    return Figure(max(one.value, other.value), max(one.low, other.low), max(one.high, other.high))
