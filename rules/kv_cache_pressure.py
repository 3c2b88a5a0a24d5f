"""kv-cache-pressure

## What it sees
A KV cache that was full while requests waited for room in it, or were thrown out and had to start again, for a real
part of the window.

## Why it costs
A preempted request is computed twice; a waiting one keeps its user waiting while the GPU has time.

## What it changes
The first that the estimate shows to give room enough: `gpu_memory_utilization`, `kv_cache_dtype`, `max_num_seqs` where
nothing waits and requests only displace each other, another kind or number of GPUs, more replicas.

## When it stays silent
- GPU memory is 95 % full and the KV cache is not: vLLM takes its part at the start, used or not.
- The cache was full for a moment, and nobody waited.
- CPU is short: requests then stay longer than the GPU needs (see starved-gpu).
- Nothing that can be changed gives room enough.
- It is parked, training, or younger than the window.

## How sure it is
0.9 for a larger part of the memory; 0.8 for more replicas; as the proof says for other GPUs; 0.65 for a KV cache in
FP8, which can change answers. Less where the room is not all that is wanted.

## Sources
- Preemption and its cures: https://docs.vllm.ai/en/v0.19.0/configuration/optimization/#preemption
- Room by setting: `trimtab.estimate`. Lowering gpu_memory_utilization, as some advise, shrinks the cache.
- FP8 KV cache: https://docs.vllm.ai/en/v0.19.0/features/quantization/quantized_kvcache/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from trimtab import demand
from trimtab.estimate import divides_heads
from trimtab.fleet import Cluster, Unknown, Workload
from trimtab.rule import Finding, Layer, Option, RuleSettings, SilenceKind, Verdict, WorkloadRule, subject_of


class Limits(RuleSettings):
    """What counts as relief."""

    relief: float = Field(1.1, ge=1, description="Room wanted, times what requests hold and wait for.")
    preallocated: float = Field(0.85, gt=0, le=1, description="GPU memory use from which its look is explained.")


class KvCachePressure:
    """Judges whether requests find room in the KV cache."""

    name: ClassVar[str] = "kv-cache-pressure"
    layer: ClassVar[Layer] = Layer.MODEL
    since: ClassVar[str] = "0.1"
    needs: ClassVar[tuple[str, ...]] = ("gpu", "model", "traffic.kv_usage_max")
    observes: ClassVar[bool] = True
    Settings = Limits

    def judge(self, workload: Workload, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
        """Yield a finding with what gives room, in order of cost, or why a full look is no pressure."""
        if demand.hands_off(self.name, workload, standby=False):
            return
        pressed = demand.cache_pressed(workload, cluster)
        reason = "" if pressed else _looks_full(workload, cluster, settings)
        shortage = demand.cpu_shortage(workload, cluster)
        if pressed and shortage and demand.host_bound(workload, cluster):
            reason = f"{pressed}, but {shortage.reason}, so requests stay longer than the GPU needs; see starved-gpu"
        if reason:
            yield demand.silence(self.name, workload, SilenceKind.LOOK_ALIKE, reason)
        elif pressed:
            now = demand.deployment_of(workload)
            peak = now if isinstance(now, Unknown) else demand.peak_of(workload, now)
            if isinstance(now, Unknown) or isinstance(peak, Unknown):
                missing = peak.reason if isinstance(peak, Unknown) else ""
                yield demand.silence(self.name, workload, SilenceKind.MISSING, f"{pressed}; {missing}")
            else:
                wanted = _wanted(workload, peak, settings)
                yield _cure(demand.Case(workload, cluster, now, wanted, demand.Margins(0.0, cures=True)), pressed)


def _looks_full(workload: Workload, cluster: Cluster, settings: Limits) -> str:
    """Return what makes it look full though it is not; empty where it does not even look so."""
    usage = demand.number(workload.traffic.kv_usage_max, 0.0)
    if usage >= 0.95:  # noqa: PLR2004 - the same line that `cache_pressed` draws
        return f"the KV cache was {usage:.0%} full once in {demand.window(cluster)}, and no request waited for it"
    total = 0.0 if isinstance(workload.gpu, Unknown) else workload.gpu.value.memory_gib
    used = max((demand.number(gpu.memory_used_max_gib, 0.0) for gpu in workload.gpu_seen), default=0.0)
    if total > 0 and used >= settings.preallocated * total:
        return (
            f"GPU memory is {used / total:.0%} full because vLLM takes it at the start; the KV cache is at {usage:.0%}"
        )
    return ""


def _wanted(workload: Workload, peak: demand.Peak, settings: Limits) -> demand.Peak:
    """Return the demand with the KV cache that waiting requests want as well."""
    waiting = demand.number(workload.traffic.waiting_p95, 0.0) / peak.replicas
    queue = 1 + waiting / max(1.0, peak.concurrency)
    return replace(peak, kv_tokens=peak.kv_tokens * queue * settings.relief)


def _cure(case: demand.Case, pressed: str) -> Verdict:
    """Return the finding with every cure that gives room, or why there is none."""
    tried = demand.try_moves(case, _moves(case))
    options = (*demand.cache_cures(case), *tried.options, *demand.replica_cures(case))
    if not options:
        reason = f"{pressed}; {tried.why_none('nothing gives more room')}"
        return demand.silence(KvCachePressure.name, case.workload, SilenceKind.NO_BETTER, reason)
    return _finding(case, pressed, options, tried)


def _moves(case: demand.Case) -> list[demand.Move]:
    """Return places with more memory: other kinds with as many GPUs, and twice as many of the same."""
    now, workload = case.now, case.workload
    same = 2 * now.gpus
    twice = (same,) if demand.only_tensor_parallel(workload) and divides_heads(now.model, same) else ()
    found = [*demand.moves(workload, case.cluster, (now.gpus,)), *demand.own_moves(workload, case.cluster, twice)]
    more = [move for move in found if move.pool.gpu.memory_gib * move.gpus > now.gpu.memory_gib * now.gpus]
    return sorted(more, key=lambda move: (move.size * move.gpus, move.title))


def _finding(case: demand.Case, pressed: str, options: tuple[Option, ...], tried: demand.Tried) -> Finding:
    workload, traffic = case.workload, case.workload.traffic
    return Finding(
        rule=KvCachePressure.name,
        layer=KvCachePressure.layer,
        subject=subject_of(workload),
        diagnosis=f"The KV cache of {demand.model_name(workload)} is full: {pressed}.",
        evidence=demand.evidence(
            case.cluster,
            ("KV cache in use, max", traffic.kv_usage_max, "ratio"),
            ("KV cache in use, p95", traffic.kv_usage_p95, "ratio"),
            ("requests waiting, p95", traffic.waiting_p95, "requests"),
            ("preemptions", traffic.preemptions, "count"),
            ("KV cache of one replica", traffic.kv_cache_tokens, "tokens"),
            ("requests in progress, busiest moment", traffic.running_peak, "requests"),
        ),
        risk="medium",
        cures=True,
        before=demand.footprint(workload),
        options=options,
        otherwise="Requests go on waiting for room, or being computed twice.",
        more_gpus="A further replica would take its part of the requests, and hold the weights once more.",
        considered=tried.considered,
    )


rule: WorkloadRule[Limits] = KvCachePressure()
