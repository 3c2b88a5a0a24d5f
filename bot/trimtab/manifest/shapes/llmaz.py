"""llmaz: Playground and Service (inference.llmaz.io), joined with the OpenModel (llmaz.io) that they claim.

Source: https://github.com/InftyAI/llmaz, api/inference/v1alpha1 and api/core/v1alpha1 (v0.1): vLLM unless `backendName`
says another; the first flavor of the model gives the GPUs where the Playground gives none.
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest import resources
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import Container, field_hit, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys
from trimtab.manifest.near import distance
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import environment_of, labels_of, pod_of_template
from trimtab.manifest.resources import GpuSite, gpu_sites
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.roles import Role, servings_of_roles
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor

_GROUP = "inference.llmaz.io"
_ENGINES = {"": "vllm", "vllm": "vllm", "sglang": "sglang", "tgi": "tgi", "llamacpp": "llama.cpp", "ollama": "ollama"}
_SCALE = {"min_replicas": ("elasticConfig", "minReplicas"), "max_replicas": ("elasticConfig", "maxReplicas")}


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield the one serving that the object is."""
    spec = thing.at.get("spec")
    if spec is None:
        return
    for draft in (_playground(thing, context, spec),) if thing.kind == "Playground" else _service(thing, context, spec):
        model = _claimed(thing, context, spec)
        _take_model(draft, model)
        take_replicas(draft, spec)
        if spec.get("elasticConfig") is not None:
            take_keys(draft, spec, _SCALE)
        yield draft


def _playground(thing: Thing, context: Context, spec: Cursor) -> Draft:
    backend = spec.get("backendRuntimeConfig") or spec.get("backendConfig")
    engine = _ENGINES.get(backend.word("backendName").lower() if backend is not None else "", "")
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, "", "crd", engine)
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    if backend is None:
        for field in ("max_model_len", "max_num_seqs", "gpu_memory_utilization", "enable_prefix_caching"):
            draft.refusals[field] = "the Playground has no backendRuntimeConfig; add one with `args`"
        return draft
    args, version = backend.get("args"), backend.get("version")
    environment = environment_of(backend, context, thing.namespace, backend.get("envs"))
    settings = read_engine(Container(backend, [args] if args is not None else [], environment, "", None, engine))
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    if version is not None and version.string:
        draft.add({"engine_version": field_hit("engine_version", version.string, version)})
    if sites := gpu_sites(backend.get("resources")):
        resources.take_gpus(draft, sites)
    resources.take_host(draft, backend)
    return draft


def _service(thing: Thing, context: Context, spec: Cursor) -> Iterator[Draft]:
    """Yield the servings of a Service's own template of leader and workers."""
    group = spec.get("workloadTemplate", "leaderWorkerTemplate") or spec.get("workloadTemplate")
    worker = pod_of_template(group.get("workerTemplate")) if group is not None else None
    leader = pod_of_template(group.get("leaderTemplate")) if group is not None else None
    first = leader or worker
    if first is not None:
        others = (worker,) if worker is not None and worker is not first else ()
        yield from servings_of_roles(thing, context, [Role("", first, None, others)])


def _claimed(thing: Thing, context: Context, spec: Cursor) -> Thing | None:
    """Return the OpenModel that is claimed, the main one of several."""
    items = spec.items("modelClaims", "models")
    first = next((item for item in items if item.word("role") in {"", "main"}), None)
    name = spec.word("modelClaim", "modelName") or (first.word("name") if first is not None else "")
    found = [one for one in context.things("OpenModel", name) if one.group == "llmaz.io" and one.name == name]
    return min(found, key=lambda one: (distance(thing.path, one.path), one.path), default=None)


def _take_model(draft: Draft, model: Thing | None) -> None:
    """Add what the OpenModel says: which model, and the GPUs of its first flavor."""
    if model is None:
        resources.take_gpus(draft, ())
        return
    source = model.at.get("spec", "source")
    uri = source.get("modelHub", "modelID") or source.get("uri") if source is not None else None
    if uri is not None and uri.string:
        draft.add({"model": model_hit(uri)})
    first = next(iter(model.at.items("spec", "inferenceConfig", "flavors")), None)
    sites = [
        GpuSite(name, at)
        for name, at in (first.entries("limits").items() if first is not None else ())
        if resources.GPU_RESOURCE.fullmatch(name) and at.string not in {"", "0"}
    ]
    resources.take_gpus(draft, sites)


SHAPE = Shape(frozenset({(_GROUP, "Playground"), (_GROUP, "Service")}), servings, speaks=True)
