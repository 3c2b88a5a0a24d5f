"""The CPU side of a workload, and what went wrong with it."""

from __future__ import annotations

import math
from collections.abc import Callable

from trimtab.facts import SIGNALS
from trimtab.fleet import Found, Health, Host, Measure, Unknown
from trimtab.join.measures import Measures
from trimtab.join.readings import GIB, NAN, Key, Readings, label, percentile

_POD = ("namespace", "pod")
_FINE_EXITS = frozenset({"Completed", "OOMKilled"})


def join_host(measures: Measures) -> Host:
    """Return requests and limits of the pod created last, and what pods used over the window."""
    return Host(
        cpu_request_cores=declared(measures, "pod_cpu_request"),
        cpu_limit_cores=declared(measures, "pod_cpu_limit"),
        cpu_used_avg_cores=measures.mean("cpu_used_avg"),
        cpu_used_p95_cores=_used_p95(measures),
        throttled=measures.mean("cpu_throttled"),
        memory_request_gib=_scaled(declared(measures, "pod_memory_request"), 1 / GIB),
        memory_limit_gib=_scaled(declared(measures, "pod_memory_limit"), 1 / GIB),
        memory_used_max_gib=measures.largest("memory_used_max", 1 / GIB),
    )


def declared(measures: Measures, signal: str) -> Measure:
    """Return what the serving container asks for, or all containers where it cannot be told."""
    pod = measures.newest()
    if isinstance(pod, Unknown):
        return pod
    rows = measures.readings.by(signal, *_POD).get(pod.key, ())
    own = [row.values[0] for row in rows if pod.container and label(row, "container") == pod.container]
    figures = own or [row.values[0] for row in rows if not pod.container]
    if not figures and (measures.readings.has(signal) or measures.readings.has("pod_cpu_request")):
        return Unknown(f"none is set ({SIGNALS[signal].meaning})")
    return measures.readings.found(signal, sum(figures) if figures else NAN)


def _used_p95(measures: Measures) -> Measure:
    """Return the 95th percentile of hours of the CPU that one pod used: all pods' use over the pods of that hour."""
    used, pods = measures.hours("cpu_used_hourly"), measures.hours("pods_hourly")
    if measures.shared() or not used:
        return measures.peak("cpu_used_hourly")
    flat = max(1.0, measures.replicas) if math.isfinite(measures.replicas) else 1.0
    counts = pods if len(pods) == len(used) else (flat,) * len(used)
    each = [one / count if count > 0 else NAN for one, count in zip(used, counts, strict=True)]
    return measures.readings.found("cpu_used_hourly", percentile(each, 0.95))


def _scaled(measure: Measure, factor: float) -> Measure:
    return Found(measure.value * factor, measure.source) if isinstance(measure, Found) else measure


def join_health(measures: Measures) -> Health:
    """Return restarts, kills, crashes and unplaced pods of the window."""
    readings = measures.readings
    unplaced = sum(1 for pod in measures.group.pods if pod.key in readings.by("pod_unschedulable", *_POD))
    watched = readings.has("pod_now")
    return Health(
        restarts=_summed(measures, "pod_restarts"),
        oom_kills=_oom_kills(measures),
        crash_exits=_crashes(measures),
        unschedulable_pods=readings.found("pod_unschedulable", float(unplaced) if watched else NAN),
    )


def _summed(measures: Measures, signal: str) -> Measure:
    """Return the sum over pods and containers."""
    rows = [row for pod in measures.group.pods for row in measures.readings.by(signal, *_POD).get(pod.key, ())]
    return measures.readings.found(signal, sum(row.values[0] for row in rows) if rows else NAN)


def _oom_kills(measures: Measures) -> Measure:
    """Return kills as the kernel counted them, or restarts whose last exit was OOMKilled, whichever shows more."""
    counted = _summed(measures, "oom_events")
    restarts = _restarts_by_exit(measures, lambda reason: reason == "OOMKilled")
    if isinstance(counted, Found) and isinstance(restarts, Found):
        return counted if counted.value >= restarts.value else restarts
    return counted if isinstance(counted, Found) else restarts


def _crashes(measures: Measures) -> Measure:
    return _restarts_by_exit(measures, lambda reason: bool(reason) and reason not in _FINE_EXITS)


def _restarts_by_exit(measures: Measures, wanted: Callable[[str], bool]) -> Measure:
    """Return restarts of containers whose last exit had a wanted reason; the reason of earlier exits is not kept."""
    readings = measures.readings
    restarts = _summed(measures, "pod_restarts")
    if isinstance(restarts, Unknown):
        return restarts
    total = 0.0
    for pod in measures.group.pods:
        exits = _exits(readings, pod.key)
        for row in readings.by("pod_restarts", *_POD).get(pod.key, ()):
            if wanted(exits.get(label(row, "container"), "")):
                total += row.values[0]
    return Found(total, readings.query("pod_last_exit"))


def _exits(readings: Readings, pod: Key) -> dict[str, str]:
    """Return the reason of the last exit by container; of several the gravest, OOMKilled first."""
    found: dict[str, str] = {}
    for row in readings.by("pod_last_exit", *_POD).get(pod, ()):
        container, reason = label(row, "container"), label(row, "reason")
        if found.get(container) != "OOMKilled":
            found[container] = reason
    return found
