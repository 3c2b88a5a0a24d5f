"""starved-gpu

## What it sees
GPUs that wait for the CPU: the pods are throttled, at their CPU limit, or on a node without idle CPU, while the GPU
is less than 60 % active and requests wait or answers come later than the GPU accounts for.

## Why it costs
The GPU is paid for while it waits. vLLM has one process for the API, one for the scheduler and one for each GPU; the
scheduler starts every step, so each delay of it is a delay of all GPUs of the replica.

## What it changes
`cpu_request`, and `cpu_limit` with it where the limit throttles or would be below the request: to what was used, raised
by what throttling held back, at least 2 x (2 + GPUs) hardware threads, at most what the node can give.

## When it stays silent
- GPU utilisation is low, but CPU is to spare: a batch between runs, or simply little traffic.
- The CPU is short, but nobody waits.
- The node has no CPU to give.

## How sure it is
0.9 where requests wait or an objective is missed; 0.75 where only the estimate says that answers come late; 0.6 where
the engine shows no metrics.

## Sources
- 2 + N physical cores, twice as many hardware threads, and that low GPU utilisation can mean CPU contention:
  https://docs.vllm.ai/en/v0.20.0/configuration/optimization/#cpu-resources-for-gpu-deployments
- CFS throttling: https://docs.kernel.org/scheduler/sched-bwc.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from trimtab import demand
from trimtab.fleet import Cluster, Workload
from trimtab.rule import Change, Evidence, Finding, Layer, RuleSettings, SilenceKind, Verdict, WorkloadRule, subject_of


class Limits(RuleSettings):
    """Where the line is drawn."""

    gpu_busy: float = Field(0.6, gt=0, le=1, description="Mean GPU activity below which the GPU may be waiting.")
    late: float = Field(1.5, ge=1, description="Times the estimate's upper bound from which a token is late.")
    margin: float = Field(1.25, ge=1, description="Cores granted for each core that is wanted.")


class StarvedGpu:
    """Judges whether CPU holds the GPU back."""

    name: ClassVar[str] = "starved-gpu"
    layer: ClassVar[Layer] = Layer.NODE
    since: ClassVar[str] = "0.1"
    needs: ClassVar[tuple[str, ...]] = ("host.cpu_used_avg_cores",)
    observes: ClassVar[bool] = True
    Settings = Limits

    def judge(self, workload: Workload, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
        """Yield a finding with the CPU to give, or why a quiet GPU is not starved."""
        busy, off = demand.gpu_busy_avg(workload), demand.hands_off(self.name, workload)
        shortage = demand.cpu_shortage(workload, cluster)
        unused = demand.number(workload.traffic.running_peak, 1.0) <= 0
        if not demand.known(busy) and shortage and not unused and not off:
            reason = f"{shortage.reason}, but whether its GPU waits is not known: {demand.first_unknown((busy,))}"
            yield demand.silence(self.name, workload, SilenceKind.MISSING, reason)
        if not demand.known(busy) or busy.value >= settings.gpu_busy or unused:
            return
        if off or not shortage:
            reason = f"its GPU is active {busy.value:.0%} of the time, and the CPU is not why: there is CPU to spare"
            yield off or demand.silence(self.name, workload, SilenceKind.LOOK_ALIKE, reason)
            return
        symptom, confidence = _symptom(workload, settings)
        wanted = _wanted_cores(workload, settings)
        cores = min(wanted, demand.grantable_cores(workload, cluster))
        if not symptom:
            reason = f"{shortage.reason}, but no request waits or comes late"
            yield demand.silence(self.name, workload, SilenceKind.LOOK_ALIKE, reason)
        elif cores <= demand.cpu_cores_now(workload):
            reason = f"{shortage.reason}; {wanted} cores are wanted, and its nodes have none left to give"
            yield demand.silence(self.name, workload, SilenceKind.NO_BETTER, reason)
        else:
            reason = f"{shortage.reason}, and {symptom}"
            yield _finding(workload, cluster, cores, confidence, (reason, shortage.evidence))


def _symptom(workload: Workload, settings: Limits) -> tuple[str, float]:
    """Return what users feel of it, and how sure that makes the finding; empty where nothing is felt."""
    traffic, wishes = workload.traffic, workload.wishes
    waiting = demand.number(traffic.waiting_p95, 0.0)
    if waiting >= 1:
        return f"{waiting:.0f} requests wait (p95)", 0.9
    for name, today, objective in (
        ("the first token", traffic.ttft_p95_ms, wishes.ttft_p95_ms),
        ("a token", traffic.tpot_p95_ms, wishes.tpot_p95_ms),
    ):
        if demand.known(today) and demand.known(objective) and today.value > objective.value:
            return f"{name} takes {today.value:,.0f} ms (p95), the objective is {objective.value:,.0f} ms", 0.9
    if not demand.known(traffic.tpot_avg_ms):
        untold = not demand.known(traffic.waiting_p95)
        return ("its engine shows no metrics of who waits", 0.6) if untold else ("", 0.0)
    accounted = demand.accounted_tpot_ms(workload)
    if traffic.tpot_avg_ms.value > settings.late * accounted:
        return f"a token takes {traffic.tpot_avg_ms.value:.0f} ms where the GPU needs {accounted:.0f} ms at most", 0.75
    return "", 0.0


def _wanted_cores(workload: Workload, settings: Limits) -> int:
    """Return the cores of a pod without a shortage: use, raised by what throttling held back (at most doubled).

    A limit that throttles is too low even where the mean use is below it: steps come in bursts.
    """
    host = workload.host
    used = demand.number(host.cpu_used_p95_cores, demand.number(host.cpu_used_avg_cores, 0.0))
    throttled = min(0.5, max(0.0, demand.number(host.throttled, 0.0)))
    limit = demand.cpu_limit_cores(workload)
    raised = limit * (1 + throttled) if throttled > 0 and math.isfinite(limit) else 0.0
    return math.ceil(max(used / (1 - throttled) * settings.margin, raised, demand.least_cores(workload)))


def _finding(
    workload: Workload, cluster: Cluster, cores: float, confidence: float, why: tuple[str, Evidence]
) -> Finding:
    given = f"{cores:.0f}"
    changes: tuple[Change, ...] = (demand.change(workload, "cpu_request", given),)
    if demand.cpu_limit_cores(workload) < cores:
        changes += (demand.change(workload, "cpu_limit", given),)
    busy = demand.gpu_busy_avg(workload)
    traffic, host = workload.traffic, workload.host
    return Finding(
        rule=StarvedGpu.name,
        layer=StarvedGpu.layer,
        subject=subject_of(workload),
        diagnosis=f"{demand.gpu_name(workload)} is active {demand.number(busy, 0.0):.0%} of the time because the CPU "
        f"does not feed it: {why[0]}.",
        evidence=(
            why[1],
            *demand.evidence(
                cluster,
                ("GPU active, mean", busy, "ratio"),
                ("CPU used by a pod, p95", host.cpu_used_p95_cores, "cores"),
                ("CPU requested by a pod", host.cpu_request_cores, "cores"),
                ("requests waiting, p95", traffic.waiting_p95, "requests"),
                ("time per output token, mean", traffic.tpot_avg_ms, "ms"),
            ),
        ),
        risk="low",
        cures=True,
        before=demand.footprint(workload),
        options=(demand.option(workload, changes, demand.footprint(workload), demand.no_proof(confidence)),),
        otherwise="The GPU goes on waiting for the CPU, and requests for the GPU.",
        more_gpus="More GPUs would make it worse: each brings a process that polls for work and takes time from the "
        "same short CPU, so every GPU would wait longer.",
    )


rule: WorkloadRule[Limits] = StarvedGpu()
