"""What was promised beside what is seen, once the change has been live for a whole window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.demand.seen import LATENCIES, PEAK, seen_of
from trimtab.fleet import Cluster, Found, Measure, Unknown, Workload
from trimtab.life import Entry
from trimtab.settle.times import DAY_S

_NOISE = 1.05
"""A latency this much over its limit, or GPUs this much over the promise, are noise."""

_WORSE = 1.5
"""Where no objective is declared, users are let down by half as much again as they had before."""

_LIKE = 0.3
"""Traffic that differs by more than this part of what it was is told, and less of it proves nothing of the peak."""

_SEASON_S = 14 * DAY_S
"""How long the former traffic is waited for: two weeks hold every weekday twice."""

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is seen.

    Attributes:
        faults: What is worse than promised; nothing where the promise was kept.
        saving: US dollars a month that are really saved; empty where it cannot be told.
        note: What was compared, in a sentence.
        seen: Figures of now by name, and those of before with `_before` appended.
    """

    faults: tuple[str, ...]
    saving: str
    note: str
    seen: Mapping[str, float]


def outcome_of(cluster: Cluster, workload: Workload, entry: Entry, age_s: int) -> Outcome | Unknown:
    """Return how a change turned out; Unknown where what was promised cannot be seen.

    Latency is a figure of each request, so it is compared as it is. Where there is much less traffic than before, a
    kept latency shows nothing of the former peak: it is waited for, two weeks at most, and then said.

    Args:
        cluster: What it assumes where nothing is declared.
        workload: As it was seen in a window after the change.
        entry: Of its going live.
        age_s: How long ago that was, seconds.
    """
    now, limits = seen_of(workload), _limits(cluster, workload, entry)
    unmeasured = [name for name in limits if name not in now]
    faults = (*_health(workload), *_slower(now, limits, entry))
    if unmeasured and not faults:
        return Unknown(f"{LATENCIES[unmeasured[0]]} has an objective, and was not measured")
    change = _traffic_change(now, entry)
    if not faults and change < -_LIKE and age_s < _SEASON_S:
        return Unknown(f"the busiest hour has {-change:.0%} less traffic than before; it is judged once that is back")
    saving, about = _realised(workload, entry)
    told = (_traffic(change),) if faults else (_compared(now, entry), about, _traffic(change))
    both = {**now, **{f"{name}_before": value for name, value in entry.seen.items() if not name.endswith("_before")}}
    return Outcome(faults, saving, "; ".join(filter(None, told)), both)


def _slower(now: Mapping[str, float], limits: Mapping[str, float], entry: Entry) -> Iterator[str]:
    """Yield the latencies that are over what they may be."""
    for name, limit in limits.items():
        if name in now and now[name] > limit * _NOISE:
            was = f"went from {_ms(entry.seen[name])} to" if name in entry.seen else "is"
            yield f"{LATENCIES[name]} {was} {_ms(now[name])}, over its limit of {_ms(limit)}"


def _compared(now: Mapping[str, float], entry: Entry) -> str:
    """Return the latencies of before and of now."""
    told = [
        f"{words} {f'{_ms(entry.seen[name])} before, ' if name in entry.seen else ''}{_ms(now[name])} now"
        for name, words in LATENCIES.items()
        if name in now
    ]
    return "; ".join(told) or "latency not measured"


def _ms(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"  # noqa: PLR2004  # two digits


def _traffic_change(now: Mapping[str, float], entry: Entry) -> float:
    """Return by which part the busiest hour's traffic grew since before the change; 0 where it is not known."""
    before, after = entry.seen.get(PEAK, 0.0), now.get(PEAK)
    return after / before - 1 if before > 0 and after is not None else 0.0


def _traffic(change: float) -> str:
    """Return what a reader must know of traffic that is not what it was; empty where it is much the same."""
    if abs(change) <= _LIKE:
        return ""
    much = f"{abs(change):.0%} {'more' if change > 0 else 'less'} traffic in the busiest hour than before the change"
    return much if change > 0 else f"{much}, so it is not shown that the former peak would be served as well"


def _limits(cluster: Cluster, workload: Workload, entry: Entry) -> Mapping[str, float]:
    """Return what latency may be: the declared objective, else what is assumed or half as much again as before."""
    wishes = workload.wishes
    rows: tuple[tuple[str, Measure, float], ...] = (
        ("ttft_p95_ms", wishes.ttft_p95_ms, cluster.ttft_p95_ms_assumed),
        ("tpot_p95_ms", wishes.tpot_p95_ms, cluster.tpot_p95_ms_assumed),
    )
    limits: dict[str, float] = {}
    for name, declared, assumed in rows:
        if isinstance(declared, Found):
            limits[name] = declared.value
        elif name in entry.seen:
            limits[name] = max(assumed, entry.seen[name] * _WORSE)
    return limits


def _health(workload: Workload) -> Iterator[str]:
    """Yield what went wrong with its pods since the change."""
    for measure, words in (
        (workload.health.oom_kills, "containers were killed for memory"),
        (workload.health.crash_exits, "containers crashed"),
        (workload.health.unschedulable_pods, "pods find no node"),
    ):
        if isinstance(measure, Found) and measure.value >= 1:
            yield f"{measure.value:.0f} {words}"


def _realised(workload: Workload, entry: Entry) -> tuple[str, str]:
    """Return what is really saved a month, and how that is known."""
    pods = workload.scale.ready_avg
    held = held_gpus(workload, pods.value if isinstance(pods, Found) else workload.scale.replicas)
    shown = f"{held:.3g} GPU{'' if held == 1 else 's'} held"
    if not entry.saving:
        return "", f"{shown}; no price is known"
    if held <= entry.gpus_after.gpus * _NOISE:
        return entry.saving, f"{shown}, as promised"
    saving = scaled(entry, held)
    unknown = "" if saving else "; what they save is not known"
    return saving, f"{shown}, {entry.gpus_after.gpus:g} promised{unknown}"


def held_gpus(workload: Workload, pods: float) -> float:
    """Return the physical GPUs that so many pods hold."""
    return pods * workload.gpus_per_pod * workload.share


def scaled(entry: Entry, held: float) -> str:
    """Return the promised saving scaled by the GPUs that were really freed; empty where that cannot be told."""
    before, after = entry.gpus_before, entry.gpus_after
    if not entry.saving or before.product != after.product or before.gpus <= after.gpus:
        return ""
    freed = Decimal(str(round((before.gpus - held) / (before.gpus - after.gpus), 4)))
    return str((Decimal(entry.saving) * freed).quantize(_CENT))
