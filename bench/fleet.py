"""A made-up fleet of any size as OpenMetrics text, written slice by slice so that promtool reads every line once.

Figures follow a day's rhythm and are otherwise plain: what is measured is how much there is, not what it says. The
names are those of kube-state-metrics, cAdvisor, node-exporter, dcgm-exporter and vLLM 0.25.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

GPUS_PER_NODE = 8
CPUS_PER_NODE = 8
"""Series of CPU time for each node: fewer than it has cores, for they are all alike."""
BUCKETS = ("0.01", "0.05", "0.1", "0.5", "1", "5", "10", "+Inf")
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is; `step_s` is the time between two samples."""

    gpus: int = 2000
    workloads: int = 400
    days: int = 7
    step_s: int = 300


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod: which workload, on which node, holding which GPUs, from when to when."""

    workload: int
    name: str
    node: int
    gpus: tuple[int, ...]
    started_s: float
    ended_s: float


def pods_of(size: Size, started_at_s: int, ended_at_s: int) -> tuple[Pod, ...]:
    """Return every pod of the window: each workload has its share of GPUs; a third of the pods were replaced once."""
    pods: list[Pod] = []
    gpu = 0
    for index in range(size.gpus):
        workload = index % size.workloads
        width = (1, 1, 1, 2, 4)[workload % 5]
        if gpu + width > size.gpus or (gpu % GPUS_PER_NODE) + width > GPUS_PER_NODE:
            gpu += -gpu % GPUS_PER_NODE
        if gpu + width > size.gpus:
            break
        held = tuple(range(gpu, gpu + width))
        gpu += width
        middle = (started_at_s + ended_at_s) / 2
        spans = [(-math.inf, middle), (middle, math.inf)] if index % 3 == 0 else [(-math.inf, math.inf)]
        for life, (start, end) in enumerate(spans):
            suffix = "".join(ALPHABET[index * 7 // 27**place % 27] for place in range(4)) + ALPHABET[life]
            name = f"w{workload:03}-7c9d8f6b5d-{suffix}"
            pods.append(Pod(workload, name, held[0] // GPUS_PER_NODE, held, start, end))
    return tuple(pods)


class Writer:
    """Writes series for one slice of time."""

    def __init__(self, out: TextIO, times: Sequence[int], started_at_s: int) -> None:
        """Prepare the figures that many series share."""
        self._out = out
        self._times = times
        day = [(1 + math.cos((time_s % 86400 / 3600 - 14) / 24 * 2 * math.pi)) / 2 for time_s in times]
        grown = [time_s - started_at_s for time_s in times]
        self._columns = {
            "one": [f" 1 {time_s}" for time_s in times],
            "share": [f" {0.1 + 0.4 * part:.4f} {time_s}" for part, time_s in zip(day, times, strict=True)],
            "count": [f" {round(8 * part)} {time_s}" for part, time_s in zip(day, times, strict=True)],
            "percent": [f" {round(10 + 40 * part)} {time_s}" for part, time_s in zip(day, times, strict=True)],
            "slow": [f" {seconds * 0.2:.1f} {time_s}" for seconds, time_s in zip(grown, times, strict=True)],
            "fast": [f" {seconds * 40} {time_s}" for seconds, time_s in zip(grown, times, strict=True)],
            "mib": [f" {70000 + round(1000 * part)} {time_s}" for part, time_s in zip(day, times, strict=True)],
        }

    def series(self, head: str, column: str, span: tuple[float, float] = (-math.inf, math.inf)) -> None:
        """Write one series with a shared column, as far as it lives in this slice."""
        tails = self._columns[column]
        if span != (-math.inf, math.inf):
            tails = [tail for tail, time_s in zip(tails, self._times, strict=True) if span[0] <= time_s < span[1]]
        if tails:
            self._out.write(head + f"\n{head}".join(tails) + "\n")


def write_slice(out: TextIO, size: Size, pods: Sequence[Pod], window: tuple[int, int], times: Sequence[int]) -> None:
    """Write all samples at some times, as OpenMetrics text."""
    writer = Writer(out, times, window[0])
    for node in range(-(-size.gpus // GPUS_PER_NODE)):
        _node(writer, node)
    for workload in range(size.workloads):
        _workload(writer, workload)
    for pod in pods:
        _pod(writer, pod)
    out.write("# EOF\n")


def _node(writer: Writer, node: int) -> None:
    """Write one node."""
    name = f"node-{node:04}"
    product = 'label_nvidia_com_gpu_product="NVIDIA-H100-80GB-HBM3"'
    writer.series(f'kube_node_labels{{node="{name}",{product}}}', "one")
    writer.series(f'kube_node_status_condition{{node="{name}",condition="Ready",status="true"}}', "one")
    writer.series(f'kube_node_created{{node="{name}"}}', "one")
    for state in ("allocatable", "capacity"):
        for resource in ("cpu", "memory", "nvidia_com_gpu"):
            writer.series(f'kube_node_status_{state}{{node="{name}",resource="{resource}"}}', "mib")
    for cpu in range(CPUS_PER_NODE):
        writer.series(f'node_cpu_seconds_total{{instance="{name}:9100",cpu="{cpu}",mode="idle"}}', "slow")


def _workload(writer: Writer, workload: int) -> None:
    """Write one Deployment."""
    labels = f'namespace="llm",deployment="w{workload:03}"'
    writer.series(f"kube_deployment_spec_replicas{{{labels}}}", "one")
    writer.series(f"kube_deployment_created{{{labels}}}", "one")
    writer.series(f'kube_deployment_annotations{{{labels},annotation_trimtab_dev_intent="chat"}}', "one")
    owner = f'replicaset="w{workload:03}-7c9d8f6b5d",owner_kind="Deployment",owner_name="w{workload:03}"'
    writer.series(f'kube_replicaset_owner{{namespace="llm",{owner}}}', "one")


def _pod(writer: Writer, pod: Pod) -> None:
    """Write one pod: its objects, its container, its GPUs and its engine."""
    span = (pod.started_s, pod.ended_s)
    base = f'namespace="llm",pod="{pod.name}"'
    node = f'node="node-{pod.node:04}"'
    box = f'{base},container="server"'
    for name, labels in _pod_objects(base, box, node, f"w{pod.workload:03}-7c9d8f6b5d"):
        writer.series(f"{name}{{{labels}}}", "one", span)
    image = f'{box},image="vllm/vllm-openai:v0.19.0",id="/kubepods/{pod.name}"'
    writer.series(f"container_cpu_usage_seconds_total{{{image}}}", "slow", span)
    writer.series(f"container_cpu_cfs_periods_total{{{image}}}", "fast", span)
    writer.series(f"container_cpu_cfs_throttled_periods_total{{{image}}}", "slow", span)
    writer.series(f"container_memory_working_set_bytes{{{image}}}", "mib", span)
    for gpu in pod.gpus:
        _gpu(writer, gpu, base, span)
    _engine(writer, base, span)


def _pod_objects(base: str, box: str, node: str, replicaset: str) -> Iterator[tuple[str, str]]:
    """Yield kube-state-metrics' names and labels for a pod."""
    yield "kube_pod_info", f"{base},{node}"
    yield "kube_pod_owner", f'{base},owner_kind="ReplicaSet",owner_name="{replicaset}"'
    yield "kube_pod_created", base
    yield "kube_pod_status_phase", f'{base},phase="Running"'
    for resource in ("nvidia_com_gpu", "cpu", "memory"):
        yield "kube_pod_container_resource_requests", f'{box},{node},resource="{resource}"'
        yield "kube_pod_container_resource_limits", f'{box},{node},resource="{resource}"'
    yield "kube_pod_container_status_restarts_total", box


