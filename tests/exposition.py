"""Turns a short description of a fleet into the metrics that its exporters would have given for a window.

The description is YAML: `nodes` and `workloads`, each a handful of figures. What comes out is OpenMetrics text with
timestamps, for promtool: kube-state-metrics, cAdvisor, node-exporter, dcgm-exporter and vLLM (0.25 names). The figures
stand as they are described: nothing of the program under test is asked what they should be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.buckets import buckets
from tests.specs import NodeSpec, WorkloadSpec

STEP_S = 600
DAY_S = 86400


class Exposition:
    """Collects samples by family and prints them as OpenMetrics text."""

    def __init__(self, ended_at_s: int, window_s: int = 7 * DAY_S) -> None:
        """Describe the time span; samples lie every ten minutes."""
        self.ended_at_s = ended_at_s
        self.started_at_s = ended_at_s - window_s
        self.cluster = ""
        """Label of all series that are added from here on; none where empty."""
        self._families: dict[str, list[str]] = {}

    def times(self, since_s: float = -math.inf, until_s: float = math.inf) -> Iterator[int]:
        """Yield the sample times within the span."""
        for time_s in range(self.started_at_s, self.ended_at_s + 1, STEP_S):
            if since_s <= time_s <= until_s:
                yield time_s

    def add(self, name: str, labels: Mapping[str, str], points: Iterator[tuple[int, float]]) -> None:
        """Add one series."""
        shared = {"cluster": self.cluster} if self.cluster else {}
        inside = ",".join(f'{key}="{value}"' for key, value in sorted({**labels, **shared}.items()))
        lines = self._families.setdefault(name, [])
        lines.extend(f"{name}{{{inside}}} {value:.10g} {time_s}" for time_s, value in points)

    def constant(self, name: str, labels: Mapping[str, str], value: float, since_s: float, until_s: float) -> None:
        """Add a series of one value."""
        self.add(name, labels, ((time_s, value) for time_s in self.times(since_s, until_s)))

    def follow(self, later: Exposition) -> None:
        """Add the samples of a later span."""
        for name, lines in later._families.items():
            self._families.setdefault(name, []).extend(lines)

    def text(self) -> str:
        """Return everything as OpenMetrics text."""
        lines: list[str] = []
        for name, samples in sorted(self._families.items()):
            family = name.removesuffix("_total") if name.endswith("_total") else name
            lines.append(f"# TYPE {family} {'counter' if name.endswith('_total') else 'unknown'}")
            lines.extend(samples)
        return "\n".join([*lines, "# EOF", ""])


def expose(nodes: tuple[NodeSpec, ...], workloads: tuple[WorkloadSpec, ...], ended_at_s: int) -> str:
    """Return the OpenMetrics text of a fleet whose window ends at `ended_at_s`."""
    return expose_clusters({"": (nodes, workloads)}, ended_at_s)


def expose_clusters(
    clusters: Mapping[str, tuple[tuple[NodeSpec, ...], tuple[WorkloadSpec, ...]]], ended_at_s: int
) -> str:
    """Return the text of a server that holds several clusters, told apart by the label `cluster`."""
    out = Exposition(ended_at_s)
    for name, (nodes, workloads) in clusters.items():
        out.cluster = name
        slots = {node.name: iter(range(node.gpus)) for node in nodes}
        by_name = {node.name: node for node in nodes}
        for workload in workloads:
            _workload(out, workload, by_name, slots)
        for node in nodes:
            _node(out, node, slots[node.name])
    return out.text()


def _node(out: Exposition, node: NodeSpec, free: Iterator[int]) -> None:
    """Add a node's own series, and its GPUs that no pod holds."""
    end = out.ended_at_s
    since = end - node.age_days * DAY_S
    labels = {"node": node.name, "label_nvidia_com_gpu_product": node.product}
    if node.purpose:
        labels["label_trimtab_dev_purpose"] = node.purpose
    out.constant("kube_node_labels", labels, 1, since, end)
    out.constant("kube_node_created", {"node": node.name}, since, since, end)
    out.constant(
        "kube_node_status_condition", {"node": node.name, "condition": "Ready", "status": "true"}, 1, since, end
    )
    resource = _sanitised(node.resource)
    for state in ("allocatable", "capacity"):
        gpu = {"node": node.name, "resource": resource, "unit": "integer"}
        cpu = {"node": node.name, "resource": "cpu", "unit": "core"}
        out.constant(f"kube_node_status_{state}", gpu, node.gpus, since, end)
        out.constant(f"kube_node_status_{state}", cpu, node.cpu, since, end)
    for mode, share in (("idle", 1 - node.busy), ("user", node.busy)):
        labels = {"instance": f"{node.name}:9100", "node": node.name, "cpu": "0", "mode": mode}
        out.add(
            "node_cpu_seconds_total",
            labels,
            ((time_s, (time_s - out.started_at_s) * share) for time_s in out.times(since, end)),
        )
    for slot in free:
        _gpu(out, node, slot, Held({}, 0.0, 0.0, 0.01, (since, end)))


