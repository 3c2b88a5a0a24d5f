"""The kinds of objects that are listed, and how the official client lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object and how the official client lists it.

    Attributes:
        kind: As in manifests.
        plural: As in a role.
        api: Class of the client.
        method: Its method.
        version: `apiVersion`, which items of a list leave out.
        arguments: Further arguments of the method.
    """

    kind: str
    plural: str
    api: str
    method: str
    version: str = "v1"
    arguments: Mapping[str, object] = field(default_factory=dict)


def _all(kind: str, plural: str, api: str, version: str) -> Kind:
    """Return a kind that is listed over all namespaces."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind)
    return Kind(kind, plural, api, f"list{snake}_for_all_namespaces", version)


def _custom(kind: str, plural: str, group: str, version: str) -> Kind:
    """Return a kind of a custom resource, which a cluster may not have."""
    arguments = {"group": group, "version": version, "plural": plural}
    return Kind(kind, plural, "CustomObjectsApi", "list_cluster_custom_object", f"{group}/{version}", arguments)


def _config(namespace: str) -> Kind:
    """Return the ConfigMaps of a namespace in which GPU operators live."""
    return Kind(
        "ConfigMap", "configmaps", "CoreV1Api", "list_namespaced_config_map", arguments={"namespace": namespace}
    )


WORKLOADS = (
    _all("Deployment", "deployments", "AppsV1Api", "apps/v1"),
    _all("StatefulSet", "statefulsets", "AppsV1Api", "apps/v1"),
    _all("DaemonSet", "daemonsets", "AppsV1Api", "apps/v1"),
    _all("ReplicaSet", "replicasets", "AppsV1Api", "apps/v1"),
    _all("Job", "jobs", "BatchV1Api", "batch/v1"),
    _all("CronJob", "cronjobs", "BatchV1Api", "batch/v1"),
    _custom("LeaderWorkerSet", "leaderworkersets", "leaderworkerset.x-k8s.io", "v1"),
    _custom("InferenceService", "inferenceservices", "serving.kserve.io", "v1beta1"),
)
SYNCS = (
    _custom("Application", "applications", "argoproj.io", "v1alpha1"),
    _custom("Kustomization", "kustomizations", "kustomize.toolkit.fluxcd.io", "v1"),
    _custom("HelmRelease", "helmreleases", "helm.toolkit.fluxcd.io", "v2"),
)
"""What brings Git to the cluster, and says how far it came."""
KINDS = (
    Kind("Node", "nodes", "CoreV1Api", "list_node"),
    _all("Pod", "pods", "CoreV1Api", "v1"),
    *WORKLOADS,
    _all("HorizontalPodAutoscaler", "horizontalpodautoscalers", "AutoscalingV2Api", "autoscaling/v2"),
    Kind(
        "Event",
        "events",
        "CoreV1Api",
        "list_event_for_all_namespaces",
        arguments={"field_selector": "reason=FailedScheduling"},
    ),
    _all("ResourceQuota", "resourcequotas", "CoreV1Api", "v1"),
    *SYNCS,
    *(_config(namespace) for namespace in ("gpu-operator", "nvidia-gpu-operator", "nvidia-device-plugin")),
)
"""Everything that is asked for, in this order."""
