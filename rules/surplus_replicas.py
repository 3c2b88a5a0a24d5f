"""surplus-replicas

## What it sees
More replicas than the busiest hour needs: fewer of them, one more than enough, hold its KV cache, its requests in
progress and its latency objective.

## Why it costs
Each replica holds its GPUs day and night.

## What it changes
`replicas`; `min_replicas` where an autoscaler has sat at its floor for the whole window.

## When it stays silent
- An autoscaler owns the count; only where it sat at its floor, and Git sets that floor here, is the floor judged.
- Two replicas or fewer: one is kept so that the loss of another is no outage, unless `trimtab.dev/min-replicas` says
  less.
- A batch is judged at its busiest hour, not at its mean.
- CPU is short, or requests wait: then the traffic seen is not the demand.
- It is parked, a standby, training, or younger than the window.

## How sure it is
As sure as the proof for one replica: 0.95 where latency and KV cache use were measured and an objective is declared.
Traffic is taken to spread evenly, with the margin for when it does not.

## Sources
- Latency at a larger share of the traffic: `trimtab.estimate`, calibrated by live latency.
- Little's law: https://doi.org/10.1287/opre.9.3.383
- Proposals below the observed peak run out of memory at once: https://github.com/robusta-dev/krr/issues/110
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from trimtab import demand
from trimtab.fleet import Cluster, Workload
from trimtab.rule import (
    Considered,
    Finding,
    Layer,
    RuleSettings,
    Silence,
    SilenceKind,
    Verdict,
    WorkloadRule,
    subject_of,
)


class Limits(RuleSettings):
    """How careful the rule is."""

    kv_headroom: float = Field(0.25, ge=0, le=0.9, description="Part of the KV cache that stays free at the peak.")
    latency_headroom: float = Field(0.0, ge=0, le=0.9, description="Part of the objective that stays unused.")
    spare: int = Field(1, ge=0, description="Replicas kept beyond those that the busiest hour needs.")


class SurplusReplicas:
    """Judges how many replicas the busiest hour needs."""

    name: ClassVar[str] = "surplus-replicas"
    layer: ClassVar[Layer] = Layer.MODEL
    since: ClassVar[str] = "0.1"
    needs: ClassVar[tuple[str, ...]] = ("gpu", "model", "traffic.requests_per_s_peak", "traffic.running_peak")
    observes: ClassVar[bool] = True
    Settings = Limits

    def judge(self, workload: Workload, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
        """Yield a finding with the smallest proven count, or why the count stays."""
        count, owned = _count(workload), demand.owned_by_autoscaler(workload)
        if count <= 1 or owned:
            if owned:
                yield demand.silence(self.name, workload, SilenceKind.OWNED, owned)
            return
        margins = demand.Margins(settings.kv_headroom, settings.latency_headroom)
        case = demand.case_of(self.name, workload, cluster, margins)
        if isinstance(case, Silence):
            yield case
            return
        needed, proof, failed = _fewest(case, count)
        keep = max(needed + settings.spare, _floor(workload, count))
        if keep >= min(count, demand.held_replicas(workload)):
            return
        held = case.prove(case.now, float(keep)) if keep != needed else proof
        yield _finding(case, (keep, needed), held, failed)


def _count(workload: Workload) -> int:
    """Return the replicas that could be fewer: an autoscaler's floor, or the fixed count."""
    return workload.scale.min_replicas if workload.scale.autoscaler else workload.scale.replicas


def _floor(workload: Workload, count: int) -> int:
    """Return the fewest that may remain: as declared, else two so that the loss of one is no outage."""
    return max(1, workload.wishes.min_replicas) if workload.wishes.min_replicas else min(2, count)


def _fewest(case: demand.Case, count: int) -> tuple[int, demand.Proof | demand.Misfit, str]:
    """Return the smallest proven count, its proof, and why one less fails."""
    fewest, proof, failed = count, case.prove(case.now, float(count)), ""
    for fewer in range(count - 1, 0, -1):
        tried = case.prove(case.now, float(fewer))
        if isinstance(tried, demand.Misfit):
            failed = tried.reason
            break
        fewest, proof = fewer, tried
    return fewest, proof, failed


def _finding(case: demand.Case, counts: tuple[int, int], proof: demand.Proof | demand.Misfit, failed: str) -> Verdict:
    """Return the finding that keeps `counts[0]` replicas where `counts[1]` would do, or why that was not proven."""
    workload, count, (keep, needed) = case.workload, _count(case.workload), counts
    if isinstance(proof, demand.Misfit):
        return demand.silence(SurplusReplicas.name, workload, SilenceKind.LOOK_ALIKE, proof.reason)
    field = "min_replicas" if workload.scale.autoscaler else "replicas"
    changes = (demand.change(workload, field, keep),)
    below = (Considered(f"fewer than {keep}", failed or "one is kept so that the loss of another is no outage"),)
    return Finding(
        rule=SurplusReplicas.name,
        layer=SurplusReplicas.layer,
        subject=subject_of(workload),
        diagnosis=f"{demand.model_name(workload)} has {count} replicas, and {keep} serve its busiest hour within the "
        f"latency objective{f', {keep - needed} of them to spare' if keep > needed else ''}.",
        evidence=demand.peak_evidence(workload, case.cluster),
        risk="medium" if proof.doubts else "low",
        before=demand.footprint(workload),
        options=(demand.option(workload, changes, demand.footprint(workload, float(keep)), proof),),
        otherwise=f"{count - keep} replicas go on holding GPUs that the busiest hour does not need.",
        more_gpus="More replicas would be idle, too: nothing waits at the busiest hour.",
        considered=below,
    )


rule: WorkloadRule[Limits] = SurplusReplicas()
