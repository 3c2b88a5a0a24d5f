"""Whether the CPU holds the GPU back, and who is not to be judged."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trimtab.demand.measures import gpu_busy_avg, known, number, seen
from trimtab.demand.peak import held_replicas
from trimtab.fleet import Cluster, Found, Intent, Node, Workload
from trimtab.rule import Evidence, Silence, SilenceKind, subject_of

_BUSY_GPU = 0.6
"""Above it the GPU itself is the limit."""
_THROTTLED = 0.25
"""Share of CFS periods from which throttling delays every step; the alert `CPUThrottlingHigh` of kubernetes-mixin
uses 25 %."""
_AT_LIMIT = 0.9
_NODE_FULL = 0.9
_AT_FLOOR = 0.05
"""Mean replicas above the floor that still count as sitting at it."""


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


def hands_off(rule: str, workload: Workload, *, standby: bool = True) -> Silence | None:
    """Return why the workload is not judged as a serving one; None where it is.

    Args:
        rule: The rule that asks.
        workload: What is asked about.
        standby: Whether a declared standby is left alone.
    """
    wishes = workload.wishes
    if workload.scale.replicas == 0:
        reason = "it is parked: replicas is 0"
    elif wishes.intent is Intent.TRAINING:
        reason = "it trains and does not serve"
    elif standby and wishes.standby:
        reason = "it is a standby: trimtab.dev/standby is true"
    else:
        return None
    return Silence(rule, subject_of(workload), SilenceKind.DECLARED, reason)


def serves(workload: Workload) -> bool:
    """Return whether the engine was seen to serve in the window without a restart."""
    health, traffic = workload.health, workload.traffic
    seen_serving = known(traffic.kv_cache_tokens) or known(traffic.running_peak)
    return workload.live and seen_serving and max(number(health.restarts, 0.0), number(health.crash_exits, 0.0)) <= 0


def owned_by_autoscaler(workload: Workload) -> str:
    """Return why the number of replicas is an autoscaler's; empty where there is none, or where its floor decided.

    The floor decided where the number sat at it for the whole window, and Git sets that floor with the workload.
    """
    scale = workload.scale
    if not scale.autoscaler:
        return ""
    average = number(scale.ready_avg, 0.0)
    here = isinstance(workload.place, Found) and "min_replicas" in workload.place.value.serving.settings
    if here and 0 < average <= scale.min_replicas + _AT_FLOOR:
        return ""
    return f"autoscaler {scale.autoscaler} owns the number of replicas, {average:.1f} on average"


def silence(rule: str, workload: Workload, kind: SilenceKind, reason: str) -> Silence:
    """Return a silence about a workload."""
    return Silence(rule, subject_of(workload), kind, reason)


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
