"""The domain: what runs where, what declares it in Git, and what was seen of it.

Every type is frozen. A figure that may be missing is `Found | Unknown`: an absent metric is never a zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value and where it comes from.

    Attributes:
        value: The value.
        source: The PromQL to paste, `path:line` in Git, or the catalogue's entry.
    """

    value: T
    source: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that could not be had, and why."""

    reason: str


Measure: TypeAlias = Found[float] | Unknown


# --------------------------------------------------------------------------------------------------------------- Git


@dataclass(frozen=True, slots=True)
class Location:
    """The exact characters that carry a value.

    Attributes:
        repository: The repository's name in the configuration.
        path: The file, relative to the repository's root, with `/`.
        document: Index of the YAML document in the file, from 0.
        line: Line of the first character, from 1.
        start: Byte offset of the first byte of the value, quotes outside.
        end: Byte offset after the last byte.
    """

    repository: str
    path: str
    document: int
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Setting:
    """One word of the vocabulary as it stands in Git.

    Attributes:
        field: The vocabulary's word, such as `max_model_len`.
        value: Number or boolean, or the text as written for quantities.
        raw: The characters of the span.
        location: Where they are.
        via: `flag`, `shell`, `env`, `field`, `configmap`, `dotenv`, `parameter` or `selector`.
        editable: Whether changing these bytes changes what runs.
        reason: Why not editable; empty where it is.
    """

    field: str
    value: Scalar
    raw: str
    location: Location
    via: str
    editable: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """A Kubernetes object by name; `namespace` is empty where Git leaves it open."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Serving:
    """An object in Git that serves a model.

    Attributes:
        subject: The address used by `inspect` and `edit`: `path#Kind/namespace/name/container`.
        repository: The repository's name in the configuration.
        path: The file, relative to the root.
        document: Index of the YAML document, from 0.
        api_version: The object's; empty for a list item of Helm values.
        kind: The object's; empty for a list item of Helm values.
        namespace: As declared, or as the wrapper deploys it; empty where Git leaves it open.
        name: The object's, or the item's.
        container: The serving container's, or the item's.
        wrapper: `plain`, `helm-values`, `flux-helmrelease`, `argo-application`, `kustomize` or `crd`.
        engine: `vllm`, `sglang` …; empty where it cannot be told.
        settings: By the vocabulary's word; what stands nowhere is absent.
        annotations: Annotations and labels of the object and of its pod template, as written.
        live_names: The objects this becomes in a cluster, where rendering or the shape tells.
        live_names_by: How `live_names` are known: `the object itself`, `rendered with helm`, `the shape's naming` …
        selector_key: The label key of the GPU product selector, where one stands; empty otherwise.
        clusters: Names of the clusters that this is deployed to; empty where the repository's own list holds.
    """

    subject: str
    repository: str
    path: str
    document: int
    api_version: str
    kind: str
    namespace: str
    name: str
    container: str
    wrapper: str
    engine: str
    settings: Mapping[str, Setting]
    annotations: Mapping[str, str] = field(default_factory=dict)
    live_names: tuple[ObjectRef, ...] = ()
    live_names_by: str = ""
    selector_key: str = ""
    clusters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """The declaration of a live workload, with how the two were joined and how sure that is.

    Attributes:
        serving: What Git says.
        how: In a few words: `same kind, namespace and name`, `rendered with helm`, …
        sure: Probability that the join is right, 0 to 1.
    """

    serving: Serving
    how: str
    sure: float


# ----------------------------------------------------------------------------------------------------- hardware, model


