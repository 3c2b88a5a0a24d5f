"""oversharded-model

## What it sees
A model split over more GPUs than it needs: on half of them or fewer, weights and the KV cache of the peak fit and the
latency objective holds. Also GPUs that a pod asks for and the engine does not use.

## Why it costs
Every GPU of the group is paid for, and each step of the model waits for all of them to exchange their parts.

## What it changes
`tensor_parallel_size` and `gpu_count` together; `gpu_count` alone where the engine uses fewer than are asked for.

## When it stays silent
- Half the GPUs would not hold the weights, the KV cache of the peak, or the latency objective.
- The attention heads do not divide by the smaller number.
- Pipeline or data parallelism takes part in the split.
- CPU is short, or requests wait: then the traffic seen is not the demand.
- It runs on slices; it is parked, a standby, training, or younger than the window.

## How sure it is
0.95 where latency and KV cache use were measured and an objective is declared; less for each that was not.

## Sources
- Heads must divide: vLLM 0.19, `vllm/config/model.py`, `verify_with_parallel_config`.
- Memory of a part, and what exchange costs: `trimtab.estimate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from trimtab import demand
from trimtab.estimate import Deployment, divides_heads
from trimtab.fleet import Cluster, Workload
from trimtab.rule import (
    Considered,
    Finding,
    Layer,
    Option,
    RuleSettings,
    Silence,
    SilenceKind,
    Verdict,
    WorkloadRule,
    subject_of,
)


class Limits(RuleSettings):
    """How careful the rule is."""

    kv_headroom: float = Field(0.15, ge=0, le=0.9, description="Part of the KV cache that stays free at the peak.")
    latency_headroom: float = Field(0.0, ge=0, le=0.9, description="Part of the objective that stays unused.")


class OvershardedModel:
    """Judges over how many GPUs one replica has to be split."""

    name: ClassVar[str] = "oversharded-model"
    layer: ClassVar[Layer] = Layer.MODEL
    since: ClassVar[str] = "0.1"
    needs: ClassVar[tuple[str, ...]] = ("gpu", "model", "traffic.requests_per_s_peak", "traffic.running_peak")
    observes: ClassVar[bool] = True
    Settings = Limits

    def judge(self, workload: Workload, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
        """Yield a finding with the fewest GPUs that serve the peak, or why the split stays."""
        if workload.gpus_per_pod <= 1 or demand.is_slice(workload):
            return
        margins = demand.Margins(settings.kv_headroom, settings.latency_headroom)
        case = demand.case_of(self.name, workload, cluster, margins)
        if isinstance(case, Silence):
            yield case
        elif demand.ranks(workload) < workload.gpus_per_pod:
            yield from _unused(case)
        elif demand.only_tensor_parallel(workload):
            yield _split(case)


def _split(case: demand.Case) -> Verdict:
    """Return the finding with every smaller split that serves the peak, or why half is too few."""
    options: list[Option] = []
    considered: list[Considered] = []
    for gpus in _fewer(case.now):
        proof = case.prove(_on(case.now, gpus))
        if isinstance(proof, demand.Misfit):
            considered.append(Considered(f"{gpus} GPU{'s' * (gpus > 1)}", proof.reason))
        else:
            options.append(_option(case.workload, gpus, proof))
    if options:
        return _finding(case, tuple(options), tuple(considered))
    reason = "its attention heads divide by no smaller number"
    if considered:
        reason = f"{considered[0].name} of the {case.now.gpus} would not do: {considered[0].reason}"
    return demand.silence(OvershardedModel.name, case.workload, SilenceKind.LOOK_ALIKE, reason)


def _fewer(now: Deployment) -> list[int]:
    """Return the smaller splits, largest first."""
    return [gpus for gpus in range(now.gpus // 2, 0, -1) if now.gpus % gpus == 0 and divides_heads(now.model, gpus)]


def _on(now: Deployment, gpus: int) -> Deployment:
    return replace(now, gpus=gpus, settings={**now.settings, "tensor_parallel_size": gpus})


def _option(workload: Workload, gpus: int, proof: demand.Proof) -> Option:
    changes = (
        demand.change(workload, "tensor_parallel_size", gpus),
        demand.change(workload, "gpu_count", gpus),
    )
    return demand.option(workload, changes, demand.footprint(workload, gpus=gpus), proof)


def _unused(case: demand.Case) -> Iterator[Verdict]:
    """Yield a finding for GPUs that are asked for and not used, where the GPUs themselves show it."""
    workload, used = case.workload, demand.ranks(case.workload)
    idle = [gpu for gpu in workload.gpu_seen if demand.number(gpu.busy_max, 1.0) <= 0]
    if len(idle) * workload.gpus_per_pod >= len(workload.gpu_seen) * (workload.gpus_per_pod - used) > 0:
        changes = (demand.change(workload, "gpu_count", used),)
        option = demand.option(workload, changes, demand.footprint(workload, gpus=used), demand.no_proof(0.9))
        yield _finding(case, (option,), ())


def _finding(case: demand.Case, options: tuple[Option, ...], considered: tuple[Considered, ...]) -> Finding:
    workload, name = case.workload, demand.gpu_name(case.workload)
    fewest = options[-1].changes[-1].after
    return Finding(
        rule=OvershardedModel.name,
        layer=OvershardedModel.layer,
        subject=subject_of(workload),
        diagnosis=f"One replica of {demand.model_name(workload)} holds {workload.gpus_per_pod} {name}, and its busiest "
        f"hour needs {fewest}.",
        evidence=demand.peak_evidence(workload, case.cluster),
        risk="medium" if options[-1].doubts else "low",
        before=demand.footprint(workload),
        options=tuple(reversed(options)),
        otherwise="The GPUs beyond those go on being held, and every step goes on waiting for their exchange.",
        more_gpus="More GPUs for a replica would add exchange between them and hold more memory that stays empty.",
        considered=considered,
    )


rule: WorkloadRule[Limits] = OvershardedModel()
