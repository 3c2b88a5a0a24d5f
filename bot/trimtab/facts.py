"""Facts as they were read, before anything is joined: a flat, recordable form.

A cluster's facts are labelled series under the names of `SIGNALS`. A signal has either one figure for the window
(`values` of length one) or one for each hour (`hourly`, oldest first, NaN where nothing was recorded). What a signal's
labels mean is the same whatever exporter, release or relabelling it came from: the reader has normalised it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from trimtab.fleet import Gap, Scalar, Serving


@dataclass(frozen=True, slots=True)
class Signal:
    """What a signal is.

    Attributes:
        labels: Names of its labels; `*` stands for all that the source has.
        unit: Of the value.
        hourly: Whether `values` holds one figure for each hour of the window.
        meaning: In one sentence.
    """

    labels: tuple[str, ...]
    unit: str
    meaning: str
    hourly: bool = False


_POD = ("namespace", "pod")
_BOX = ("namespace", "pod", "container")
_STEM = ("namespace", "stem")
_GPU = ("uuid", "gpu_instance", "mig_profile", "node", "model", "namespace", "pod")
_OWNER = ("owner_kind", "owner_name")
_TOP = ("namespace", "kind", "name")

SIGNALS: Mapping[str, Signal] = {
    # kube-state-metrics: pods. Window signals include pods that are gone; *_now ones do not.
    "pod_samples": Signal((*_POD, "node"), "count", "samples of the pod in the window: its weight in averages"),
    "pod_now": Signal((*_POD, "node"), "1", "the pod existed in the last hour of the window"),
    "pod_owner": Signal((*_POD, *_OWNER), "1", "direct owner of the pod"),
    "replicaset_owner": Signal(("namespace", "replicaset", *_OWNER), "1", "owner of a ReplicaSet"),
    "job_owner": Signal(("namespace", "job", *_OWNER), "1", "owner of a Job"),
    "pod_created": Signal(_POD, "unix s", "when the pod was created"),
    "pod_phase": Signal((*_POD, "phase"), "1", "the pod's phase in the last hour, only the phases that hold"),
    "pod_unschedulable": Signal(_POD, "1", "the scheduler found no place, in the last hour"),
    "pod_gpu_request": Signal((*_BOX, "resource", "node"), "units", "GPU units requested; resource as in Kubernetes"),
    "pod_cpu_request": Signal(_BOX, "cores", "CPU requested"),
    "pod_cpu_limit": Signal(_BOX, "cores", "CPU limit"),
    "pod_memory_request": Signal(_BOX, "bytes", "memory requested"),
    "pod_memory_limit": Signal(_BOX, "bytes", "memory limit"),
    "pod_restarts": Signal(_BOX, "count", "restarts within the window"),
    "pod_last_exit": Signal((*_BOX, "reason"), "1", "reason of the last termination"),
    "pods_hourly": Signal(_STEM, "count", "pods with a GPU request, mean of the hour", hourly=True),
    # kube-state-metrics: owners, scalers
    "workload_replicas": Signal(_TOP, "count", "spec.replicas now"),
    "workload_created": Signal(_TOP, "unix s", "when the object was created"),
    "workload_annotations": Signal((*_TOP, "*"), "1", "labels `annotation_*` and `label_*` of the object, sanitised"),
    "autoscaler": Signal(("namespace", "name", "target_kind", "target_name"), "1", "an HPA and what it scales"),
    "autoscaler_min": Signal(("namespace", "name"), "count", "spec.minReplicas"),
    "autoscaler_max": Signal(("namespace", "name"), "count", "spec.maxReplicas"),
    # kube-state-metrics: nodes
    "node_labels": Signal(("node", "*"), "1", "labels `label_*`, sanitised"),
    "node_allocatable": Signal(("node", "resource"), "units", "allocatable now; cpu in cores, GPU resources in units"),
    "node_capacity": Signal(("node", "resource"), "units", "capacity now, the same resources"),
    "node_created": Signal(("node",), "unix s", "when the node was created"),
    "node_unready": Signal(("node",), "1", "not ready or unschedulable now"),
    "node_gpu_requested_avg": Signal(("node",), "units", "GPU units requested on the node, mean over the window"),
    "node_cpu_requested": Signal(("node",), "cores", "CPU requested by pods placed now"),
    # node-exporter
    "node_cpu_busy_avg": Signal(("node",), "ratio", "share of CPU time not idle, mean"),
    "node_cpu_busy_p95": Signal(("node",), "ratio", "the same, 95th percentile of hours"),
    # cAdvisor, pause container excluded
    "cpu_used_avg": Signal(_POD, "cores", "CPU used, mean over the pod's life in the window"),
    "cpu_used_hourly": Signal(_STEM, "cores", "CPU used by all pods of the stem, mean of the hour", hourly=True),
    "cpu_throttled": Signal(_POD, "ratio", "throttled CFS periods over all periods"),
    "memory_used_max": Signal(_POD, "bytes", "working set, maximum"),
    "oom_events": Signal(_POD, "count", "kernel out-of-memory kills within the window"),
    # dcgm-exporter; blanks dropped; pod is the one that holds the GPU, empty where none
    "gpu_samples": Signal(_GPU, "count", "samples of the GPU with these labels: its weight in averages"),
    "gpu_busy_avg": Signal(_GPU, "ratio", "graphics engine active (profiling metric, else GPU utilisation), mean"),
    "gpu_busy_p95": Signal(_GPU, "ratio", "the same, 95th percentile"),
    "gpu_busy_max": Signal(_GPU, "ratio", "the same, maximum"),
    "gpu_tensor_avg": Signal(_GPU, "ratio", "tensor pipe active, mean; profiling metric only"),
    "gpu_dram_avg": Signal(_GPU, "ratio", "memory interface active, mean; profiling metric only"),
    "gpu_dram_p95": Signal(_GPU, "ratio", "the same, 95th percentile"),
    "gpu_memory_used_max": Signal(_GPU, "bytes", "framebuffer used, maximum"),
    "gpu_memory_total": Signal(_GPU, "bytes", "framebuffer used + free + reserved"),
    "gpu_power_avg": Signal(_GPU, "W", "power, mean"),
    "gpu_busy_hourly": Signal(_STEM, "ratio", "graphics engine active, mean of the hour over the stem", hourly=True),
    # inference engines (vLLM by an alias table of old and new names; others where they have the like)
    "engine_model": Signal((*_POD, "model_name", "engine"), "1", "served model name; engine `vllm`, `sglang` …"),
    "engine_config": Signal((*_POD, "*"), "1", "labels of vllm:cache_config_info"),
    "running_avg": Signal(_POD, "requests", "requests in progress, mean"),
    "running_max": Signal(_POD, "requests", "the same, maximum"),
    "waiting_max": Signal(_POD, "requests", "requests waiting (for capacity where told apart), maximum"),
    "waiting_p95": Signal(_POD, "requests", "the same, 95th percentile"),
    "kv_usage_avg": Signal(_POD, "ratio", "KV cache in use, mean"),
    "kv_usage_p95": Signal(_POD, "ratio", "the same, 95th percentile"),
    "kv_usage_max": Signal(_POD, "ratio", "the same, maximum"),
    "preemptions": Signal(_POD, "count", "preemptions within the window"),
    "prefix_queries": Signal(_POD, "tokens", "prompt tokens looked up in the prefix cache within the window"),
    "prefix_hits": Signal(_POD, "tokens", "of them found"),
    "requests_total": Signal(_POD, "requests", "requests finished within the window"),
    "prompt_tokens_total": Signal(_POD, "tokens", "prompt tokens within the window"),
    "output_tokens_total": Signal(_POD, "tokens", "generated tokens within the window"),
    "requests_hourly": Signal(_STEM, "requests/s", "requests finished", hourly=True),
    "prompt_tokens_hourly": Signal(_STEM, "tokens/s", "prompt tokens", hourly=True),
    "output_tokens_hourly": Signal(_STEM, "tokens/s", "generated tokens", hourly=True),
    "running_hourly": Signal(_STEM, "requests", "sum over pods of the hour's maximum in progress", hourly=True),
    "waiting_hourly": Signal(_STEM, "requests", "sum over pods of the hour's maximum waiting", hourly=True),
    "ttft_p95": Signal(_STEM, "s", "time to first token, 95th percentile of the window's requests"),
    "ttft_p95_least": Signal(_STEM, "s", "the same, the lower bound of its histogram's bucket: it is no less"),
    "ttft_avg": Signal(_STEM, "s", "the same, mean"),
    "tpot_p95": Signal(_STEM, "s", "time per output token, 95th percentile"),
    "tpot_p95_least": Signal(_STEM, "s", "the same, the lower bound of its histogram's bucket: it is no less"),
    "tpot_avg": Signal(_STEM, "s", "the same, mean"),
    "input_tokens_p99": Signal(_STEM, "tokens", "prompt length of one request, 99th percentile"),
    # cost exporter
    "gpu_hourly_cost": Signal(("node", "instance_type"), "USD/h", "OpenCost's price of one GPU of the node"),
}
"""Every signal a reader may give. `stem` is a pod's name without the hashes that its owner appends (`pod_stem`)."""

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
STEM_PATTERN = f"(.+?)(?:-(?:[{_SAFE}]{{7,10}}|[0-9a-f]{{8,10}})-[0-9a-z]{{5}}|-[{_SAFE}]{{5}})?"
"""A pod's name as RE2 and Python both read it, to be matched as a whole; group 1 is the stem.

Names end in five characters of an alphabet without vowels and look-alikes, before them, for a ReplicaSet's pods, up to
ten characters of the same alphabet: k8s.io/apimachinery v0.31 util/rand (`SafeEncodeString`), k8s.io/kubernetes v1.31
pkg/controller/controller_utils.go. Hashes shorter than seven are rarer than one in 4,000 and would swallow the size in
`qwen-72b-x7k2p`. Controllers before 1.7 wrote plain digits, which the hexadecimal branch takes.
"""
_STEM_OF = re.compile(STEM_PATTERN)