def _gpu(writer: Writer, gpu: int, base: str, span: tuple[float, float]) -> None:
    """Write one GPU."""
    where = f'Hostname="node-{gpu // GPUS_PER_NODE:04}",modelName="NVIDIA H100 80GB HBM3",job="dcgm-exporter"'
    labels = f'gpu="{gpu % GPUS_PER_NODE}",UUID="GPU-{gpu:05}",{where},{base}'
    for name in ("PROF_GR_ENGINE_ACTIVE", "PROF_DRAM_ACTIVE", "PROF_PIPE_TENSOR_ACTIVE"):
        writer.series(f"DCGM_FI_{name}{{{labels}}}", "share", span)
    for name in ("GPU_UTIL", "POWER_USAGE"):
        writer.series(f"DCGM_FI_DEV_{name}{{{labels}}}", "percent", span)
    for name in ("FB_USED", "FB_FREE"):
        writer.series(f"DCGM_FI_DEV_{name}{{{labels}}}", "mib", span)


def _engine(writer: Writer, base: str, span: tuple[float, float]) -> None:
    """Write one engine's gauges, counters and histograms."""
    labels = f'{base},model_name="meta-llama/Llama-3.1-8B-Instruct",engine="0"'
    for name in ("num_requests_running", "num_requests_waiting"):
        writer.series(f"vllm:{name}{{{labels}}}", "count", span)
    writer.series(f"vllm:kv_cache_usage_perc{{{labels}}}", "share", span)
    config = 'block_size="16",num_gpu_blocks="25000",kv_cache_size_tokens="400000",gpu_memory_utilization="0.9"'
    writer.series(f'vllm:cache_config_info{{{base},engine="0",{config}}}', "one", span)
    writer.series(f'vllm:request_success_total{{{labels},finished_reason="stop"}}', "slow", span)
    writer.series(f"vllm:num_preemptions_total{{{labels}}}", "one", span)
    for name in ("prompt_tokens", "generation_tokens", "prefix_cache_queries", "prefix_cache_hits"):
        writer.series(f"vllm:{name}_total{{{labels}}}", "fast", span)
    for name in ("time_to_first_token_seconds", "inter_token_latency_seconds", "request_prompt_tokens"):
        for edge in BUCKETS:
            writer.series(f'vllm:{name}_bucket{{{labels},le="{edge}"}}', "slow", span)
        writer.series(f"vllm:{name}_sum{{{labels}}}", "slow", span)
        writer.series(f"vllm:{name}_count{{{labels}}}", "slow", span)
