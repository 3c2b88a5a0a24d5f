"""The CPU side: whether it is short, whether it holds the GPU back, what can be given."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trimtab.demand.measures import gpu_busy_avg, known, number, seen
from trimtab.demand.peak import held_replicas
from trimtab.fleet import Cluster, Node, Workload
from trimtab.fleet.quantity import quantity
from trimtab.rule import Evidence

_BUSY_GPU = 0.6
"""Above it the GPU itself is the limit."""
_THROTTLED = 0.25
"""Share of CFS periods from which throttling delays every step; the alert `CPUThrottlingHigh` of kubernetes-mixin
uses 25 %."""
_AT_LIMIT = 0.9
_NODE_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Shortage:
    """What shows that CPU is short.

    Attributes:
        reason: In words.
        evidence: The figure that shows it.
    """

    reason: str
    evidence: Evidence


def cpu_shortage(workload: Workload, cluster: Cluster) -> Shortage | None:
    """Return what shows that the pods want more CPU than they get, or None.

    A busy core alone shows nothing: vLLM's engine and workers poll. Throttling, use at the limit, and use at the
    request on a node without idle CPU do.
    """
    host = workload.host
    used = host.cpu_used_p95_cores if known(host.cpu_used_p95_cores) else host.cpu_used_avg_cores
    if known(host.throttled) and host.throttled.value >= _THROTTLED:
        words = f"its containers are throttled in {host.throttled.value:.0%} of periods"
        return Shortage(words, seen("throttled CFS periods", host.throttled, "ratio", cluster, ("above", _THROTTLED)))
    if not known(used):
        return None
    limit = _AT_LIMIT * number(host.cpu_limit_cores, math.inf)
    if used.value >= limit:
        words = f"its pods use {used.value:.1f} of the {number(host.cpu_limit_cores, 0.0):g} cores of their limit"
        return Shortage(words, seen("CPU used by a pod, p95", used, "cores", cluster, ("above", limit)))
    if used.value < _AT_LIMIT * number(host.cpu_request_cores, 0.0):
        return None
    for node in nodes_of(workload, cluster):
        busy = node.cpu_busy_p95 if known(node.cpu_busy_p95) else node.cpu_busy_avg
        if known(busy) and busy.value >= _NODE_FULL:
            words = f"the CPU of its node is {busy.value:.0%} busy, and its pods use all that they asked for"
            return Shortage(words, seen("CPU of the node busy, p95", busy, "ratio", cluster, ("above", _NODE_FULL)))
    return None


def nodes_of(workload: Workload, cluster: Cluster) -> tuple[Node, ...]:
    """Return the nodes that the workload's pods are on."""
    return tuple(node for node in cluster.nodes if node.name in workload.nodes)


def host_bound(workload: Workload, cluster: Cluster) -> bool:
    """Return whether CPU is short while the GPU is not busy: then the GPU's figures do not show the demand."""
    busy = gpu_busy_avg(workload)
    idle = known(busy) and busy.value < _BUSY_GPU
    return idle and cpu_shortage(workload, cluster) is not None


def cpu_limit_cores(workload: Workload) -> float:
    """Return the CPU limit of a pod: as the cluster shows it, else as it is set (`2`, `500m`); infinite without."""
    if known(workload.host.cpu_limit_cores):
        return workload.host.cpu_limit_cores.value
    cores = quantity(workload.settings.get("cpu_limit", ""))
    return math.inf if math.isnan(cores) else cores


def least_cores(workload: Workload) -> int:
    """Return the hardware threads that vLLM's processes need: 2 x (2 + GPUs of a pod)."""
    return 2 * (2 + workload.gpus_per_pod)


def grantable_cores(workload: Workload, cluster: Cluster) -> float:
    """Return what the fullest of its nodes can give to one pod: what is free, at most the GPUs' share of the node."""
    asked, grants = number(workload.host.cpu_request_cores, 0.0), []
    nodes = nodes_of(workload, cluster)
    pods = math.ceil(held_replicas(workload) / max(1, len(nodes)))
    for node in nodes:
        cores = number(node.cpu_cores, math.inf)
        free = max(0.0, cores - number(node.cpu_requested, 0.0)) / max(1, pods)
        share = max(least_cores(workload), cores / max(1, node.gpus) * workload.gpus_per_pod)
        grants.append(min(asked + free, share))
    least = min(grants, default=math.inf)
    return math.floor(least) if math.isfinite(least) else least


def cpu_cores_now(workload: Workload) -> float:
    """Return what a pod may use for certain, cores: its limit, else its request."""
    limit = cpu_limit_cores(workload)
    return limit if math.isfinite(limit) else number(workload.host.cpu_request_cores, 0.0)
