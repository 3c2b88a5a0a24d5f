"""Queries to cAdvisor and node-exporter.

Names and labels: cAdvisor v0.49 docs/storage/prometheus.md, node_exporter v1.8. The pause container (`POD`, or no
container at all) is left out; a container that was restarted is a new series with another `id`.
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.read.ask_kube import gpu_pods
from trimtab.read.layout import Family, Layout
from trimtab.read.promql import HOUR_S, aggregate, over
from trimtab.read.query import Query, Span

_CPU = "container_cpu_usage_seconds_total"
_IDLE = 'mode="idle"'
NODE_LABELS = ("node", "nodename", "kubernetes_node", "instance")
"""Labels of node-exporter's series that may tell the node, best first."""


def host_queries(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield the queries that the server can answer."""
    yield from _containers(layout, span)
    yield from _cpu_hourly(layout)
    yield from _node_cpu(layout, span)


def _real(layout: Layout) -> str:
    """Return the matchers that leave out pause containers and sums over a pod or a cgroup."""
    container = layout.spelled(Family.CADVISOR, "container")[0]
    labelled = "image" in layout.labels.get(Family.CADVISOR, ())
    return f'{container}!="",{container}!="POD"' + (',image!=""' if labelled else "")


def _summed(layout: Layout, function: str, metric: str, range_s: int) -> str:
    """Return a pod's sum over its containers, each taken once however often it is scraped."""
    keys = layout.keys(Family.CADVISOR, "namespace", "pod", "container")
    instance = layout.known(Family.CADVISOR, ("id",)) if function in {"increase", "rate"} else ()
    each = aggregate("max", (*keys, *instance), over(function, layout.select(metric, _real(layout)), range_s))
    return aggregate("sum", layout.keys(Family.CADVISOR, "namespace", "pod"), each)


def _containers(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield CPU, throttling, memory and kills by pod over the window."""
    asked = (
        ("_cpu_seconds", "increase", _CPU),
        ("memory_used_max", "max_over_time", "container_memory_working_set_bytes"),
        ("oom_events", "increase", "container_oom_events_total"),
    )
    for name, function, metric in asked:
        for found in layout.find(metric)[:1]:
            yield Query(name, _summed(layout, function, found, span.window_s), Family.CADVISOR)
    periods = layout.find("container_cpu_cfs_periods_total")[:1]
    throttled = layout.find("container_cpu_cfs_throttled_periods_total")[:1]
    for above, below in zip(throttled, periods, strict=False):
        ratio = " / ".join(_summed(layout, "increase", metric, span.window_s) for metric in (above, below))
        yield Query("cpu_throttled", ratio, Family.CADVISOR)


def _cpu_hourly(layout: Layout) -> Iterator[Query]:
    """Yield CPU hour by hour; only of pods with GPUs, where both exporters spell a pod's name alike."""
    for found in layout.find(_CPU)[:1]:
        used = _summed(layout, "rate", found, HOUR_S)
        keys = layout.keys(Family.CADVISOR, "namespace", "pod")
        pods = gpu_pods(layout, HOUR_S) if keys == layout.keys(Family.KUBE, "namespace", "pod") else ""
        used = f"{used} and on ({', '.join(keys)}) {pods}" if pods else used
        stems = aggregate("sum", ("namespace", "stem"), layout.stemmed(Family.CADVISOR, used))
        yield Query("cpu_used_hourly", stems, Family.CADVISOR, hourly=True)


def _node_cpu(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield the share of CPU time not idle, hour by hour, and what tells the node of an instance."""
    for found in layout.find("node_cpu_seconds_total")[:1]:
        keys = layout.known(Family.NODE, NODE_LABELS)
        idle = aggregate("avg", keys, over("rate", layout.select(found, _IDLE), HOUR_S))
        yield Query("_node_cpu_hourly", f"1 - {idle}", Family.NODE, hourly=True)
    if layout.find("node_uname_info"):
        told = over("last_over_time", layout.select("node_uname_info"), span.recent_s)
        yield Query("_node_names", aggregate("max", ("instance", "nodename"), told), Family.NODE)
