"""What runs, what it is asked to do, and what its users wish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from trimtab.fleet.declared import Place
from trimtab.fleet.found import Found, Measure, Scalar, Unknown
from trimtab.fleet.hardware import GpuObservation, GpuType, Model, Sharing


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a workload was asked to do, over the whole window and all replicas.

    Rates are for the workload as a whole; `hourly_*` hold one figure for each hour of the window, oldest first,
    NaN where nothing was recorded. Lengths are tokens of one request.
    """

    requests_per_s_avg: Measure
    requests_per_s_peak: Measure
    """The busiest hour's mean."""
    prompt_tokens_per_s_peak: Measure
    output_tokens_per_s_peak: Measure
    output_tokens_per_s_avg: Measure
    input_tokens_avg: Measure
    input_tokens_p99: Measure
    output_tokens_avg: Measure
    running_avg: Measure
    """Requests in progress, summed over replicas, mean over the window."""
    running_peak: Measure
    """The largest sum over replicas of the hourly maxima of requests in progress."""
    waiting_max: Measure
    """The largest number of requests in queue, summed over replicas (capacity waits where the engine tells)."""
    waiting_p95: Measure
    kv_usage_max: Measure
    """Largest share of the KV cache in use on any replica, 0 to 1."""
    kv_usage_p95: Measure
    preemptions: Measure
    """Preempted requests over the window."""
    kv_cache_tokens: Measure
    """Capacity of one replica's KV cache as the engine reports it, tokens."""
    prefix_hit: Measure
    """Share of prompt tokens found in the prefix cache, 0 to 1."""
    ttft_p95_ms: Measure
    tpot_p95_ms: Measure
    ttft_avg_ms: Measure
    tpot_avg_ms: Measure
    hourly_requests_per_s: tuple[float, ...] = ()
    hourly_output_tokens_per_s: tuple[float, ...] = ()
    hourly_running: tuple[float, ...] = ()
    ttft_p95_least_ms: Measure = field(default_factory=lambda: Unknown("not read"))
    """What `ttft_p95_ms` certainly exceeds: the lower bound of the histogram's bucket in which it was interpolated."""
    tpot_p95_least_ms: Measure = field(default_factory=lambda: Unknown("not read"))


@dataclass(frozen=True, slots=True)
class Host:
    """The CPU side of a workload; figures are for one pod unless said otherwise."""

    cpu_request_cores: Measure
    cpu_limit_cores: Measure
    cpu_used_avg_cores: Measure
    cpu_used_p95_cores: Measure
    throttled: Measure
    """Share of CFS periods in which the container was throttled, 0 to 1."""
    memory_request_gib: Measure
    memory_limit_gib: Measure
    memory_used_max_gib: Measure


@dataclass(frozen=True, slots=True)
class Health:
    """What went wrong in the window."""

    restarts: Measure
    """Container restarts over the window, all pods."""
    oom_kills: Measure
    """Containers killed by the kernel for memory."""
    crash_exits: Measure
    """Restarts whose last exit was an error other than OOMKilled; CUDA out of memory ends so (exit 1)."""
    unschedulable_pods: Measure


class Intent(StrEnum):
    """What a workload is for: `trimtab.dev/intent`."""

    CHAT = "chat"
    AGENTIC = "agentic"
    BATCH = "batch"
    EMBEDDING = "embedding"
    TRAINING = "training"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What users declared by annotation, or what was inferred and said to be.

    Attributes:
        intent: What the workload is for.
        intent_declared: Whether a person said so.
        ttft_p95_ms: Objective; Unknown where none was declared.
        tpot_p95_ms: Objective; Unknown where none was declared.
        deadline: `HH:MM` UTC by which a daily batch is done; empty where none.
        min_replicas: Never fewer; 0 where not declared.
        standby: Idle on purpose.
        tenant: Whose it is; empty where not declared.
        forbid: What the tenant does not allow, such as `sharing`.
        ignore: Hands off: `("*",)` for all rules, else names of rules.
        ignore_source: Which annotation or label said so.
    """

    intent: Intent = Intent.UNKNOWN
    intent_declared: bool = False
    ttft_p95_ms: Measure = field(default_factory=lambda: Unknown("no objective declared"))
    tpot_p95_ms: Measure = field(default_factory=lambda: Unknown("no objective declared"))
    deadline: str = ""
    min_replicas: int = 0
    standby: bool = False
    tenant: str = ""
    forbid: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ignore_source: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """How many replicas, and who decides.

    Attributes:
        replicas: Desired now: the live object's spec where known, else Git's, else 1.
        ready_avg: Mean number of pods over the window (what is paid for).
        ready_min: Smallest number of pods in an hour of the window.
        autoscaler: Name of the HPA, ScaledObject or the like that owns the count; empty where none.
        min_replicas: The autoscaler's; 0 where none.
        max_replicas: The autoscaler's; 0 where none.
    """

    replicas: int
    ready_avg: Measure
    ready_min: Measure
    autoscaler: str = ""
    min_replicas: int = 0
    max_replicas: int = 0


@dataclass(frozen=True, slots=True)
class Workload:
    """A set of alike pods that serve (or train) on GPUs, joined to its declaration in Git.

    Attributes:
        cluster: Its cluster.
        namespace: Its namespace.
        kind: The top owner's kind: Deployment, StatefulSet, LeaderWorkerSet …
        name: The top owner's name.
        live: Whether a cluster shows it; a declared one that does not run is not live.
        place: Where Git declares it; Unknown where nothing matches.
        settings: Effective settings: live values where known, else Git's, by the vocabulary's word.
        engine: `vllm` …; empty where it cannot be told.
        engine_version: The release; empty where unknown.
        model: The model served, with its shape.
        gpu: The kind of GPU (or MIG slice) its pods run on, or that Git selects.
        gpu_resource: `nvidia.com/gpu`, `nvidia.com/mig-1g.10gb` …
        gpus_per_pod: GPUs (or slices or shares) of one pod.
        share: The part of one physical GPU that one unit of `gpu_resource` is, 0 to 1.
        sharing: How the GPU is divided.
        scale: Replicas and their owner.
        gpu_seen: The GPUs its pods ran on in the window.
        traffic: What it was asked to do.
        host: Its CPU side.
        health: What went wrong.
        wishes: What users declared.
        age_s: Seconds since it was created, or since it was first seen.
        coverage: Share of the window's hours with samples of it, 0 to 1.
        nodes: Names of the nodes that its pods are on.
        live_fields: The words of `settings` whose values the cluster itself showed; the others are Git's.
    """

    cluster: str
    namespace: str
    kind: str
    name: str
    live: bool
    place: Found[Place] | Unknown
    settings: Mapping[str, Scalar]
    engine: str
    engine_version: str
    model: Found[Model] | Unknown
    gpu: Found[GpuType] | Unknown
    gpu_resource: str
    gpus_per_pod: int
    share: float
    sharing: Sharing
    scale: Scale
    gpu_seen: tuple[GpuObservation, ...]
    traffic: Traffic
    host: Host
    health: Health
    wishes: Wishes
    age_s: Measure
    coverage: float
    nodes: tuple[str, ...] = ()
    live_fields: tuple[str, ...] = ()
