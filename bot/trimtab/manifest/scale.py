"""Replicas, and the autoscaler that owns them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.autoscalers import autoscalers_of, is_beside
from trimtab.manifest.container import field_hit
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft, Writer
from trimtab.manifest.objects import Thing
from trimtab.manifest.resources import add_path
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.write import add_pair

SCALERS = {
    "HorizontalPodAutoscaler": ("autoscaling", "minReplicas", "maxReplicas"),
    "ScaledObject": ("keda.sh", "minReplicaCount", "maxReplicaCount"),
    "PodAutoscaler": ("autoscaling.aibrix.ai", "minReplicas", "maxReplicas"),
    "WatermarkPodAutoscaler": ("datadoghq.com", "minReplicas", "maxReplicas"),
    "VariantAutoscaling": ("llmd.ai", "", ""),
    "MultidimPodAutoscaler": ("autoscaling.gke.io", "", ""),
}
"""Where each kind says between which numbers it scales; empty where it does not."""


def take_replicas(draft: Draft, spec: Cursor, *, first: bool = True) -> None:
    """Add `replicas` of a `spec`, or how to write it."""
    found = spec.get("replicas")
    if found is not None and found.string:
        value = vocabulary.read("replicas", found.string)
        draft.add({"replicas": field_hit("replicas", value, found)})
        return

    def add(value: Scalar) -> tuple[Splice, ...]:
        return (add_pair(spec, "replicas", value, first=first),)

    draft.adders["replicas"] = add


def take_autoscaler(draft: Draft, context: Context) -> None:
    """Add the limits of an autoscaler that scales the object; then the count is its own and not to be written.

    What a VerticalPodAutoscaler sets is its own too.
    """
    _take_vertical(draft, context)
    for kind, (group, lowest, highest) in SCALERS.items():
        found = [one for one in autoscalers_of(draft, kind, "scaleTargetRef", context) if one.group == group]
        if found:
            _own(draft, found[0], lowest, highest, beside=is_beside(found[0], draft, context))
            return


def _take_vertical(draft: Draft, context: Context) -> None:
    """Let requests and limits be those that a VerticalPodAutoscaler sets, unless it only recommends.

    Source: https://github.com/kubernetes/autoscaler, vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1 (1.4): the
    mode is `Auto` and both resources are controlled unless said; a container's own policy wins over that of `*`.
    """
    for thing in autoscalers_of(draft, "VerticalPodAutoscaler", "targetRef", context):
        if thing.group != "autoscaling.k8s.io":
            continue
        policies = {
            one.word("containerName"): one for one in thing.at.items("spec", "resourcePolicy", "containerPolicies")
        }
        policy = policies.get(draft.container) or policies.get("*")
        modes = (thing.at.word("spec", "updatePolicy", "updateMode"), policy.word("mode") if policy is not None else "")
        if "Off" in modes:
            continue
        controlled = policy.get("controlledResources") if policy is not None else None
        names = [one.string for one in controlled.items()] if controlled is not None else ["cpu", "memory"]
        _lock_host(draft, names, f"{thing.kind} {thing.name} ({thing.path}:{thing.at.line}) sets it")


def _lock_host(draft: Draft, resources: Sequence[str], reason: str) -> None:
    for field in (f"{name}_{part}" for name in resources for part in ("request", "limit")):
        draft.refusals[field] = reason
        if field in draft.hits:
            draft.hits[field] = replace(draft.hits[field], locked=draft.hits[field].locked or reason)


def _own(draft: Draft, thing: Thing, lowest: str, highest: str, *, beside: bool) -> None:
    """Let an autoscaler own the number of replicas; the limits of one that is not beside it are edited there."""
    reason = f"{thing.kind} {thing.name} ({thing.path}:{thing.at.line}) owns the number of replicas"
    for field, key in (("min_replicas", lowest), ("max_replicas", highest)):
        found = thing.at.get("spec", key) if beside and key else None
        if found is not None and found.string:
            draft.add({field: field_hit(field, vocabulary.read(field, found.string), found)})
        elif beside and key:
            draft.adders[field] = _adder(thing, key)
        else:
            another = f", and may be another's of that name; edit `{key}` there"
            draft.refusals[field] = f"{reason}{another if key else ''}"
    if "replicas" in draft.hits:
        draft.hits["replicas"] = replace(draft.hits["replicas"], locked=reason)
    draft.adders.pop("replicas", None)
    draft.refusals["replicas"] = reason


def _adder(thing: Thing, key: str) -> Writer:
    def add(value: Scalar) -> tuple[Splice, ...]:
        spec = thing.at.get("spec")
        return (add_pair(spec, key, value),) if spec is not None else ()

    return add


_KNATIVE = {"min_replicas": ("min-scale", "minScale"), "max_replicas": ("max-scale", "maxScale")}


def take_knative(draft: Draft, metadata: Cursor | None) -> None:
    """Add the limits between which Knative scales a revision: annotations of its template.

    Source: https://knative.dev/docs/serving/autoscaling/scale-bounds/ (v1.19); `minScale` is the old spelling.
    """
    annotations = metadata.get("annotations") if metadata is not None else None
    for field, names in _KNATIVE.items():
        for name in names:
            found = annotations.get(f"autoscaling.knative.dev/{name}") if annotations is not None else None
            if found is not None and found.string:
                draft.add({field: field_hit(field, vocabulary.read(field, found.string), found)})
        if metadata is not None:
            draft.adders[field] = _annotation(metadata, f"autoscaling.knative.dev/{names[0]}")
    draft.refusals["replicas"] = "Knative scales between min-scale and max-scale; set min_replicas or max_replicas"


def _annotation(metadata: Cursor, name: str) -> Writer:
    return lambda value: (add_path(metadata, ("annotations", name), str(value)),)
