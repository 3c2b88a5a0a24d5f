"""The latency a workload must keep: what its users declared, else what is assumed and said to be."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trimtab.demand.measures import known
from trimtab.fleet import Cluster, Intent, Measure, Workload

_RELAXED = 1.5
"""An assumed objective that is already missed becomes this much above what users get today."""


@dataclass(frozen=True, slots=True)
class Objective:
    """Latency limits, 95th percentile, milliseconds; infinite where latency does not matter.

    Attributes:
        ttft_ms: Time to first token.
        tpot_ms: Time per output token.
        assumed: Whether either was assumed, not declared.
    """

    ttft_ms: float
    tpot_ms: float
    assumed: bool


def objective_of(workload: Workload, cluster: Cluster) -> Objective:
    """Return the objective: declared, or none for declared batch and embedding work, or assumed.

    An assumed limit that users do not get today anyway is relaxed to half above what they do get.
    """
    wishes, traffic = workload.wishes, workload.traffic
    throughput_only = wishes.intent is Intent.EMBEDDING or (wishes.intent is Intent.BATCH and wishes.intent_declared)
    ttft = _limit(wishes.ttft_p95_ms, traffic.ttft_p95_ms, math.inf if throughput_only else cluster.ttft_p95_ms_assumed)
    tpot = _limit(wishes.tpot_p95_ms, traffic.tpot_p95_ms, math.inf if throughput_only else cluster.tpot_p95_ms_assumed)
    declared = known(wishes.ttft_p95_ms) and known(wishes.tpot_p95_ms)
    return Objective(ttft, tpot, assumed=not declared and not throughput_only)


def _limit(declared: Measure, today: Measure, assumed: float) -> float:
    if known(declared):
        return declared.value
    if known(today) and today.value > assumed:
        return _RELAXED * today.value
    return assumed