@dataclass(frozen=True)
class Held:
    """A GPU as a pod holds it for a span of time; without a pod's labels nobody does."""

    pod: Mapping[str, str]
    busy: float
    dram: float
    memory_used: float
    span: tuple[float, float]


def _gpu(out: Exposition, node: NodeSpec, slot: int, held: Held) -> None:
    """Add one GPU's series of dcgm-exporter."""
    busy, span = held.busy, held.span
    labels = {
        "gpu": str(slot),
        "UUID": f"GPU-{node.name}-{slot}",
        "device": f"nvidia{slot}",
        "modelName": node.product.replace("-", " "),
        "Hostname": node.name,
        **held.pod,
    }
    total_mib = 81_000.0
    out.constant("DCGM_FI_PROF_GR_ENGINE_ACTIVE", labels, busy, *span)
    out.constant("DCGM_FI_DEV_GPU_UTIL", labels, round(busy * 100), *span)
    out.constant("DCGM_FI_PROF_DRAM_ACTIVE", labels, held.dram, *span)
    out.constant("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", labels, busy / 3, *span)
    out.constant("DCGM_FI_DEV_FB_USED", labels, total_mib * held.memory_used, *span)
    out.constant("DCGM_FI_DEV_FB_FREE", labels, total_mib * (1 - held.memory_used), *span)
    out.constant("DCGM_FI_DEV_POWER_USAGE", labels, 70 + 500 * busy, *span)


def _workload(
    out: Exposition, workload: WorkloadSpec, nodes: Mapping[str, NodeSpec], slots: Mapping[str, Iterator[int]]
) -> None:
    """Add a workload's series: owner, pods, and what each pod shows."""
    end = out.ended_at_s
    since = end - workload.age_days * DAY_S
    replicaset = f"{workload.name}-7c9d8f6b5d"
    owner = {"namespace": workload.namespace, workload.kind.lower(): workload.name}
    plural = {"Deployment": "kube_deployment_spec_replicas", "StatefulSet": "kube_statefulset_replicas"}
    out.constant(plural[workload.kind], owner, workload.replicas, since, end)
    out.constant(f"kube_{workload.kind.lower()}_created", owner, since, since, end)
    if workload.kind == "Deployment":
        labels = {"namespace": workload.namespace, "replicaset": replicaset}
        out.constant(
            "kube_replicaset_owner", {**labels, "owner_kind": "Deployment", "owner_name": workload.name}, 1, since, end
        )
    if workload.annotations:
        sanitised = {f"annotation_{_sanitised(key)}": value for key, value in workload.annotations.items()}
        out.constant(f"kube_{workload.kind.lower()}_annotations", {**owner, **sanitised}, 1, since, end)
    if workload.hpa:
        _autoscaler(out, workload, since)
    for index in range(workload.replicas):
        node = nodes[workload.nodes[index % len(workload.nodes)]]
        held = tuple(next(slots[node.name]) for _ in range(workload.gpus)) if _whole(workload.resource) else ()
        for pod, span in _pods(workload, replicaset, index, (max(since, out.started_at_s - DAY_S), end)):
            _pod(out, workload, Pod(pod, node, held, span), replicaset)


def _whole(resource: str) -> bool:
    return resource == "nvidia.com/gpu"


