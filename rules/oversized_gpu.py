"""oversized-gpu

## What it sees
A workload whose busiest hour another, smaller kind of GPU in the same cluster would serve: weights, the KV cache that
was in use at the peak, and the latency objective at the traffic that was observed. Fewer GPUs of another kind count
too. GPU utilisation plays no part in the proof: one small kernel shows as 100 %, and a batch of one as 20 %.

## Why it costs
A larger GPU is paid for by the hour whether its memory and bandwidth are used or not.

## What it changes
`gpu_product`, and with it `gpu_count` and `tensor_parallel_size` where fewer GPUs do.

## When it stays silent
- Latency would break: low use under a tight objective is what the GPU is there for.
- Long contexts need the KV cache that only the larger GPU has.
- The smaller GPU lacks the precision (FP8 before Ada and Hopper, bfloat16 before Ampere).
- CPU is short, or requests wait: then the traffic seen is not the demand.
- It runs on a MIG slice or a time-sliced share; it is parked, a standby, training, or younger than the window.
- No smaller kind has room for all replicas.

## How sure it is
0.95 where latency was measured, KV cache use was measured and an objective is declared; less for each that was not.
Every figure is taken at the careful end of its range.

## Sources
- Memory and speed: `trimtab.estimate`, with the source of each formula.
- What GPU utilisation counts: https://docs.nvidia.com/datacenter/dcgm/latest/user-guide/feature-overview.html
- FP8 support: https://docs.vllm.ai/en/v0.19.0/features/quantization/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from pydantic import Field

from trimtab import demand
from trimtab.estimate import divides_heads
from trimtab.fleet import Cluster, Workload
from trimtab.rule import Finding, Layer, RuleSettings, Silence, SilenceKind, Verdict, WorkloadRule, subject_of


class Limits(RuleSettings):
    """How careful the rule is."""

    kv_headroom: float = Field(0.15, ge=0, le=0.9, description="Part of the KV cache that stays free at the peak.")
    latency_headroom: float = Field(0.0, ge=0, le=0.9, description="Part of the objective that stays unused.")
    looks_idle: float = Field(0.5, ge=0, le=1, description="GPU activity below which a silence is worth a line.")


class OversizedGpu:
    """Judges one workload against every smaller kind of GPU in its cluster."""

    name: ClassVar[str] = "oversized-gpu"
    layer: ClassVar[Layer] = Layer.MODEL
    since: ClassVar[str] = "0.1"
    needs: ClassVar[tuple[str, ...]] = ("gpu", "model", "traffic.requests_per_s_peak", "traffic.running_peak")
    observes: ClassVar[bool] = True
    Settings = Limits

    def judge(self, workload: Workload, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
        """Yield a finding with every smaller GPU that serves the peak, or why there is none."""
        if demand.is_slice(workload):
            reason = "it has a part of a GPU: its share is judged, not the GPU under it"
            yield demand.silence(self.name, workload, SilenceKind.LOOK_ALIKE, reason)
            return
        margins = demand.Margins(settings.kv_headroom, settings.latency_headroom)
        case = demand.case_of(self.name, workload, cluster, margins)
        if isinstance(case, Silence):
            yield case
            return
        tried = demand.try_moves(case, _smaller(case))
        if tried.options:
            yield _finding(case, tried)
        elif demand.number(demand.gpu_busy_avg(workload), 1.0) < settings.looks_idle:
            yield _silence(case, tried.misfits)


def _smaller(case: demand.Case) -> Iterator[demand.Move]:
    """Yield smaller places, with as many GPUs as now or fewer."""
    now = case.now
    counts = tuple(2**power for power in range(now.gpus.bit_length()) if 2**power < now.gpus)
    fewer = counts if demand.only_tensor_parallel(case.workload) else ()
    for move in demand.moves(case.workload, case.cluster, (*fewer, now.gpus)):
        if move.size < demand.size(now.gpu, now.gpus) and divides_heads(now.model, move.gpus):
            yield move


def _finding(case: demand.Case, tried: demand.Tried) -> Finding:
    options = tried.options
    workload, name = case.workload, demand.gpu_name(case.workload)
    smallest = options[0].after.product
    return Finding(
        rule=OversizedGpu.name,
        layer=OversizedGpu.layer,
        subject=subject_of(workload),
        diagnosis=f"{demand.model_name(workload)} runs on {name}, and its busiest hour needs less: "
        f"{smallest} holds its weights and its KV cache and keeps the latency objective.",
        evidence=demand.peak_evidence(workload, case.cluster),
        risk="medium" if options[0].doubts else "low",
        before=demand.footprint(workload),
        options=options,
        otherwise=f"{name} goes on being held for traffic that a smaller GPU serves.",
        more_gpus="More GPUs of this kind would stand idle: nothing waits, and latency is within the objective.",
        considered=tried.considered,
    )


def _silence(case: demand.Case, misfits: Sequence[tuple[demand.Move, demand.Misfit]]) -> Silence:
    """Return why a GPU that looks idle is right: the reason of the largest place that was tried."""
    name = demand.gpu_name(case.workload)
    if not misfits:
        reason = f"no smaller GPU than {name} is in this cluster"
        return demand.silence(OversizedGpu.name, case.workload, SilenceKind.NO_BETTER, reason)
    by_reason = {misfit.about: (move, misfit) for move, misfit in misfits}
    if "room" in by_reason:
        move, misfit = by_reason["room"]
        reason = f"{move.title} would do, but {misfit.reason}"
        return demand.silence(OversizedGpu.name, case.workload, SilenceKind.NO_BETTER, reason)
    move, misfit = misfits[-1]
    kind = SilenceKind.MISSING if misfit.about == "unknown" else SilenceKind.LOOK_ALIKE
    reason = f"{name} looks idle and is needed; on {move.title}: {misfit.reason}"
    return demand.silence(OversizedGpu.name, case.workload, kind, reason)


rule: WorkloadRule[Limits] = OversizedGpu()
