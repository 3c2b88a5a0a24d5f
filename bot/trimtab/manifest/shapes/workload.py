"""Kubernetes' own workloads, and those that copy them: an object with one pod template."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import PodSpec, draft_of, pod_of_template, serving_containers, take_pod
from trimtab.manifest.scale import take_autoscaler, take_knative, take_replicas
from trimtab.manifest.shapes.shape import Shape

_SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "Rollout", "ReplicationController", "DeploymentConfig"})
_BATCH = frozenset({"Job", "CronJob"})
_WORKS = re.compile(r"(?:^|-)(?:bench(?:mark)?s?|eval(?:uation)?s?)(?:-|$)")
"""Names of jobs that start a server to measure it."""


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each container that serves.

    A job serves only where its command starts a server; one that starts Ollama does so to pull a model, and one that is
    named after a benchmark to measure it.
    """
    pod = _pod(thing)
    spec = thing.at.get("spec")
    if pod is None or spec is None:
        return
    for container, settings in serving_containers(pod, context, thing.namespace):
        if thing.kind in _BATCH and (not settings.spoken or settings.engine == "ollama" or _WORKS.search(thing.name)):
            continue
        draft = draft_of(thing, container, settings, "plain")
        take_pod(draft, pod, container)
        if thing.kind in _SCALED:
            take_replicas(draft, spec)
            take_autoscaler(draft, context)
        if thing.kind == "Service":
            take_knative(draft, pod.metadata)
        yield draft


def _pod(thing: Thing) -> PodSpec | None:
    spec = thing.at.get("spec")
    if spec is None or thing.kind == "Pod":
        return PodSpec(spec) if spec is not None else None
    if thing.kind == "CronJob":
        return pod_of_template(spec.get("jobTemplate", "spec", "template"))
    return pod_of_template(spec.get("template"))


SHAPE = Shape(
    frozenset(
        {
            ("apps", "Deployment"),
            ("apps", "StatefulSet"),
            ("apps", "DaemonSet"),
            ("apps", "ReplicaSet"),
            ("", "Pod"),
            ("", "ReplicationController"),
            ("apps.openshift.io", "DeploymentConfig"),
            ("argoproj.io", "Rollout"),
            ("batch", "Job"),
            ("batch", "CronJob"),
            ("serving.knative.dev", "Service"),
        }
    ),
    servings,
)
