"""out-of-memory-risk

## What it sees
Settings with which the model will not start, or dies under load: weights that do not fit, a KV cache too small for one
request of the longest context, a warm-up that takes more than is left. Manifests alone are enough for that. Where the
workload is live, also containers that the kernel killed for memory.

## Why it costs
A replica that does not start holds its GPUs and serves nobody; one that dies takes its requests with it.

## What it changes
The smallest that the estimate shows to start: `gpu_memory_utilization`, `max_model_len` where requests are shorter,
`max_num_seqs`, `gpu_count` with `tensor_parallel_size`, `gpu_product`; `memory_limit` where the host's memory ran out.

## When it stays silent
- The estimate doubts what has run for the window without a restart: what runs is the better proof.
- The model's shape, or its GPU, is not known.
- It is parked, or training.

## How sure it is
0.95 where restarts confirm the estimate, 0.85 from the estimate alone, 0.7 where only the careful end of its range
says so.

## Sources
- The order in which vLLM takes memory, and what failed on measured start-ups: `trimtab.estimate`.
- More than the last peak after a kill: https://github.com/robusta-dev/krr (memory, OOM)
- A CUDA out-of-memory error ends a container with exit code 1, not with OOMKilled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from trimtab import demand
from trimtab.estimate import Impossible, Memory
from trimtab.fleet import Cluster, Unknown, Workload
from trimtab.rule import (
    Finding,
    Layer,
    Option,
    RuleSettings,
    SilenceKind,
    Verdict,
    WorkloadRule,
    subject_of,
)


class Limits(RuleSettings):
    """How much room is given."""

    host_margin: float = Field(1.25, ge=1.05, description="Host memory granted, times the larger of use and limit.")


class OutOfMemoryRisk:
    """Judges whether a workload can start and stay up with its settings."""

    name: ClassVar[str] = "out-of-memory-risk"
    layer: ClassVar[Layer] = Layer.MODEL
    since: ClassVar[str] = "0.1"
    needs: ClassVar[tuple[str, ...]] = ()
    observes: ClassVar[bool] = False
    Settings = Limits

    def judge(self, workload: Workload, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
        """Yield a finding for GPU memory, or for the host's, or why a doubt is none."""
        if demand.hands_off(self.name, workload, standby=False):
            return
        if demand.number(workload.health.oom_kills, 0.0) > 0:
            yield from _host(workload, cluster, settings)
            return
        now = demand.deployment_of(workload)
        held = Impossible(now.reason) if isinstance(now, Unknown) else demand.memory_of(now)
        if isinstance(now, Unknown) or isinstance(held, Impossible):
            reason = f"whether it fits cannot be told: {held.reason if isinstance(held, Impossible) else ''}"
            yield demand.silence(self.name, workload, SilenceKind.MISSING, reason)
            return
        danger, confidence = _danger(workload, held)
        if danger and demand.serves(workload):
            reason = f"the estimate doubts that it starts ({danger}), but it has run without a restart"
            yield demand.silence(self.name, workload, SilenceKind.LOOK_ALIKE, reason)
        elif danger:
            options = demand.starting_options(workload, cluster, now, held)
            yield _finding(workload, cluster, danger, confidence, (held, options))


def _danger(workload: Workload, held: Memory) -> tuple[str, float]:
    """Return why it will not start or will die, and how sure that is; empty where it will not."""
    crashes = demand.number(workload.health.crash_exits, 0.0) > 0
    if not held.fits:
        return held.reason or held.outcome, 0.95 if crashes else 0.85
    if held.kv_cache_tokens.low > 0 and held.max_concurrency.low < 1:
        return "its KV cache may not hold one request of the longest context", 0.9 if crashes else 0.7
    return (held.reason, 0.8) if held.reason and crashes else ("", 0.0)


def _finding(
    workload: Workload, cluster: Cluster, danger: str, confidence: float, cure: tuple[Memory, tuple[Option, ...]]
) -> Finding:
    held, options = cure
    basis = "trimtab.estimate, from the model's configuration"
    figures = (
        demand.derived("weights on one GPU", held.weights_gib.value, "GiB", basis),
        demand.derived("KV cache of one GPU", held.kv_cache_gib.value, "GiB", basis),
        demand.derived("longest context that fits", held.max_model_len_that_fits, "tokens", basis),
    )
    none = demand.option(workload, (), demand.footprint(workload), demand.no_proof(confidence))
    advice = f"Choose a GPU with more memory, more GPUs, or a quantised build of {demand.model_name(workload)}."
    return Finding(
        rule=OutOfMemoryRisk.name,
        layer=OutOfMemoryRisk.layer,
        subject=subject_of(workload),
        diagnosis=f"{demand.model_name(workload)} on {workload.gpus_per_pod} {demand.gpu_name(workload)} will run out "
        f"of GPU memory: {danger}.",
        evidence=(*figures, *demand.evidence(cluster, ("restarts", workload.health.restarts, "count"))),
        risk="medium",
        cures=True,
        before=demand.footprint(workload),
        options=tuple(demand.at_most(confidence, one) for one in options) or (none,),
        otherwise="The replica does not start, or dies under load, and holds its GPUs all the same.",
        more_gpus="More replicas with the same settings would fail in the same way.",
        advice="" if options else advice,
    )


def _host(workload: Workload, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
    """Yield a finding that raises the host memory limit which the kernel enforced, or the request without one."""
    host = workload.host
    field = "memory_limit" if demand.known(host.memory_limit_gib) else "memory_request"
    needed = max(demand.number(host.memory_limit_gib, 0.0), demand.number(host.memory_used_max_gib, 0.0))
    if needed <= 0:
        reason = "containers were killed for memory, and neither their limit nor their use is known"
        yield demand.silence(OutOfMemoryRisk.name, workload, SilenceKind.MISSING, reason)
        return
    changes = (demand.change(workload, field, f"{math.ceil(needed * settings.host_margin)}Gi"),)
    yield Finding(
        rule=OutOfMemoryRisk.name,
        layer=OutOfMemoryRisk.layer,
        subject=subject_of(workload),
        diagnosis=f"The kernel killed containers of {workload.name} for host memory, not GPU memory.",
        evidence=demand.evidence(
            cluster,
            ("containers killed for memory", workload.health.oom_kills, "count"),
            ("host memory used by a pod, max", host.memory_used_max_gib, "GiB"),
            ("host memory limit", host.memory_limit_gib, "GiB"),
        ),
        risk="low",
        cures=True,
        before=demand.footprint(workload),
        options=(demand.option(workload, changes, demand.footprint(workload), demand.no_proof(0.85)),),
        otherwise="It goes on being killed, and each start loads the weights anew.",
        more_gpus="More GPUs would not help: the host's memory ran out, not theirs.",
    )


rule: WorkloadRule[Limits] = OutOfMemoryRisk()
