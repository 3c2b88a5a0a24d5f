"""NVIDIA's NIM operator (apps.nvidia.com): NIMService, and NIMPipeline that holds several; a NIMCache serves nothing.

Source: https://github.com/NVIDIA/k8s-nim-operator, api/apps/v1alpha1 (v3.0). A profile, chosen by `NIM_MODEL_PROFILE`
or by the cache, is built for one kind of GPU, one precision and one number of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest.container import Container, nim_model, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.environment import Environment
from trimtab.manifest.gpu_bound import bind, profile_of, profile_reason
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys, take_variables
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import PodSpec, environment_of, labels_of, take_pod
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.owner import image_of
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor

_GROUP = "apps.nvidia.com"
_NODES = {
    "tensor_parallel_size": ("multiNode", "parallelism", "tensor"),
    "pipeline_parallel_size": ("multiNode", "parallelism", "pipeline"),
}
_SCALE = {"min_replicas": ("scale", "hpa", "minReplicas"), "max_replicas": ("scale", "hpa", "maxReplicas")}


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for a NIMService, or for each service of a pipeline that is switched on."""
    spec = thing.at.get("spec")
    if spec is None:
        return
    if thing.kind == "NIMService":
        yield _service(thing, context, spec, "")
        return
    for item in spec.items("services"):
        inner = item.get("spec")
        if inner is not None and item.word("enabled") != "false":
            yield _service(thing, context, inner, item.word("name"))


def _service(thing: Thing, context: Context, spec: Cursor, name: str) -> Draft:
    image, tag = image_of(spec.get("image"))
    environment = environment_of(spec, context, thing.namespace)
    settings = read_engine(Container(spec, [], environment, image, tag, "nim"))
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, name, "crd", "nim")
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    take_variables(draft, spec, "nim", listed=True)
    draft.add(nim_model(spec.get("image", "repository")))
    take_pod(draft, PodSpec(spec), spec)
    if spec.get("multiNode") is not None:
        take_keys(draft, spec, _NODES)
    take_replicas(draft, spec)
    if spec.word("scale", "enabled") == "true":
        _take_scale(draft, spec)
    _bind(draft, spec, environment, _cached(thing, context, spec))
    return draft


def _take_scale(draft: Draft, spec: Cursor) -> None:
    take_keys(draft, spec, _SCALE)
    reason = "the HPA of `spec.scale` owns the number of replicas; set min_replicas or max_replicas"
    draft.adders.pop("replicas", None)
    draft.refusals["replicas"] = reason
    if "replicas" in draft.hits:
        draft.hits["replicas"] = replace(draft.hits["replicas"], locked=reason)


def _cached(thing: Thing, context: Context, spec: Cursor) -> str:
    """Return the profiles that the cache of a service holds, where it is told which; empty where it is not."""
    name = spec.word("storage", "nimCache", "name")
    for one in context.things_named("NIMCache", name) if name else ():
        if one.group == _GROUP and one.name == name and len({one.namespace, thing.namespace} - {""}) < 2:  # noqa: PLR2004 - one or none
            model = one.at.get("spec", "source", "ngc", "model")
            profiles = model.items("profiles") if model is not None else ()
            kinds = [item.word("product") for item in model.items("gpus")] if model is not None else []
            ways = model.word("tensorParallelism") if model is not None else ""
            named = [item.string for item in profiles if item.string != "all"] or [*kinds, *([ways] if ways else [])]
            return ", ".join(named) and f"of the NIMCache {name} ({', '.join(named)})"
    return ""


def _bind(draft: Draft, spec: Cursor, environment: Environment, cached: str) -> None:
    """Refuse what a chosen profile fixes, and what draws GPUs in another way."""
    named = profile_of(environment) or spec.word("storage", "nimCache", "profile") or cached
    if spec.get("draResources") is not None:
        draft.refusals["gpu_count"] = draft.refusals["gpu_resource"] = "the GPUs come by resource claims (draResources)"
    if named:
        bind(draft, profile_reason(named))


SHAPE = Shape(frozenset({(_GROUP, "NIMService"), (_GROUP, "NIMPipeline")}), servings, speaks=True)
