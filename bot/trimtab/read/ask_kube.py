"""Queries to kube-state-metrics and OpenCost.

Names and labels: kube-state-metrics v2.13 docs/metrics, OpenCost pkg/costmodel/metrics.go (2024-10). Window queries
read the history of pods that are gone on purpose: an instant `kube_pod_owner` loses every pod that was replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.read.layout import Family, Layout
from trimtab.read.promql import HOUR_S, aggregate, alternatives, either, over
from trimtab.read.query import GPU_RESOURCES, Query, Span

_REQUESTS = "kube_pod_container_resource_requests"
_LIMITS = "kube_pod_container_resource_limits"
_PHASE = "kube_pod_status_phase"
_ENDED = 'phase=~"Succeeded|Failed"'
_GPU = f'resource=~"{GPU_RESOURCES}"'
_POD = ("namespace", "pod")
_BOX = (*_POD, "container")
_OWNER = ("owner_kind", "owner_name")


@dataclass(frozen=True, slots=True)
class _Ask:
    """The largest figure of one metric, by labels; over the window, or `now`."""

    name: str
    metric: str
    labels: tuple[str, ...]
    function: str = "max_over_time"
    matchers: str = ""
    keep: str = ""
    now: bool = False
    family: Family = Family.KUBE


_ASKED = (
    _Ask("pod_samples", "kube_pod_info", (*_POD, "node"), "count_over_time"),
    _Ask("pod_now", "kube_pod_info", (*_POD, "node"), now=True),
    _Ask("pod_owner", "kube_pod_owner", (*_POD, *_OWNER)),
    _Ask("replicaset_owner", "kube_replicaset_owner", ("namespace", "replicaset", *_OWNER)),
    _Ask("job_owner", "kube_job_owner", ("namespace", "job_name", *_OWNER)),
    _Ask("pod_created", "kube_pod_created", _POD),
    _Ask("pod_phase", _PHASE, (*_POD, "phase"), keep=" == 1", now=True),
    _Ask("pod_unschedulable", "kube_pod_status_unschedulable", _POD, keep=" == 1", now=True),
    _Ask("pod_gpu_request", _REQUESTS, (*_BOX, "resource", "node"), matchers=_GPU),
    _Ask("pod_cpu_request", _REQUESTS, _BOX, matchers='resource="cpu"'),
    _Ask("pod_memory_request", _REQUESTS, _BOX, matchers='resource="memory"'),
    _Ask("pod_cpu_limit", _LIMITS, _BOX, matchers='resource="cpu"'),
    _Ask("pod_memory_limit", _LIMITS, _BOX, matchers='resource="memory"'),
    _Ask("pod_restarts", "kube_pod_container_status_restarts_total", _BOX, "increase"),
    _Ask("pod_last_exit", "kube_pod_container_status_last_terminated_reason", (*_BOX, "reason"), keep=" == 1"),
    _Ask(
        "autoscaler_min",
        "kube_horizontalpodautoscaler_spec_min_replicas",
        ("namespace", "horizontalpodautoscaler"),
        now=True,
    ),
    _Ask(
        "autoscaler_max",
        "kube_horizontalpodautoscaler_spec_max_replicas",
        ("namespace", "horizontalpodautoscaler"),
        now=True,
    ),
    _Ask(
        "autoscaler",
        "kube_horizontalpodautoscaler_info",
        ("namespace", "horizontalpodautoscaler", "scaletargetref_kind", "scaletargetref_name"),
        now=True,
    ),
    _Ask(
        "node_allocatable",
        "kube_node_status_allocatable",
        ("node", "resource"),
        matchers=f'resource=~"cpu|memory|{GPU_RESOURCES}"',
        now=True,
    ),
    _Ask(
        "node_capacity",
        "kube_node_status_capacity",
        ("node", "resource"),
        matchers=f'resource=~"cpu|memory|{GPU_RESOURCES}"',
        now=True,
    ),
    _Ask("node_created", "kube_node_created", ("node",), now=True),
    _Ask(
        "_node_samples",
        "kube_node_status_allocatable",
        ("node",),
        "count_over_time",
        f'resource=~"cpu|{GPU_RESOURCES}"',
    ),
    _Ask(
        "gpu_hourly_cost", "node_gpu_hourly_cost", ("node", "instance_type"), keep=" > 0", now=True, family=Family.COST
    ),
)

_TOPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "workload_replicas",
        (
            ("kube_deployment_spec_replicas", "deployment"),
            ("kube_statefulset_replicas", "statefulset"),
            ("kube_daemonset_status_desired_number_scheduled", "daemonset"),
        ),
    ),
    (
        "workload_created",
        (
            ("kube_deployment_created", "deployment"),
            ("kube_statefulset_created", "statefulset"),
            ("kube_daemonset_created", "daemonset"),
            ("kube_job_created", "job_name"),
            ("kube_cronjob_created", "cronjob"),
        ),
    ),
)
_DESCRIBED = tuple(
    f"kube_{kind}_{what}"
    for kind in ("deployment", "statefulset", "daemonset", "job", "cronjob")
    for what in ("annotations", "labels")
)


def kube_queries(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield the queries that the server can answer."""
    for asked in _ASKED:
        for metric in layout.find(asked.metric)[:1]:
            range_s = span.recent_s if asked.now else span.window_s
            function = "last_over_time" if asked.now else asked.function
            inner = over(function, layout.select(metric, asked.matchers), range_s)
            largest = aggregate("max", layout.keys(asked.family, *asked.labels), inner)
            yield Query(asked.name, largest + asked.keep, asked.family)
    yield from _tops(layout, span)
    yield from _described(layout, span)
    yield from _unready(layout, span)
    yield from _ended(layout, span)
    yield from _node_sums(layout, span)
    yield from _pods_hourly(layout)
    yield from _recorded_hourly(layout)


