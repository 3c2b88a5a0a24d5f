"""Kubernetes' own workloads: an object with one pod template."""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.context import Context, Thing
from trimtab.manifest.hit import Draft
from trimtab.manifest.pod import PodSpec, draft_of, pod_of_template, serving_containers, take_pod
from trimtab.manifest.scale import take_autoscaler, take_replicas
from trimtab.manifest.shapes.shape import Shape

_SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "Rollout", "ReplicationController"})


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each container that serves."""
    spec = thing.at.get("spec")
    if spec is None:
        return
    pod = PodSpec(spec) if thing.kind == "Pod" else pod_of_template(spec.get("template"))
    if pod is None:
        return
    for container, settings in serving_containers(pod, context, thing.namespace):
        draft = draft_of(thing, container, settings, "plain")
        take_pod(draft, pod, container)
        if thing.kind in _SCALED:
            take_replicas(draft, spec)
            take_autoscaler(draft, context)
        yield draft


SHAPE = Shape(
    frozenset(
        {
            ("apps", "Deployment"),
            ("apps", "StatefulSet"),
            ("apps", "DaemonSet"),
            ("apps", "ReplicaSet"),
            ("", "Pod"),
            ("argoproj.io", "Rollout"),
            ("serving.knative.dev", "Service"),
        }
    ),
    servings,
)
