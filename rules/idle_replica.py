"""idle-replica

## What it sees
A workload that answered no request in the whole window while its GPUs did nothing: two proofs that do not depend on
each other. Where the engine shows no metrics, idle GPUs that draw no power are the only proof, and it is less sure.

## Why it costs
A loaded model holds its GPUs, and they are paid for, whether or not anybody asks.

## What it changes
`replicas`, down to `trimtab.dev/min-replicas` or to 0; `min_replicas`, down to 1, where an autoscaler decides.

## When it stays silent
- It is a standby, parked already, training, or younger than the window.
- An autoscaler owns the count; only where it sat at its floor, and Git sets that floor here, is the floor lowered.
- The GPUs worked though no request came, or the other way round: the facts disagree.
- It restarts again and again: it never came up to be asked (see out-of-memory-risk).
- The GPU is shared in time slices: its activity may be somebody else's.
- Only one of the two proofs could be had, and it is not the GPU's.
- A batch workload whose window is shorter than two days.

## How sure it is
0.95 with both proofs; 0.7 where only the GPUs tell.

## Sources
- Two proofs, and the largest value instead of the mean: https://github.com/wseaton/gpu-pruner (max over time, power)
- Profiling counters that read 0 under load: https://github.com/NVIDIA/DCGM/issues/303
- An HPA cannot go below one: https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from trimtab import demand
from trimtab.fleet import Cluster, Intent, Measure, Sharing, Workload
from trimtab.rule import Evidence, Finding, Layer, RuleSettings, Silence, SilenceKind, Verdict, WorkloadRule, subject_of

_TWO_DAYS_S = 2 * 86400
_BOTH_PROOFS = 0.9
_CRASHES = 5
"""Restarts of one replica in the window from which it is a loop, not an accident."""
_ONE_PROOF = "the engine shows no request metrics, so idle GPUs are the only proof"


class Limits(RuleSettings):
    """What counts as nothing."""

    busy: float = Field(0.02, ge=0, le=0.2, description="GPU activity, largest in the window, that still is idle.")
    power_w: float = Field(150.0, gt=0, description="Mean power of one GPU above which it is not idle, watts.")


class IdleReplica:
    """Judges whether anybody used a workload."""

    name: ClassVar[str] = "idle-replica"
    layer: ClassVar[Layer] = Layer.MODEL
    since: ClassVar[str] = "0.1"
    needs: ClassVar[tuple[str, ...]] = ()
    observes: ClassVar[bool] = True
    Settings = Limits

    def judge(self, workload: Workload, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
        """Yield a finding where nothing was asked and nothing was done, or why an idle look deceives."""
        asked, busy = _asked(workload), demand.gpu_busy_max(workload)
        idle = demand.known(busy) and busy.value <= settings.busy
        if (demand.known(asked) and asked.value > 0) or (demand.known(busy) and not idle and not demand.known(asked)):
            return
        silence = demand.hands_off(self.name, workload) or _deceives(workload, cluster, settings)
        yield silence or _scale(workload, cluster, 0.95 if demand.known(asked) else 0.7)


def _asked(workload: Workload) -> Measure:
    """Return the largest sign of requests; Unknown where the engine gives none."""
    signs = (workload.traffic.running_peak, workload.traffic.requests_per_s_avg)
    return max(filter(demand.known, signs), key=lambda sign: sign.value, default=signs[1])


def _deceives(workload: Workload, cluster: Cluster, settings: Limits) -> Silence | None:
    """Return why a workload without requests may not be idle; None where it is."""
    busy, power_w = demand.gpu_busy_max(workload), demand.number(demand.gpu_power_avg_w(workload), 0.0)
    kind, reason = SilenceKind.LOOK_ALIKE, ""
    restarts = demand.number(workload.health.restarts, 0.0) / max(1.0, demand.held_replicas(workload))
    if workload.sharing is Sharing.TIME_SLICED:
        reason = "its GPU is shared in time slices, so the GPU's activity may be somebody else's"
    elif workload.wishes.intent is Intent.BATCH and cluster.window_s < _TWO_DAYS_S:
        reason = "a batch may run less often than the window is long"
    elif restarts >= _CRASHES:
        reason = f"it restarted {restarts:.0f} times: it does not come up, so nobody can ask it"
    elif not demand.known(busy):
        kind, reason = (
            SilenceKind.MISSING,
            f"whether its GPUs did nothing is not known: {demand.first_unknown((busy,))}",
        )
    elif busy.value > settings.busy:
        reason = f"no request was counted, yet its GPUs were active up to {busy.value:.0%}"
    elif power_w > settings.power_w:
        reason = f"its GPUs report no activity but draw {power_w:.0f} W: the counter may be wrong"
    return demand.silence(IdleReplica.name, workload, kind, reason) if reason else None


def _scale(workload: Workload, cluster: Cluster, confidence: float) -> Verdict:
    """Return the finding that scales an idle workload down, or why its count cannot go lower."""
    scale, floor = workload.scale, workload.wishes.min_replicas
    owned = demand.owned_by_autoscaler(workload)
    if owned:
        return demand.silence(IdleReplica.name, workload, SilenceKind.OWNED, f"idle, but {owned}")
    field, now, keep = "replicas", scale.replicas, floor
    if scale.autoscaler:
        field, now, keep = "min_replicas", scale.min_replicas, max(1, floor)
    if keep >= now:
        reason = f"it is idle, and {now} replicas are no more than the {keep} that must remain"
        return demand.silence(IdleReplica.name, workload, SilenceKind.DECLARED, reason)
    proof = demand.no_proof(confidence, *(() if confidence > _BOTH_PROOFS else (_ONE_PROOF,)))
    changes = (demand.change(workload, field, keep),)
    return Finding(
        rule=IdleReplica.name,
        layer=IdleReplica.layer,
        subject=subject_of(workload),
        diagnosis=f"{demand.model_name(workload)} answered no request in {demand.window(cluster)}, and its "
        f"{demand.gpu_name(workload)} did nothing all that time.",
        evidence=_evidence(workload, cluster),
        risk="low" if confidence > _BOTH_PROOFS else "medium",
        before=demand.footprint(workload),
        options=(demand.option(workload, changes, demand.footprint(workload, float(keep)), proof),),
        otherwise="Its GPUs go on being held for nobody.",
        more_gpus="More GPUs would be idle, too.",
    )


def _evidence(workload: Workload, cluster: Cluster) -> tuple[Evidence, ...]:
    traffic = workload.traffic
    return demand.evidence(
        cluster,
        ("requests, mean", traffic.requests_per_s_avg, "requests/s"),
        ("requests in progress, busiest moment", traffic.running_peak, "requests"),
        ("GPU active, max", demand.gpu_busy_max(workload), "ratio"),
        ("GPU power, mean", demand.gpu_power_avg_w(workload), "W"),
        ("CPU used by a pod, mean", workload.host.cpu_used_avg_cores, "cores"),
    )


rule: WorkloadRule[Limits] = IdleReplica()
