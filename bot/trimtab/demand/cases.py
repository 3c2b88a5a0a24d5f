"""The way in for rules that save: a workload whose demand can be trusted, or why it is not judged."""

from __future__ import annotations

import math

from trimtab.demand.cpu import cpu_shortage, host_bound
from trimtab.demand.estimates import timed
from trimtab.demand.judged import hands_off, silence
from trimtab.demand.measures import number
from trimtab.demand.peak import peak_of
from trimtab.demand.proof import Case, Margins
from trimtab.demand.setup import deployment_of
from trimtab.estimate import Impossible, Load, Speed
from trimtab.estimate.speed import time_load
from trimtab.fleet import Cluster, Sharing, Unknown, Workload
from trimtab.rule import Silence, SilenceKind

_FULL = 0.95
"""KV cache use from which new requests find no room."""
_THROWN_OUT = 0.01
"""Share of requests preempted from which it is no accident."""


def case_of(rule: str, workload: Workload, cluster: Cluster, margins: Margins) -> Case | Silence:
    """Return the case to hold smaller set-ups against, or the silence of a rule that cannot.

    What is seen is the demand only where nothing else holds it back: no CPU shortage, no requests in queue, and GPUs
    that are not shared with others.
    """
    off = hands_off(rule, workload)
    if off:
        return off
    if workload.sharing is Sharing.TIME_SLICED:
        return silence(rule, workload, SilenceKind.LOOK_ALIKE, "it has a time-sliced share, whose speed others decide")
    reason = _held_back(workload, cluster)
    if reason:
        return silence(rule, workload, SilenceKind.LOOK_ALIKE, reason)
    now = deployment_of(workload)
    peak = now if isinstance(now, Unknown) else peak_of(workload, now)
    if isinstance(now, Unknown) or isinstance(peak, Unknown):
        missing = peak.reason if isinstance(peak, Unknown) else ""
        return silence(rule, workload, SilenceKind.MISSING, missing)
    return Case(workload, cluster, now, peak, margins)


def _held_back(workload: Workload, cluster: Cluster) -> str:
    """Return why the traffic that was seen is not the demand; empty where it is."""
    shortage = cpu_shortage(workload, cluster)
    if shortage and host_bound(workload, cluster):
        return f"CPU is short ({shortage.reason}), so the GPU's figures do not show the demand; see starved-gpu"
    waiting = number(workload.traffic.waiting_p95, 0.0)
    if waiting >= 1:
        return f"{waiting:.0f} requests wait (p95), so the traffic that was seen is not all that was asked"
    if number(workload.traffic.requests_per_s_peak, 1.0) <= 0:
        return "it had no request in the window, so there is no peak to serve; see idle-replica"
    return ""


def cache_pressed(workload: Workload, cluster: Cluster) -> str:
    """Return how a full KV cache makes requests wait or start again, for a real part of the window; empty where not.

    GPU memory says nothing of it, since vLLM takes its part of the memory at the start, used or not.
    """
    traffic = workload.traffic
    if number(traffic.kv_usage_max, 0.0) < _FULL:
        return ""
    waiting = number(traffic.waiting_p95, 0.0)
    requests = number(traffic.requests_per_s_avg, 0.0) * cluster.window_s
    thrown_out = number(traffic.preemptions, 0.0) / requests if requests > 0 else 0.0
    parts = [f"{waiting:.0f} requests wait (p95)"] if waiting >= 1 else []
    if thrown_out >= _THROWN_OUT:
        parts.append(f"{thrown_out:.1%} of requests are preempted and start again")
    return " and ".join(parts)


def accounted_tpot_ms(workload: Workload) -> float:
    """Return the longest that the GPU itself accounts for a token, ms; infinite where it cannot be estimated."""
    now = deployment_of(workload)
    peak = now if isinstance(now, Unknown) else peak_of(workload, now)
    if isinstance(now, Unknown) or isinstance(peak, Unknown):
        return math.inf
    load = Load(max(1.0, peak.concurrency), peak.input_tokens, peak.output_tokens, peak.prefix_hit)
    machine = timed(now)
    answer = machine if isinstance(machine, Impossible) else time_load(machine, load)
    return answer.tpot_ms.high if isinstance(answer, Speed) else math.inf
