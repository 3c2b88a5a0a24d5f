"""Latency of a set-up at a demand, calibrated by what the running one shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trimtab.demand.measures import known
from trimtab.demand.peak import Peak
from trimtab.estimate import Deployment, Figure, Impossible, Load, Seen, Speed, speed, speed_from
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
        concurrency: Requests in progress at the busiest moment.
        prefill_share: Part of the time that prompts of the busiest hour take.
        basis: `calibrated` by live latency, or `roofline`.
    """

    ttft_p95_ms: Figure
    tpot_p95_ms: Figure
    concurrency: float
    prefill_share: float
    basis: str


def latency(now: Deployment, peak: Peak, then: Deployment, demand: Peak, traffic: Traffic) -> Latency | Impossible:
    """Return how `then` answers `demand`, knowing how `now` answers `peak`.

    The 95th percentile is the larger of two: today's, scaled as the mean at typical load scales; and the mean at the
    busiest moment. Requests in progress follow Little's law: what takes longer is in progress longer.

    Args:
        now: What runs.
        peak: Today's demand on one replica of it.
        then: What would run.
        demand: The same traffic on one replica of that.
        traffic: What was observed, with today's latency.
    """
    today = _speed(now, peak, peak.concurrency_typical)
    busiest = _speed(now, peak, peak.concurrency)
    if isinstance(today, Impossible):
        return today
    if isinstance(busiest, Impossible):
        return busiest
    calibrated = _calibration(traffic, today)
    typical = _settled(then, demand, demand.concurrency_typical, _seconds(today, peak))
    at_peak = _settled(then, demand, demand.concurrency, _seconds(busiest, peak))
    if isinstance(typical, Impossible):
        return typical
    if isinstance(at_peak, Impossible):
        return at_peak
    mean, top = calibrated(typical[0]), calibrated(at_peak[0])
    prefill = max(top.prefill_tokens_per_s.low, 1e-9)
    return Latency(
        ttft_p95_ms=_larger(_times(mean.ttft_ms, _tail(traffic.ttft_p95_ms, traffic.ttft_avg_ms)), top.ttft_ms),
        tpot_p95_ms=_larger(_times(mean.tpot_ms, _tail(traffic.tpot_p95_ms, traffic.tpot_avg_ms)), top.tpot_ms),
        concurrency=at_peak[1],
        prefill_share=demand.requests_per_s * demand.input_tokens * (1 - demand.prefix_hit) / prefill,
        basis="calibrated" if _is_seen(traffic) else top.basis,
    )


def _speed(deployment: Deployment, demand: Peak, concurrency: float) -> Speed | Impossible:
    load = Load(max(1.0, concurrency), demand.input_tokens, demand.output_tokens, demand.prefix_hit)
    return speed(deployment, load)


def _seconds(answer: Speed, demand: Peak) -> float:
    """Return how long a request takes, seconds."""
    return (answer.ttft_ms.value + answer.tpot_ms.value * demand.output_tokens) / 1000


def _settled(
    then: Deployment, demand: Peak, concurrency: float, seconds_now: float
) -> tuple[Speed, float] | Impossible:
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
    return known(traffic.ttft_avg_ms) and known(traffic.tpot_avg_ms) and traffic.tpot_avg_ms.value > 0


def _calibration(traffic: Traffic, today: Speed) -> Callable[[Speed], Speed]:
    """Return what turns an estimate into one that agrees with today's measured means."""
    ttft, tpot = traffic.ttft_avg_ms, traffic.tpot_avg_ms
    if known(ttft) and known(tpot) and tpot.value > 0 and ttft.value > 0:
        live = Seen(ttft.value, tpot.value)
        return lambda then: speed_from(live, today, then)
    return lambda then: then


def _tail(p95: Measure, mean: Measure) -> float:
    if known(p95) and known(mean) and mean.value > 0:
        return max(1.0, p95.value / mean.value)
    return _TAIL


def _times(figure: Figure, factor: float) -> Figure:
    return Figure(figure.value * factor, figure.low * factor, figure.high * factor)


def _larger(one: Figure, other: Figure) -> Figure:
    return Figure(max(one.value, other.value), max(one.low, other.low), max(one.high, other.high))
