"""What kube-state-metrics, cAdvisor and node-exporter would have exported for the demo's cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from trimtab.demo.notebook import Notebook
from trimtab.demo.pods import Pod, Running
from trimtab.demo.week import Week
from trimtab.demo.world import MACHINES, WEEK_S, Machine
from trimtab.facts import pod_stem

_SAMPLES = WEEK_S / 30
_OLD_S = 90 * 24 * 3600
_GIB = 2**30
_SYSTEM_CORES = 1.5
"""What the node's own agents take."""


def note_workloads(book: Notebook, fleet: Sequence[Running], ended_at_s: int) -> None:
    """Note the objects that own pods, and the autoscalers."""
    for running in fleet:
        app = running.app
        top = {"namespace": app.namespace, "kind": app.kind, "name": app.name}
        book.note("workload_replicas", running.replicas, **top)
        book.note("workload_created", ended_at_s - _OLD_S, **top)
        if app.scaler:
            scaler = {"namespace": app.namespace, "name": app.name}
            book.note("autoscaler", 1, **scaler, target_kind=app.kind, target_name=app.name)
            book.note("autoscaler_min", running.number("min_replicas", app.scaler.minimum), **scaler)
            book.note("autoscaler_max", running.number("max_replicas", app.scaler.maximum), **scaler)


def note_pods(book: Notebook, pods: Sequence[Pod], weeks: Mapping[str, Week], ended_at_s: int) -> None:
    """Note every pod, its owner, its requests and what it used."""
    stems: dict[tuple[str, str], list[Pod]] = {}
    for pod in pods:
        _note_life(book, pod, ended_at_s)
        _note_resources(book, pod)
        _note_use(book, pod, weeks[pod.running.app.name])
        stems.setdefault((pod.namespace, pod_stem(pod.name)), []).append(pod)
    for (namespace, stem), members in stems.items():
        week, many = weeks[members[0].running.app.name], len(members)
        book.hourly("pods_hourly", (many for _ in week.hours), namespace=namespace, stem=stem)
        book.hourly("cpu_used_hourly", (hour.cpu_used * many for hour in week.hours), namespace=namespace, stem=stem)


def note_machines(book: Notebook, pods: Sequence[Pod], weeks: Mapping[str, Week], ended_at_s: int) -> None:
    """Note every node."""
    for machine in MACHINES:
        here = [pod for pod in pods if pod.machine == machine]
        book.note("node_labels", 1, node=machine.name, **_sanitised(node_labels(machine)))
        book.note("node_created", ended_at_s - _OLD_S, node=machine.name)
        for signal in ("node_allocatable", "node_capacity"):
            book.note(signal, machine.gpus, node=machine.name, resource="nvidia.com/gpu")
            book.note(signal, machine.cpu_cores, node=machine.name, resource="cpu")
        book.note("node_gpu_requested_avg", sum(len(pod.devices) for pod in here), node=machine.name)
        requested = sum(pod.running.amount("cpu_request", 0) for pod in here)
        book.note("node_cpu_requested", requested + _SYSTEM_CORES, node=machine.name)
        used = [weeks[pod.running.app.name] for pod in here]
        mean = sum(week.mean(lambda h: h.cpu_used) for week in used) + _SYSTEM_CORES
        high = sum(week.p95(lambda h: h.cpu_used) for week in used) + _SYSTEM_CORES
        book.note("node_cpu_busy_avg", mean / machine.cpu_cores, node=machine.name)
        book.note("node_cpu_busy_p95", min(1.0, high / machine.cpu_cores), node=machine.name)


def node_labels(machine: Machine) -> dict[str, str]:
    """Return a node's labels as the API shows them."""
    labels = {
        "kubernetes.io/hostname": machine.name,
        "node.kubernetes.io/instance-type": machine.instance_type,
        "nvidia.com/gpu.count": str(machine.gpus),
        "nvidia.com/gpu.product": machine.product,
    }
    return labels | ({"trimtab.dev/purpose": machine.purpose} if machine.purpose else {})


def _sanitised(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels as kube-state-metrics spells them."""
    return {"label_" + re.sub(r"[^a-zA-Z0-9_]", "_", key): value for key, value in labels.items()}


def _note_life(book: Notebook, pod: Pod, ended_at_s: int) -> None:
    """Note that the pod is there, since when, and whose it is."""
    where = {"namespace": pod.namespace, "pod": pod.name}
    node = pod.machine.name if pod.machine else ""
    book.note("pod_samples", _SAMPLES, **where, node=node)
    book.note("pod_now", 1, **where, node=node)
    book.note("pod_owner", 1, **where, owner_kind=pod.owner_kind, owner_name=pod.owner_name)
    if pod.owner_kind == "ReplicaSet":
        owner = {"owner_kind": pod.running.app.kind, "owner_name": pod.running.app.name}
        book.note("replicaset_owner", 1, namespace=pod.namespace, replicaset=pod.owner_name, **owner)
    book.note("pod_created", ended_at_s - 2 * WEEK_S, **where)
    book.note("pod_phase", 1, **where, phase="Running" if pod.machine else "Pending")
    if pod.machine is None:
        book.note("pod_unschedulable", 1, **where)


def _note_resources(book: Notebook, pod: Pod) -> None:
    """Note what the container asks for."""
    running = pod.running
    box = {"namespace": pod.namespace, "pod": pod.name, "container": running.app.container}
    node = pod.machine.name if pod.machine else ""
    gpus = running.number("gpu_count", 1)
    book.note("pod_gpu_request", gpus, **box, resource=running.text("gpu_resource") or "nvidia.com/gpu", node=node)
    for signal, field in (
        ("pod_cpu_request", "cpu_request"),
        ("pod_cpu_limit", "cpu_limit"),
        ("pod_memory_request", "memory_request"),
        ("pod_memory_limit", "memory_limit"),
    ):
        if running.text(field):
            book.note(signal, running.amount(field, 0), **box)
    book.note("pod_restarts", 0, **box)


def _note_use(book: Notebook, pod: Pod, week: Week) -> None:
    """Note CPU and memory; CFS counts throttling only where there is a limit."""
    where = {"namespace": pod.namespace, "pod": pod.name}
    book.note("cpu_used_avg", week.mean(lambda h: h.cpu_used), **where)
    if pod.running.text("cpu_limit"):
        waiting = week.mean(lambda h: h.gpu_busy) * (week.box.slowdown - 1)
        book.note("cpu_throttled", min(0.95, waiting), **where)
    book.note("memory_used_max", pod.running.app.host_memory_gib * _GIB, **where)
    book.note("oom_events", 0, **where)