def _pods(
    workload: WorkloadSpec, replicaset: str, index: int, span: tuple[float, float]
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield each pod's name and life; a replaced pod is two."""
    if workload.kind == "StatefulSet":
        yield f"{workload.name}-{index}", span
        return
    alphabet = "bcdfghjklmnpqrst"
    suffix = f"x{alphabet[index % 16]}{alphabet[index // 16 % 16]}z"
    if workload.replaced_pod:
        middle = (span[0] + span[1]) / 2
        yield f"{replicaset}-{suffix}v", (span[0], middle)
        yield f"{replicaset}-{suffix}w", (middle + 1, span[1])
    else:
        yield f"{replicaset}-{suffix}w", span


def _autoscaler(out: Exposition, workload: WorkloadSpec, since: float) -> None:
    """Add an HPA that owns the replica count."""
    low, high = workload.hpa or (1, 1)
    labels = {"namespace": workload.namespace, "horizontalpodautoscaler": f"{workload.name}-hpa"}
    target = {"scaletargetref_kind": workload.kind, "scaletargetref_name": workload.name}
    end = out.ended_at_s
    out.constant("kube_horizontalpodautoscaler_info", {**labels, **target}, 1, since, end)
    out.constant("kube_horizontalpodautoscaler_spec_min_replicas", labels, low, since, end)
    out.constant("kube_horizontalpodautoscaler_spec_max_replicas", labels, high, since, end)


@dataclass(frozen=True)
class Pod:
    """One pod: its name, its node, the GPUs it holds, and the span of its life."""

    name: str
    node: NodeSpec
    slots: tuple[int, ...]
    span: tuple[float, float]


def _pod(out: Exposition, workload: WorkloadSpec, one: Pod, replicaset: str) -> None:
    """Add one pod's series."""
    pod, node, span = one.name, one.node, one.span
    base = {"namespace": workload.namespace, "pod": pod}
    box = {**base, "container": "server"}
    created = span[0]
    owner_kind, owner = ("ReplicaSet", replicaset) if workload.kind == "Deployment" else (workload.kind, workload.name)
    out.constant("kube_pod_info", {**base, "node": node.name, "uid": pod}, 1, *span)
    out.constant("kube_pod_owner", {**base, "owner_kind": owner_kind, "owner_name": owner}, 1, *span)
    out.constant("kube_pod_created", base, created, *span)
    out.constant("kube_pod_status_phase", {**base, "phase": "Running"}, 1, *span)
    request = {**box, "node": node.name}
    out.constant(
        "kube_pod_container_resource_requests",
        {**request, "resource": _sanitised(workload.resource), "unit": "integer"},
        workload.gpus,
        *span,
    )
    out.constant(
        "kube_pod_container_resource_requests",
        {**request, "resource": "cpu", "unit": "core"},
        workload.cpu_request,
        *span,
    )
    if workload.cpu_limit:
        labels = {**request, "resource": "cpu", "unit": "core"}
        out.constant("kube_pod_container_resource_limits", labels, workload.cpu_limit, *span)
    _container(out, workload, base, span)
    for slot in one.slots:
        _gpu(out, node, slot, Held(box, workload.gpu_busy, workload.dram, workload.memory_used, span))
    if workload.engine_metrics:
        _engine(out, workload, base, span)


def _container(out: Exposition, workload: WorkloadSpec, base: Mapping[str, str], span: tuple[float, float]) -> None:
    """Add cAdvisor's series, restarts and the reason of the last exit."""
    box = {**base, "container": "server", "image": "vllm/vllm-openai:v0.19.0"}

    def counter(per_s: float) -> Iterator[tuple[int, float]]:
        return ((time_s, (time_s - span[0]) * per_s) for time_s in out.times(*span))

    out.add("container_cpu_usage_seconds_total", box, counter(workload.cpu_used))
    if workload.cpu_limit:
        out.add("container_cpu_cfs_periods_total", box, counter(10.0))
        out.add("container_cpu_cfs_throttled_periods_total", box, counter(10.0 * workload.throttled))
    out.constant("container_memory_working_set_bytes", box, 12 * 2**30, *span)
    labels = {**base, "container": "server"}
    middle = (span[0] + span[1]) / 2
    out.add(
        "kube_pod_container_status_restarts_total",
        labels,
        ((time_s, workload.restarts if time_s > middle else 0) for time_s in out.times(*span)),
    )
    if workload.restarts:
        reason = "OOMKilled" if workload.oom_killed else "Error"
        out.constant(
            "kube_pod_container_status_last_terminated_reason", {**labels, "reason": reason}, 1, middle, span[1]
        )


def _engine(out: Exposition, workload: WorkloadSpec, base: Mapping[str, str], span: tuple[float, float]) -> None:
    """Add vLLM's series; traffic follows the hours of the day."""
    labels = {**base, "model_name": workload.model, "engine": "0"}
    times = list(out.times(*span))
    load = [_day(workload, time_s) for time_s in times]
    running = [(t, workload.running * part) for t, part in zip(times, load, strict=True)]
    out.add("vllm:num_requests_running", labels, iter(running))
    out.add("vllm:num_requests_waiting", labels, ((t, workload.waiting * x) for t, x in zip(times, load, strict=True)))
    usage = ((t, workload.kv_usage * x) for t, x in zip(times, load, strict=True))
    out.add("vllm:kv_cache_usage_perc", labels, usage)
    config = {
        **base,
        "engine": "0",
        "block_size": "16",
        "num_gpu_blocks": str(workload.kv_tokens // 16),
        "kv_cache_size_tokens": str(workload.kv_tokens),
        "gpu_memory_utilization": "0.9",
        "enable_prefix_caching": "True",
        "cache_dtype": "auto",
    }
    out.constant("vllm:cache_config_info", config, 1, *span)
    each = workload.requests_per_s / workload.replicas
    done = 0.0
    counts: list[tuple[int, float]] = []
    for time_s, part in zip(times, load, strict=True):
        counts.append((time_s, done))
        done += each * part * STEP_S
    _counters(out, workload, labels, counts)


def _counters(
    out: Exposition, workload: WorkloadSpec, labels: Mapping[str, str], requests: list[tuple[int, float]]
) -> None:
    """Add the counters and histograms that grow with finished requests."""

    def scaled(factor: float) -> Iterator[tuple[int, float]]:
        return ((time_s, count * factor) for time_s, count in requests)

    out.add("vllm:request_success_total", {**labels, "finished_reason": "stop"}, scaled(1))
    out.add("vllm:prompt_tokens_total", labels, scaled(workload.input_tokens))
    out.add("vllm:generation_tokens_total", labels, scaled(workload.output_tokens))
    out.add("vllm:num_preemptions_total", labels, scaled(workload.preemptions))
    histograms = (
        ("vllm:time_to_first_token_seconds", workload.ttft_ms / 1000, 1.0),
        ("vllm:inter_token_latency_seconds", workload.tpot_ms / 1000, workload.output_tokens),
        ("vllm:request_prompt_tokens", workload.input_tokens, 1.0),
        ("vllm:request_generation_tokens", workload.output_tokens, 1.0),
    )
    for name, mean, events in histograms:
        out.add(f"{name}_count", labels, scaled(events))
        out.add(f"{name}_sum", labels, scaled(events * mean))
        for bound, share in buckets(name, mean, coarse=workload.coarse):
            le = "+Inf" if math.isinf(bound) else f"{bound:.6g}"
            out.add(f"{name}_bucket", {**labels, "le": le}, scaled(events * share))


def _day(workload: WorkloadSpec, time_s: int) -> float:
    """Return the share of the peak's traffic at a time: a cosine between night and the peak at 14:00 UTC."""
    hour = time_s % DAY_S / 3600
    low, high = workload.busy_hours
    weekday = (time_s // DAY_S + 3) % 7
    if not (low <= hour < high) or (workload.busy_days and weekday not in workload.busy_days):
        return 0.0
    swing = (1 + math.cos((hour - 14) / 24 * 2 * math.pi)) / 2
    return workload.night + (1 - workload.night) * swing


def _sanitised(name: str) -> str:
    """Return a label name as kube-state-metrics writes it."""
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def expose_eras(eras: Mapping[tuple[int, int], tuple[tuple[NodeSpec, ...], tuple[WorkloadSpec, ...]]]) -> str:
    """Return the text of a fleet that was one thing after another: each until a time, for so many seconds."""
    whole = Exposition(0)
    for (end, length), (nodes, workloads) in sorted(eras.items()):
        era = Exposition(end, length)
        slots = {node.name: iter(range(node.gpus)) for node in nodes}
        for workload in workloads:
            _workload(era, workload, {node.name: node for node in nodes}, slots)
        for node in nodes:
            _node(era, node, slots[node.name])
        whole.follow(era)
    return whole.text()
