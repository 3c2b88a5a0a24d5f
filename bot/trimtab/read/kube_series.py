"""Gives what the Kubernetes API shows under the names that kube-state-metrics has for it: joins need one path."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from trimtab.facts import Series
from trimtab.fleet.quantity import quantity
from trimtab.read.kube_types import Autoscaler, Container, Metadata, Node, Pod, Workload
from trimtab.read.query import GPU_RESOURCES

_GPU = re.compile(GPU_RESOURCES)
_ENDED = frozenset({"Succeeded", "Failed"})


def is_gpu(resource: str) -> bool:
    """Return whether an extended resource is a GPU or a part of one."""
    return _GPU.fullmatch(resource) is not None


def wants_gpus(pod: Pod) -> bool:
    """Return whether a pod asks for GPUs."""
    asked = (container.resources for container in pod.spec.containers)
    return any(is_gpu(name) for each in asked for name in (*each.limits, *each.requests))


def pod_series(pod: Pod) -> Iterator[Series]:
    """Yield the series of one pod."""
    meta, node = pod.metadata, pod.spec.node_name
    base = {"namespace": meta.namespace, "pod": meta.name}
    yield _series("pod_now", {**base, "node": node})
    yield _series("pod_samples", {**base, "node": node})
    yield _series("pod_phase", {**base, "phase": pod.status.phase})
    yield _series("pod_created", base, meta.created_s)
    if meta.owner:
        yield _series("pod_owner", {**base, "owner_kind": meta.owner.kind, "owner_name": meta.owner.name})
    if any(one.type == "PodScheduled" and one.reason == "Unschedulable" for one in pod.status.conditions):
        yield _series("pod_unschedulable", base)
    for container in pod.spec.containers:
        yield from _container_series(container, {**base, "container": container.name}, node)


def _container_series(container: Container, box: Mapping[str, str], node: str) -> Iterator[Series]:
    """Yield what a container asks for; a limit without a request is one."""
    limits = container.resources.limits
    asked = {**limits, **container.resources.requests}
    for resource, amount in asked.items():
        if is_gpu(resource):
            yield _series("pod_gpu_request", {**box, "node": node, "resource": resource}, quantity(amount))
    for kind in ("cpu", "memory"):
        if kind in asked:
            yield _series(f"pod_{kind}_request", box, quantity(asked[kind]))
        if kind in limits:
            yield _series(f"pod_{kind}_limit", box, quantity(limits[kind]))


def node_series(node: Node) -> Iterator[Series]:
    """Yield the series of one node."""
    base = {"node": node.metadata.name}
    yield _series("node_labels", {**base, **_sanitised("label", node.metadata.labels)})
    yield _series("node_created", base, node.metadata.created_s)
    if node.spec.unschedulable or not node.status.says("Ready", "True"):
        yield _series("node_unready", base)
    for signal, amounts in (("node_allocatable", node.status.allocatable), ("node_capacity", node.status.capacity)):
        for resource, amount in amounts.items():
            if resource in {"cpu", "memory"} or is_gpu(resource):
                yield _series(signal, {**base, "resource": resource}, quantity(amount))


def requested_series(pods: Iterable[Pod]) -> Iterator[Series]:
    """Yield the CPU that placed pods ask for, by node."""
    by_node: dict[str, float] = {}
    for pod in pods:
        if pod.spec.node_name and pod.status.phase not in _ENDED:
            asked = (container.resources for container in pod.spec.containers)
            amounts = (quantity((each.requests or each.limits).get("cpu", "0")) for each in asked)
            known = sum(amount for amount in amounts if not math.isnan(amount))
            by_node[pod.spec.node_name] = by_node.get(pod.spec.node_name, 0.0) + known
    for node, amount in by_node.items():
        yield _series("node_cpu_requested", {"node": node}, amount)


def workload_series(kind: str, workload: Workload) -> Iterator[Series]:
    """Yield the series of an owner of pods; of a ReplicaSet or a Job that is owned, who owns it."""
    meta = workload.metadata
    if meta.owner and kind in {"ReplicaSet", "Job"}:
        owner = {"owner_kind": meta.owner.kind, "owner_name": meta.owner.name}
        yield _series(f"{kind.lower()}_owner", {"namespace": meta.namespace, kind.lower(): meta.name, **owner})
        return
    base = {"namespace": meta.namespace, "kind": kind, "name": meta.name}
    yield _series("workload_created", base, meta.created_s)
    if workload.spec.replicas is not None:
        yield _series("workload_replicas", base, float(workload.spec.replicas))
    described = {**_sanitised("label", meta.labels), **_sanitised("annotation", described_by(meta))}
    if described:
        yield _series("workload_annotations", {**base, **described})


def autoscaler_series(autoscaler: Autoscaler) -> Iterator[Series]:
    """Yield the series of an autoscaler."""
    base = {"namespace": autoscaler.metadata.namespace, "name": autoscaler.metadata.name}
    target = autoscaler.spec.scale_target_ref
    yield _series("autoscaler", {**base, "target_kind": target.kind, "target_name": target.name})
    yield _series("autoscaler_min", base, float(autoscaler.spec.min_replicas))
    yield _series("autoscaler_max", base, float(autoscaler.spec.max_replicas))


def described_by(meta: Metadata) -> dict[str, str]:
    """Return annotations without kubectl's copy of the whole object, which may hold what nobody should read."""
    return {
        name: value
        for name, value in meta.annotations.items()
        if name != "kubectl.kubernetes.io/last-applied-configuration"
    }


def merged(prometheus: Sequence[Series], api: Sequence[Series], complete: Collection[str]) -> tuple[Series, ...]:
    """Return both, ordered; what the API shows whole is its own to tell, and history stays Prometheus'.

    Args:
        prometheus: What the metrics gave.
        api: What the API showed.
        complete: Kinds of objects whose lists the API gave whole.
    """
    now = frozenset().union(*(_NOW[kind] for kind in complete if kind in _NOW))
    known = {one.signal for one in prometheus}
    kept = {(one.signal, one.labels): one for one in prometheus if one.signal not in now}
    for one in api:
        if one.signal != "pod_samples" or "pod_samples" not in known:
            kept.setdefault((one.signal, one.labels), one)
    return tuple(kept[key] for key in sorted(kept))


_NOW: Mapping[str, frozenset[str]] = {
    "Node": frozenset({"node_labels", "node_allocatable", "node_capacity", "node_created", "node_unready"}),
    "Pod": frozenset({"pod_now", "pod_phase", "pod_unschedulable", "node_cpu_requested"}),
    "HorizontalPodAutoscaler": frozenset({"autoscaler", "autoscaler_min", "autoscaler_max"}),
}
"""Signals of the present, by the kind of object that shows them."""


def _sanitised(prefix: str, described: Mapping[str, str]) -> dict[str, str]:
    """Return labels or annotations under the names that kube-state-metrics gives them."""
    return {f"{prefix}_{re.sub('[^a-zA-Z0-9_]', '_', name)}": value for name, value in sorted(described.items())}


def _series(signal: str, labels: Mapping[str, str], value: float = 1.0) -> Series:
    """Return a series of one figure."""
    return Series(signal, tuple(sorted((name, text) for name, text in labels.items() if text)), (value,))
