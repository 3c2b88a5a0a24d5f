"""Nodes with GPUs: what they are, what they offer, what is asked of them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.catalog import instance_gpus
from trimtab.fleet import Found, Gap, Measure, Node, Sharing, Unknown
from trimtab.join.hardware import (
    WHOLE_SLICES,
    is_gpu,
    kind_of,
    mig_profile,
    parse_product,
    product_of,
    sharing_of,
    whole_gpus,
)
from trimtab.join.labels import restore
from trimtab.join.pods import Pod
from trimtab.join.readings import NAN, Key, Readings, label, number

_PLAIN = "nvidia.com/gpu"
_ENDED = frozenset({"Succeeded", "Failed"})
_SHARERS = ("nvidia.com/gpu.replicas", "cloud.google.com/gke-max-shared-clients-per-gpu")
_INSTANCE = ("node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type")


@dataclass(frozen=True, slots=True)
class _Device:
    """What DCGM shows of a node: the GPU's model, how many there are, whether pods of now stand on one together.

    `profile` is the one MIG profile of all its slices; empty where there are none, or several.
    """

    model: str
    count: int
    shared: bool
    profile: str = ""


def join_nodes(readings: Readings, pods: Mapping[Key, Pod]) -> tuple[Node, ...]:
    """Return the nodes that have GPUs, ordered by name."""
    labels = _labels(readings)
    offered = _by_resource(readings, "node_allocatable")
    devices = _devices(readings, set(labels) | set(offered), pods)
    requested = _requested(readings, pods)
    names = {name for name, units in offered.items() if any(is_gpu(one) for one in units)} | set(devices)
    return tuple(_node(readings, name, _Parts(labels, offered, devices, requested)) for name in sorted(names - {""}))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is known of all nodes, by name."""

    labels: Mapping[str, Mapping[str, str]]
    offered: Mapping[str, Mapping[str, float]]
    devices: Mapping[str, _Device]
    requested: Mapping[str, Mapping[str, float]]


def _node(readings: Readings, name: str, parts: _Parts) -> Node:
    labels = parts.labels.get(name, {})
    device = parts.devices.get(name, _Device("", 0, shared=False))
    offered = parts.offered.get(name, {})
    allocatable = {resource: count for resource, count in sorted(offered.items()) if is_gpu(resource)}
    instance = _instance_type(readings, name, labels)
    single = device.profile if not any(mig_profile(resource) for resource in allocatable) else ""
    product = product_of(labels, f"{device.model}-MIG-{single}" if single else device.model, instance)
    created = readings.figure("node_created", ("node",), (name,))
    bare = Node(
        cluster=readings.facts.cluster,
        name=name,
        product=product,
        instance_type=instance,
        labels=dict(sorted(labels.items())),
        gpus=0,
        allocatable=allocatable,
        requested=dict(sorted(parts.requested.get(name, {}).items())),
        requested_avg=_figure(readings, "node_gpu_requested_avg", name),
        cpu_cores=readings.found("node_allocatable", offered.get("cpu", NAN)),
        cpu_requested=_asked_cpu(readings, name),
        cpu_busy_avg=_figure(readings, "node_cpu_busy_avg", name),
        cpu_busy_p95=_figure(readings, "node_cpu_busy_p95", name),
        purpose=labels.get("trimtab.dev/purpose", ""),
        ready=(name,) not in readings.by("node_unready", "node"),
        age_s=readings.found("node_created", readings.facts.ended_at_s - created),
    )
    return _measured(replace(bare, replicas_per_gpu=_replicas(bare, device)), device.count)


def _measured(node: Node, seen: int) -> Node:
    """Return the node with its physical GPUs counted and its sharing told."""
    kinds = {resource: count for resource, count in node.allocatable.items() if count > 0}
    sharings = {sharing_of(node, resource) for resource in kinds}
    sharing = next((one for one in (Sharing.MIG, Sharing.TIME_SLICED) if one in sharings), Sharing.WHOLE)
    gpus = _physical(node, kinds, seen if sharing is Sharing.MIG or not kinds else 0)
    return replace(node, gpus=gpus, sharing=sharing)


def _physical(node: Node, kinds: Mapping[str, float], seen: int) -> int:
    """Return physical GPUs: as DCGM counts them where resources cannot tell, else from what is offered."""
    if seen:
        return seen
    product = node.product.value if isinstance(node.product, Found) else ""
    total = 0
    for resource, count in kinds.items():
        kind = kind_of(product, resource)
        slices = kind.value.slices if isinstance(kind, Found) else WHOLE_SLICES
        total += whole_gpus(count, slices, node.replicas_per_gpu)
    return total


def _labels(readings: Readings) -> dict[str, dict[str, str]]:
    """Return labels by node: kube-state-metrics' under the API's where both are there."""
    labels: dict[str, dict[str, str]] = {}
    for row in readings.rows("node_labels"):
        labels.setdefault(label(row, "node"), {}).update(restore(row))
    for name, live in readings.nodes_live().items():
        labels.setdefault(name, {}).update(live.labels)
    return labels


