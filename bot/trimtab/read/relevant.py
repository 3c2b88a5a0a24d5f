"""Keeps the facts that are about GPUs: a cluster has many pods and nodes that no rule looks at."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trimtab.facts import SIGNALS, Series, pod_stem
from trimtab.read.query import GPU_RESOURCES

_GPU_PODS = frozenset(
    {"pod_gpu_request", "gpu_samples", "engine_model", "engine_config", "running_max", "waiting_max", "kv_usage_max"}
    | {"requests_total", "prompt_tokens_total", "output_tokens_total"}
)
"""Signals that only pods with GPUs have, or pods that serve a model."""
_HOLDERS = frozenset({"node_allocatable", "node_capacity"})
_GPU_LABEL = re.compile(r"label_(nvidia_com_gpu_.*|amd_com_gpu.*|cloud_google_com_gke_accelerator)")
_RESOURCE = re.compile(GPU_RESOURCES)


def relevant(series: Sequence[Series]) -> tuple[Series, ...]:
    """Return the series of pods, stems, owners and nodes that have to do with GPUs, ordered by signal and labels."""
    labelled = [(one, dict(one.labels)) for one in series]
    pods = {_pod(labels) for one, labels in labelled if one.signal in _GPU_PODS and "pod" in labels}
    stems = {(namespace, pod_stem(pod)) for namespace, pod in pods}
    nodes = {labels.get("node", "") for one, labels in labelled if _holds_gpus(one, labels)}
    owners = {
        (labels.get("namespace"), labels.get("owner_name"))
        for one, labels in labelled
        if one.signal == "pod_owner" and _pod(labels) in pods
    }
    kept = []
    for one, labels in labelled:
        wanted = SIGNALS[one.signal].labels
        if "pod" in wanted and "uuid" not in wanted:
            keep = _pod(labels) in pods
        elif one.signal in {"replicaset_owner", "job_owner"}:
            keep = (labels.get("namespace"), labels.get("replicaset") or labels.get("job")) in owners
        elif one.signal == "cpu_used_hourly":
            keep = (labels.get("namespace", ""), labels.get("stem", "")) in stems
        else:
            keep = "uuid" in wanted or wanted[0] != "node" or labels.get("node", "") in nodes
        if keep:
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: (one.signal, one.labels)))


def _pod(labels: dict[str, str]) -> tuple[str, str]:
    """Return namespace and pod."""
    return labels.get("namespace", ""), labels.get("pod", "")


def _holds_gpus(one: Series, labels: dict[str, str]) -> bool:
    """Return whether the series shows that its node has GPUs."""
    if one.signal in _HOLDERS:
        return bool(_RESOURCE.fullmatch(labels.get("resource", ""))) and one.values[-1] > 0
    if one.signal == "node_labels":
        return any(_GPU_LABEL.fullmatch(label) for label in labels)
    return one.signal in {"pod_gpu_request", "gpu_samples", "gpu_hourly_cost"}