@dataclass(frozen=True, slots=True)
class GpuType:
    """One kind of GPU, or one MIG slice of it.

    Attributes:
        name: The node's `nvidia.com/gpu.product`, such as `NVIDIA-H100-80GB-HBM3`.
        memory_gib: Usable memory as the runtime reports it (79.19 for an "80 GB" H100).
        bandwidth_gb_s: Peak memory bandwidth, 10^9 bytes a second.
        tflops: Dense peak by precision: `fp32`, `bf16`, `fp16`, `fp8`, `int8`, `fp4`; absent where unsupported.
        link_gb_s: GPU to GPU bandwidth inside a node, one direction, 10^9 bytes a second; 0 where unknown.
        compute_capability: CUDA's, such as 9.0; 0 for other makers.
        family: `turing`, `volta`, `ampere`, `ada`, `hopper`, `blackwell`, `cdna3` …
        slices: Compute slices out of 7 for a MIG profile; 7 for a whole GPU.
        source: Where the figures are from.
    """

    name: str
    memory_gib: float
    bandwidth_gb_s: float
    tflops: Mapping[str, float]
    link_gb_s: float
    compute_capability: float
    family: str
    slices: int = 7
    source: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model by name, with its shape.

    Attributes:
        name: The Hugging Face id where it is known, else the name as given.
        config_json: The text of its `config.json`, parsed by `trimtab.estimate`.
        source: Where the configuration is from.
    """

    name: str
    config_json: str
    source: str = ""


class Sharing(StrEnum):
    """How one GPU is divided among pods."""

    WHOLE = "whole"
    MIG = "mig"
    TIME_SLICED = "time-sliced"


@dataclass(frozen=True, slots=True)
class GpuObservation:
    """One GPU, or one MIG instance, over the window.

    Attributes:
        uuid: The device's; with MIG followed by `/` and the instance's number.
        node: The node that holds it.
        product: The node's label value where known, else derived from `modelName`.
        pods: Namespaced names (`ns/pod`) seen on it in the window.
        busy_avg: Mean share of time that the graphics engine was active, 0 to 1.
        busy_p95: Its 95th percentile.
        busy_max: Its maximum.
        memory_used_max_gib: Largest framebuffer use; says nothing of need where the engine preallocates.
        tensor_avg: Mean tensor pipe activity, 0 to 1.
        dram_avg: Mean memory interface activity, 0 to 1.
        dram_p95: Its 95th percentile.
        power_avg_w: Mean power, watts.
        mig_profile: `1g.10gb` …; empty for a whole GPU.
    """

    uuid: str
    node: str
    product: str
    pods: tuple[str, ...]
    busy_avg: Measure
    busy_p95: Measure
    busy_max: Measure
    memory_used_max_gib: Measure
    tensor_avg: Measure
    dram_avg: Measure
    dram_p95: Measure
    power_avg_w: Measure
    mig_profile: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A node with GPUs.

    Attributes:
        cluster: Its cluster.
        name: Its name.
        product: `nvidia.com/gpu.product`; Unknown where neither labels nor DCGM tell.
        instance_type: The cloud's; empty where unknown.
        labels: All that are known, with their real keys where the API gave them.
        gpus: Physical GPUs.
        allocatable: Allocatable by GPU resource name (`nvidia.com/gpu`, `nvidia.com/mig-1g.10gb` …), now.
        requested: Requested by running and pending pods placed here, by GPU resource name, now.
        requested_avg: Mean over the window of what was requested, all GPU resources together.
        cpu_cores: Allocatable CPU, cores.
        cpu_requested: Requested by placed pods, cores.
        cpu_busy_avg: Mean share of CPU time not idle, 0 to 1.
        cpu_busy_p95: Its 95th percentile.
        sharing: How its GPUs are divided.
        replicas_per_gpu: Time-slicing replicas of one GPU; 1 where whole.
        purpose: Label `trimtab.dev/purpose`; `headroom` is kept free on purpose.
        ready: Whether it is ready and schedulable, as far as is known.
        age_s: Seconds since it was created or first seen in the window.
    """

    cluster: str
    name: str
    product: Found[str] | Unknown
    instance_type: str
    labels: Mapping[str, str]
    gpus: int
    allocatable: Mapping[str, float]
    requested: Mapping[str, float]
    requested_avg: Measure
    cpu_cores: Measure
    cpu_requested: Measure
    cpu_busy_avg: Measure
    cpu_busy_p95: Measure
    sharing: Sharing = Sharing.WHOLE
    replicas_per_gpu: int = 1
    purpose: str = ""
    ready: bool = True
    age_s: Measure = field(default_factory=lambda: Unknown("not read"))

    def free(self, resource: str) -> float:
        """Return how many of a GPU resource no pod has asked for."""
        return max(0.0, self.allocatable.get(resource, 0.0) - self.requested.get(resource, 0.0))


# ------------------------------------------------------------------------------------------------------------ workloads


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


@dataclass(frozen=True, slots=True)
class Pool:
    """All nodes of one kind of GPU in one cluster that a pod could be placed on.

    Attributes:
        gpu: The kind.
        resource: The resource its nodes offer.
        free: Units that no pod has asked for, ready nodes only.
        largest_free: The most free units on one node: the largest pod that can be placed at once.
        nodes: How many nodes.
        selector_key: The node label that carries the product's name; empty where none is known.
        selector_value: Its value on these nodes.
        capacity_known: Whether `free` is known at all (without kube-state-metrics it is not).
    """

    gpu: GpuType
    resource: str
    free: float
    largest_free: float
    nodes: int
    selector_key: str
    selector_value: str
    capacity_known: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be read, stated.

    Attributes:
        cluster: Where; empty for a repository.
        what: `prometheus`, `vllm metrics`, a repository's name …
        reason: Why, in words a user can act on.
        blind: Whether the whole cluster could not be judged because of it.
    """

    cluster: str
    what: str
    reason: str
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster, the unit of work.

    Attributes:
        name: As configured.
        provider: `aws`, `azure`, `gcp` …; empty where unsaid.
        region: The provider's; empty where unsaid.
        window_s: Length of the observation window, seconds.
        nodes: Nodes with GPUs.
        workloads: Live ones, and declared ones that do not run.
        pools: What could be moved to.
        gaps: What could not be read.
        usd_per_gpu_hour: Price by GPU product or instance type as the cluster's own cost exporter reports it.
        orphans: Declarations that no live workload matched although the cluster answered.
        ttft_p95_ms_assumed: Objective for time to first token where a workload declares none (`objectives` of the
            configuration).
        tpot_p95_ms_assumed: The same for time per output token.
    """

    name: str
    provider: str
    region: str
    window_s: int
    nodes: tuple[Node, ...]
    workloads: tuple[Workload, ...]
    pools: tuple[Pool, ...]
    gaps: tuple[Gap, ...]
    usd_per_gpu_hour: Mapping[str, float] = field(default_factory=dict)
    orphans: tuple[Serving, ...] = ()
    ttft_p95_ms_assumed: float = 1000.0
    tpot_p95_ms_assumed: float = 50.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything that was read, joined; ordered by name, so that the same facts give the same bytes."""

    clusters: tuple[Cluster, ...]
    gaps: tuple[Gap, ...]
    facts_digest: str
    ended_at_s: int
    """End of the observation window, Unix seconds."""