def pod_stem(pod: str) -> str:
    """Return a pod's name without the hashes that its owner appended; other names stay as they are."""
    match = _STEM_OF.fullmatch(pod)
    return match.group(1) if match else pod


@dataclass(frozen=True, slots=True)
class Series:
    """One labelled result of a signal. `labels` are sorted by name; empty labels are left out."""

    signal: str
    labels: tuple[tuple[str, str], ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LiveObject:
    """A workload or node as the Kubernetes API shows it.

    Attributes:
        kind: Deployment, StatefulSet, Node …
        namespace: Empty for nodes.
        name: Its name.
        labels: As in the API, keys unsanitised.
        annotations: The same.
        settings: Of the serving container, in the vocabulary's words, for workloads.
        resource_version: The list's, kept to prove which state was seen.
    """

    kind: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    settings: Mapping[str, Scalar]
    resource_version: str = ""


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """All that was read of one cluster for a window.

    Attributes:
        cluster: Its name in the configuration.
        ended_at_s: End of the window, Unix seconds: the newest sample's hour, at most now.
        window_s: Length, seconds.
        series: Ordered by signal, then labels.
        queries: The PromQL that gave each signal, to paste.
        objects: What the Kubernetes API showed; empty where it was not asked.
        gaps: What could not be read.
    """

    cluster: str
    ended_at_s: int
    window_s: int
    series: tuple[Series, ...]
    queries: Mapping[str, str]
    objects: tuple[LiveObject, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file in Git that no parser takes."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """All that was read of one repository.

    Attributes:
        name: Its name in the configuration.
        commit: Hex id of the commit read; empty for a folder that is not a Git checkout.
        tree_digest: `sha256:` over the paths and bytes read, for a folder without commits as for one with.
        clusters: Clusters it is deployed to, by configuration.
        servings: What it serves, ordered by subject.
        files_read: How many YAML files were looked at.
        unreadable: Those that no parser takes.
        gaps: Why it could not be read at all, or not rendered.
    """

    name: str
    commit: str
    tree_digest: str
    clusters: tuple[str, ...]
    servings: tuple[Serving, ...]
    files_read: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a run judges.

    Attributes:
        clusters: Ordered by name.
        repositories: Ordered by name.
        digest: `sha256:` over the recorded form.
    """

    clusters: tuple[ClusterFacts, ...]
    repositories: tuple[RepositoryFacts, ...]
    digest: str = field(default="")
