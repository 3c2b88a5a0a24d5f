"""LLMKube's InferenceService (inference.llmkube.dev), joined with its Model and with the ModelPool that owns it.

Source: https://github.com/defilantech/LLMKube, api/v1alpha1 (v0.5): llama.cpp unless `runtime` says another; the number
of GPUs stands in the service and in the model; `resources` are requests; a pool scales its members by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest import resources, vocabulary
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import Container, field_hit, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import Keys, take_keys
from trimtab.manifest.near import distance
from trimtab.manifest.objects import Thing
from trimtab.manifest.options import Schema, take_first_argument, take_options
from trimtab.manifest.pod import PodSpec, environment_of, labels_of, take_pod
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor

_GROUP = "inference.llmkube.dev"
_ENGINES = {"": "llama.cpp", "llamacpp": "llama.cpp", "llamacpp-router": "llama.cpp"}
_ENGINES |= {"vllm": "vllm", "sglang": "sglang", "tgi": "tgi"}
_CONFIGS = {"vllm": "vllmConfig", "sglang": "sglangConfig", "tgi": "tgiConfig"}
_CONFIG_FIELDS = {
    "vllm": frozenset(
        {
            "tensor_parallel_size",
            "max_model_len",
            "quantization",
            "dtype",
            "kv_cache_dtype",
            "enable_prefix_caching",
            "max_num_batched_tokens",
            "gpu_memory_utilization",
        }
    ),
    "sglang": frozenset[str](),
    "tgi": frozenset({"quantization", "max_model_len", "dtype"}),
}
"""What each engine's block has a key for; the API server drops any other key."""

_LLAMA: Keys = {
    "max_model_len": ("contextSize",),
    "max_num_seqs": ("parallelSlots",),
    "kv_cache_dtype": ("cacheTypeK",),
}
_HOST: Keys = {"cpu_request": ("resources", "cpu"), "memory_request": ("resources", "memory")}
_SCALE: Keys = {"min_replicas": ("autoscaling", "minReplicas"), "max_replicas": ("autoscaling", "maxReplicas")}


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield the one serving that an InferenceService is; a runtime of another kind serves nothing that is known."""
    spec = thing.at.get("spec")
    if spec is None or not (spec.word("modelRef") or spec.word("image")):
        return
    runtime = spec.word("runtime").lower()
    engine = _ENGINES.get(runtime, "")
    lists = [at for key in ("command", "args", "extraArgs") if (at := spec.get(key)) is not None]
    environment = environment_of(spec, context, thing.namespace)
    settings = read_engine(Container(spec, lists, environment, spec.word("image"), spec.get("image"), engine))
    if not settings.engine:
        return
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, "", "crd", settings.engine)
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    draft.image = spec.word("image")
    _take_own(draft, spec, engine)
    draft.add(settings.hits)
    own = dict(draft.adders)
    draft.adders.update(settings.adders)
    if not lists:
        take_first_argument(draft, spec, "extraArgs", settings.engine)
    draft.adders.update(own)
    model = _named(thing, context, "Model", spec.word("modelRef"))
    if model is not None:
        _take_model(draft, model)
    _take_hardware(draft, spec, model)
    _take_scale(draft, spec, _pool(thing, context))
    yield draft


def _take_own(draft: Draft, spec: Cursor, engine: str) -> None:
    """Add the settings that have keys of their own, and how to write them."""
    if engine == "llama.cpp":
        take_keys(draft, spec, _LLAMA)
    if engine in _CONFIGS:
        take_options(draft, spec, _CONFIGS[engine], engine, schema=Schema(_CONFIG_FIELDS[engine]))


def _named(thing: Thing, context: Context, kind: str, name: str) -> Thing | None:
    """Return the object of LLMKube that has a name, the nearest in the tree."""
    found = [
        one for one in context.things(_GROUP, name) if one.kind == kind and one.group == _GROUP and one.name == name
    ]
    same = [one for one in found if len({one.namespace, thing.namespace} - {""}) <= 1]
    return min(same, key=lambda one: (distance(thing.path, one.path), one.path), default=None)


def _take_model(draft: Draft, model: Thing) -> None:
    source = model.at.get("spec", "source")
    if source is not None and source.string:
        draft.add({"model": model_hit(source)})
    scheme = model.at.get("spec", "quantization")
    if scheme is not None and scheme.string:
        draft.add({"quantization": field_hit("quantization", scheme.string, scheme)})


def _take_hardware(draft: Draft, spec: Cursor, model: Thing | None) -> None:
    """Add GPUs, which the service and the model say together, then host, selector and classes."""
    gpu = model.at.get("spec", "hardware", "gpu") if model is not None else None
    counts = [spec.get("resources", "gpu"), gpu.get("count") if gpu is not None else None]
    said = [at for at in counts if at is not None and at.string not in {"", "0"}]
    claimed = any(at is not None and at.get("resourceClaims") is not None for at in (spec, gpu))
    if said:
        value = vocabulary.read("gpu_count", said[0].string)
        draft.add({"gpu_count": field_hit("gpu_count", value, said[0])})
        resources.join_gpus(draft, said[1:])
    else:
        draft.refusals["gpu_count"] = "the GPUs come by resource claims" if claimed else "no GPU is asked for"
    named = gpu.get("resourceName") if gpu is not None else None
    if named is not None and named.string:
        draft.add({"gpu_resource": field_hit("gpu_resource", named.string, named)})
    draft.refusals["gpu_resource"] = "LLMKube derives the resource from the model's `gpu.vendor`; name it there"
    take_keys(draft, spec, _HOST)
    for field in ("cpu_limit", "memory_limit"):
        draft.refusals[field] = "LLMKube sets no limits from the service"
    take_pod(draft, PodSpec(spec), spec)
    if claimed:
        draft.refusals["gpu_product"] = "the resource claim picks the kind of GPU"
        draft.add_selector = None


def _pool(thing: Thing, context: Context) -> Thing | None:
    """Return the ModelPool that has a service among its members."""
    for one in context.things("ModelPool", thing.name):
        names = {item.word("inferenceServiceRef", "name") for item in one.at.items("spec", "members")}
        same = len({one.namespace, thing.namespace} - {""}) <= 1
        if one.kind == "ModelPool" and one.group == _GROUP and thing.name in names and same:
            return one
    return None


def _take_scale(draft: Draft, spec: Cursor, pool: Thing | None) -> None:
    take_replicas(draft, spec)
    reason = ""
    if pool is not None:
        reason = f"ModelPool {pool.name} ({pool.path}:{pool.at.line}) owns the number of replicas"
    elif spec.get("autoscaling") is not None:
        take_keys(draft, spec, _SCALE)
        reason = "`spec.autoscaling` owns the number of replicas; set min_replicas or max_replicas"
    if not reason:
        return
    draft.adders.pop("replicas", None)
    draft.refusals["replicas"] = reason
    if "replicas" in draft.hits:
        draft.hits["replicas"] = replace(draft.hits["replicas"], locked=reason)


SHAPE = Shape(frozenset({(_GROUP, "InferenceService")}), servings, speaks=True)