def _by_resource(readings: Readings, signal: str) -> dict[str, dict[str, float]]:
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for row in readings.rows(signal):
        found[label(row, "node")][label(row, "resource")] = row.values[0]
    return dict(found)


def _devices(readings: Readings, nodes: Collection[str], pods: Mapping[Key, Pod]) -> dict[str, _Device]:
    """Return DCGM's view by node; a short host name stands for the one node it begins."""
    full = full_names(nodes)
    models: defaultdict[str, set[str]] = defaultdict(set)
    profiles: defaultdict[str, set[str]] = defaultdict(set)
    tenants: defaultdict[str, defaultdict[str, set[Key]]] = defaultdict(lambda: defaultdict(set))
    for row in readings.rows("gpu_samples"):
        seen = label(row, "node")
        node = full.get(seen, seen)
        models[node].add(label(row, "model"))
        profiles[node].add(label(row, "mig_profile"))
        here = tenants[node][label(row, "uuid")]
        key = (label(row, "namespace"), label(row, "pod"))
        if key in pods and pods[key].now and not label(row, "gpu_instance"):
            here.add(key)
    return {
        node: _Device(
            model=max(models[node]),
            count=len(uuids),
            shared=any(len(one) > 1 for one in uuids.values()),
            profile="".join(profiles[node] - {""}) if len(profiles[node] - {""}) == 1 else "",
        )
        for node, uuids in tenants.items()
    }


def full_names(nodes: Collection[str]) -> dict[str, str]:
    """Return nodes by their short host name, where only one begins so, and by their own name."""
    short: defaultdict[str, list[str]] = defaultdict(list)
    for name in nodes:
        short[name.partition(".")[0]].append(name)
    single = {host: names[0] for host, names in short.items() if len(names) == 1}
    return {**single, **{name: name for name in nodes}}


def _requested(readings: Readings, pods: Mapping[Key, Pod]) -> dict[str, dict[str, float]]:
    """Return GPU units that pods placed on a node ask for now, those that have ended left out.

    A pod whose request is not known holds what DCGM shows it on.
    """
    phases = readings.by("pod_phase", "namespace", "pod")
    seen = readings.by("gpu_samples", "namespace", "pod")
    total: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for key, pod in pods.items():
        ended = any(label(row, "phase") in _ENDED for row in phases.get(key, ()))
        if pod.now and pod.node and not ended:
            held = {label(row, "uuid") for row in seen.get(key, ()) if not label(row, "gpu_instance")}
            for resource, count in (pod.units or {_PLAIN: float(len(held))}).items():
                total[pod.node][resource] += count
    return {node: dict(units) for node, units in total.items()}


def _instance_type(readings: Readings, name: str, labels: Mapping[str, str]) -> str:
    priced = sorted(label(row, "instance_type") for row in readings.by("gpu_hourly_cost", "node").get((name,), ()))
    return next((labels[key] for key in _INSTANCE if labels.get(key)), priced[-1] if priced else "")


def _replicas(node: Node, device: _Device) -> int:
    """Return how many pods share one GPU: the label, else what is offered over what is physically there.

    What DCGM counts is believed only where something else shows sharing: an exporter may miss GPUs.
    """
    for name in _SHARERS:
        if number(node.labels.get(name, "")) >= 1:
            return int(number(node.labels[name]))
    product = parse_product(node.product.value if isinstance(node.product, Found) else "")
    units = sum(count for resource, count in node.allocatable.items() if not mig_profile(resource))
    inside = instance_gpus(node.instance_type) if node.instance_type else Unknown("no instance type")
    physical = number(node.labels.get("nvidia.com/gpu.count", ""))
    if math.isnan(physical) and isinstance(inside, Found):
        physical = float(inside.value[1])
    if math.isnan(physical) and (product.shared or device.shared or "nvidia.com/gpu.shared" in node.allocatable):
        physical = float(device.count)
    sliced = product.profile or any(mig_profile(resource) for resource in node.allocatable)
    return max(1, round(units / physical)) if physical >= 1 and not sliced else 1


def _asked_cpu(readings: Readings, node: str) -> Measure:
    """Return CPU requested on a node, cores; nothing where pods' requests are known and none stands here."""
    known = _figure(readings, "node_cpu_requested", node)
    none = isinstance(known, Unknown) and readings.has("node_cpu_requested")
    return Found(0.0, readings.query("node_cpu_requested")) if none else known


def _figure(readings: Readings, signal: str, node: str) -> Measure:
    return readings.found(signal, readings.figure(signal, ("node",), (node,)))


def unlabelled(cluster: str, nodes: Sequence[Node]) -> tuple[Gap, ...]:
    """Return the gap that no node shows a label: what is kept free on purpose cannot be told, nor a pool's selector.

    kube-state-metrics exports no label of nodes unless asked to (docs/cli-arguments.md, v2.13).
    """
    if not nodes or any(node.labels for node in nodes):
        return ()
    reason = (
        "no label of any node is exported, so pools and `trimtab.dev/purpose` cannot be seen; start kube-state-metrics "
        "with --metric-labels-allowlist=nodes=[nvidia.com/gpu.product,nvidia.com/gpu.replicas,trimtab.dev/purpose]"
    )
    return (Gap(cluster, "node labels", reason),)