def gpu_pods(layout: Layout, range_s: int) -> str:
    """Return an expression with one series for each pod that asked for a GPU; empty where that is not known."""
    if not layout.find(_REQUESTS):
        return ""
    asked = over("max_over_time", layout.select(_REQUESTS, _GPU), range_s)
    return aggregate("max", layout.keys(Family.KUBE, *_POD), asked)


def _tops(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield what is known of workloads of every kind, one query for each question."""
    for name, metrics in _TOPS:
        parts = [
            aggregate(
                "max",
                layout.keys(Family.KUBE, "namespace", label),
                over("last_over_time", layout.select(metric), span.recent_s),
            )
            for metric, label in metrics
            if layout.find(metric)
        ]
        if parts:
            yield Query(name, either(parts), Family.KUBE)


def _described(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield the queries for labels and annotations; `last_over_time` keeps the name, so one query takes all kinds."""
    found = [metric for metric in _DESCRIBED if layout.find(metric)]
    if found:
        named = layout.select("", f'__name__=~"{alternatives(found)}"')
        yield Query("workload_annotations", over("last_over_time", named, span.recent_s), Family.KUBE)
    if layout.find("kube_node_labels"):
        selected = layout.select("kube_node_labels")
        yield Query("node_labels", over("last_over_time", selected, span.recent_s), Family.KUBE)


def _unready(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield the query for nodes on which nothing new can be placed."""
    asked = (
        ("kube_node_status_condition", 'condition="Ready",status="true"', " == 0"),
        ("kube_node_spec_unschedulable", "", " == 1"),
    )
    parts = [
        aggregate(
            "max",
            layout.keys(Family.KUBE, "node"),
            over("last_over_time", layout.select(metric, matchers), span.recent_s),
        )
        + keep
        for metric, matchers, keep in asked
        if layout.find(metric)
    ]
    if parts:
        yield Query("node_unready", either(parts), Family.KUBE)


def _ended(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield the query for samples of pods that had ended: kube-state-metrics shows their requests until deletion."""
    if not layout.find(_PHASE):
        return
    counted = over("sum_over_time", layout.select(_PHASE, _ENDED), span.window_s)
    each = aggregate("max", layout.keys(Family.KUBE, *_POD, "phase"), counted)
    yield Query("_pod_ended", aggregate("sum", layout.keys(Family.KUBE, *_POD), each) + " > 0", Family.KUBE)


def _node_sums(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield what pods on each node asked for: GPUs as unit samples over the window, CPU now."""
    if not layout.find(_REQUESTS):
        return
    keys = layout.keys(Family.KUBE, *_POD, "container", "resource", "node")
    summed = over("sum_over_time", layout.select(_REQUESTS, _GPU, 'node!=""'), span.window_s)
    by_pod = layout.keys(Family.KUBE, *_POD, "node")
    yield Query("_gpu_unit_samples", aggregate("sum", by_pod, aggregate("max", keys, summed)), Family.KUBE)
    asked = over("last_over_time", layout.select(_REQUESTS, 'resource="cpu"', 'node!=""'), span.recent_s)
    placed = aggregate("max", keys, asked) + _unless_ended(layout, "last_over_time", span.recent_s)
    yield Query("node_cpu_requested", aggregate("sum", layout.keys(Family.KUBE, "node"), placed), Family.KUBE)


def _unless_ended(layout: Layout, function: str, range_s: int) -> str:
    """Return the end of an expression that leaves out pods which had ended."""
    if not layout.find(_PHASE):
        return ""
    keys = layout.keys(Family.KUBE, *_POD)
    ended = aggregate("max", keys, over(function, layout.select(_PHASE, _ENDED), range_s))
    return f" unless on ({', '.join(keys)}) ({ended} == 1)"


def _pods_hourly(layout: Layout) -> Iterator[Query]:
    """Yield how many pods held GPUs, hour by hour: their samples over the most that any of them has in the hour."""
    if not layout.find(_REQUESTS):
        return
    counted = over("count_over_time", layout.select(_REQUESTS, _GPU), HOUR_S)
    each = aggregate("max", layout.keys(Family.KUBE, *_POD), counted) + _unless_ended(layout, "min_over_time", HOUR_S)
    stems = aggregate("sum", ("namespace", "stem"), layout.stemmed(Family.KUBE, each))
    yield Query("pods_hourly", f"{stems} / scalar(max({counted}))", Family.KUBE, hourly=True)


def _recorded_hourly(layout: Layout) -> Iterator[Query]:
    """Yield whether anything was recorded, hour by hour: no pods in an hour with records are none at all."""
    for metric in layout.find("kube_node_status_allocatable", _REQUESTS, "kube_pod_info")[:1]:
        counted = over("count_over_time", layout.select(metric), HOUR_S)
        yield Query("_recorded_hourly", f"count({counted})", Family.KUBE, hourly=True)
