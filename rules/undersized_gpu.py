"""undersized-gpu

## What it sees
A GPU that is too small for what is asked of it: a declared latency objective is missed while the CPU is no hindrance
and the KV cache has room; and a larger kind, or more of the same, in the cluster would keep it.

## Why it costs
Users wait, requests are sent again, and replicas are added that each are too slow.

## What it changes
`gpu_product`, or `gpu_count` with `tensor_parallel_size` on the same kind.

## When it stays silent
- No objective is declared, or it is kept, or the latency histogram is too coarse to say.
- CPU holds the GPU back: a larger GPU would wait just the same (see starved-gpu).
- The KV cache is full, which is kv-cache-pressure's to cure.
- Nothing larger in the cluster keeps the objective, or it has no room.
- The model does not fit or start at all, which is out-of-memory-risk's to cure.
- It is parked, a standby, training, or younger than the window.

## How sure it is
As sure as the proof of the larger set-up: 0.95 where latency and KV cache use were measured; 0.2 less where the careful
end of the estimate still misses the objective, which is proposed only where nothing surer has room.

## Sources
- Memory and speed: `trimtab.estimate`, with the source of each formula.
- What a token costs at least, the weights read once: https://arxiv.org/abs/2211.05102
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from trimtab import demand
from trimtab.estimate import divides_heads
from trimtab.fleet import Cluster, Unknown, Workload
from trimtab.rule import Finding, Layer, RuleSettings, SilenceKind, Verdict, WorkloadRule, subject_of


class Limits(RuleSettings):
    """How far it looks."""

    missed_by: float = Field(1.05, ge=1, description="Times the objective from which it counts as missed.")
    most_gpus: int = Field(8, ge=1, description="GPUs of one pod that are tried at most.")


class UndersizedGpu:
    """Judges one workload against its objective, and larger places against both."""

    name: ClassVar[str] = "undersized-gpu"
    layer: ClassVar[Layer] = Layer.MODEL
    since: ClassVar[str] = "0.1"
    needs: ClassVar[tuple[str, ...]] = ("gpu", "model")
    observes: ClassVar[bool] = True
    Settings = Limits

    def judge(self, workload: Workload, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
        """Yield a finding with larger places that do, or why there is none."""
        missed = demand.missed_objective(workload, cluster, settings.missed_by)
        if not missed or demand.hands_off(self.name, workload):
            return
        if not missed.certain:
            reason = f"{missed.said}, but its histogram's buckets are too wide to tell whether that is so"
            yield demand.silence(self.name, workload, SilenceKind.LOOK_ALIKE, reason)
            return
        now = demand.deployment_of(workload)
        peak = now if isinstance(now, Unknown) else demand.peak_of(workload, now)
        if isinstance(now, Unknown) or isinstance(peak, Unknown):
            reason = peak.reason if isinstance(peak, Unknown) else ""
            yield demand.silence(self.name, workload, SilenceKind.MISSING, f"{missed.said}; {reason}")
            return
        other = _other_cause(workload, cluster)
        if other:
            yield demand.silence(self.name, workload, SilenceKind.LOOK_ALIKE, f"{missed.said}, but {other}")
            return
        yield _larger(demand.Case(workload, cluster, now, peak, demand.Margins(cures=True)), missed, settings)


def _other_cause(workload: Workload, cluster: Cluster) -> str:
    """Return what else than the GPU's speed makes it late; empty where nothing does."""
    shortage = demand.cpu_shortage(workload, cluster)
    if shortage and demand.host_bound(workload, cluster):
        return f"{shortage.reason}: a larger GPU would wait as well; see starved-gpu"
    pressed = demand.cache_pressed(workload, cluster)
    return f"the KV cache is full and {pressed}; see kv-cache-pressure" if pressed else ""


def _larger(case: demand.Case, missed: demand.Missed, settings: Limits) -> Verdict:
    """Return the finding with every larger place that serves the peak, smallest first, or why there is none."""
    tried = demand.try_moves(case, _moves(case, settings))
    if tried.options:
        return _finding(case, missed, tried)
    reason = f"{missed.said}; {tried.why_none('no larger GPU is here')}"
    return demand.silence(UndersizedGpu.name, case.workload, SilenceKind.NO_BETTER, reason)


def _moves(case: demand.Case, settings: Limits) -> list[demand.Move]:
    """Return larger places, least first: other kinds with as many GPUs or twice as many, and more of the same."""
    now, workload = case.now, case.workload
    doubled = 2 * now.gpus if demand.only_tensor_parallel(workload) else now.gpus
    more = tuple(gpus for gpus in (2 * now.gpus, 4 * now.gpus) if doubled > now.gpus)
    others = demand.moves(workload, case.cluster, tuple(dict.fromkeys((now.gpus, doubled))))
    found = [*others, *demand.own_moves(workload, case.cluster, more)]
    fitting = [m for m in found if m.gpus <= settings.most_gpus and divides_heads(now.model, m.gpus)]
    larger = [move for move in fitting if move.size > demand.size(now.gpu, now.gpus)]
    return sorted(larger, key=lambda move: (move.size * move.gpus, move.title))


def _finding(case: demand.Case, missed: demand.Missed, tried: demand.Tried) -> Finding:
    workload, name = case.workload, demand.gpu_name(case.workload)
    return Finding(
        rule=UndersizedGpu.name,
        layer=UndersizedGpu.layer,
        subject=subject_of(workload),
        diagnosis=f"{demand.model_name(workload)} misses its objective on {name}: {missed.said}.",
        evidence=(missed.evidence, *demand.peak_evidence(workload, case.cluster)),
        risk="medium",
        cures=True,
        before=demand.footprint(workload),
        options=tuple(sorted(tried.options, key=lambda one: -one.confidence)),
        otherwise=f"Users go on waiting longer than the objective of {missed.evidence.threshold:,.0f} ms allows.",
        more_gpus="More replicas on the same GPU would each be as slow for one request; they help only where "
        "requests wait.",
        considered=tried.considered,
    )


rule: WorkloadRule[Limits] = UndersizedGpu()
