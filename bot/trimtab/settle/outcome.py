"""What was promised beside what is seen, once the change has been live for a whole window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.fleet import Cluster, Found, Measure, Unknown, Workload
from trimtab.life import Entry
from trimtab.settle.live import differing

_NOISE = 1.05
"""A latency this much over its limit, or GPUs this much over the promise, are noise."""

_WORSE = 1.5
"""Where no objective is declared, users are let down by half as much again as they had before."""

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is seen.

    Attributes:
        faults: What is worse than promised; nothing where the promise was kept.
        saving: US dollars a month that are really saved; empty where it cannot be told.
        note: What was compared, in a sentence.
    """

    faults: tuple[str, ...]
    saving: str
    note: str


def latencies(workload: Workload) -> Mapping[str, float]:
    """Return the 95th percentiles that were measured, milliseconds by name."""
    seen = {"ttft_p95_ms": workload.traffic.ttft_p95_ms, "tpot_p95_ms": workload.traffic.tpot_p95_ms}
    return {name: measure.value for name, measure in seen.items() if isinstance(measure, Found)}


def outcome_of(cluster: Cluster, workload: Workload, entry: Entry) -> Outcome | Unknown:
    """Return how a change turned out; Unknown where what was promised cannot be seen."""
    faults = [*differing(workload, entry.changes), *_health(workload)]
    compared = 0
    for name, limit in _limits(cluster, workload, entry).items():
        now = latencies(workload).get(name)
        if now is None:
            return Unknown(f"{_spoken(name)} has an objective, and was not measured")
        compared += 1
        if now > limit * _NOISE:
            faults.append(f"{_spoken(name)} is {now:.0f} ms, over {limit:.0f} ms")
    saving, about = _realised(workload, entry)
    latency = "latency kept" if compared else "latency not measured"
    return Outcome(tuple(faults), saving, f"{latency}; {about}")


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
    """Return what is really saved a month, and how that is known: the promise, scaled by the GPUs really freed."""
    before, after = entry.gpus_before, entry.gpus_after
    if not entry.saving:
        return "", "no price is known"
    held = workload.scale.replicas * workload.gpus_per_pod * workload.share
    shown = f"{held:g} GPU{'' if held == 1 else 's'} held"
    if held <= after.gpus * _NOISE:
        return entry.saving, f"{shown}, as promised"
    if before.product != after.product or before.gpus <= after.gpus:
        return "", f"{shown}, {after.gpus:g} promised; what they save is not known"
    freed = Decimal(str((before.gpus - held) / (before.gpus - after.gpus)))
    return str((Decimal(entry.saving) * freed).quantize(_CENT)), f"{shown}, {after.gpus:g} promised"


def _spoken(name: str) -> str:
    return {"ttft_p95_ms": "time to first token, p95,", "tpot_p95_ms": "time per token, p95,"}[name]
