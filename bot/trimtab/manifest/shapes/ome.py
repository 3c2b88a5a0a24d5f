"""OME's InferenceService (ome.io): an engine, and a decoder where that stands apart, laid over the runtime it names.

Source: https://github.com/sgl-project/ome, pkg/apis/ome/v1beta1/inference_service.go and servingruntime_types.go
(v0.1): `engine` and `decoder` are merged over `engineConfig` and `decoderConfig` of the runtime as patches are; the
model's address stands in the ClusterBaseModel or BaseModel that `model.name` names. `predictor` is the older way to say
an engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest import resources, selector, vocabulary
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import field_hit, pod_container, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.engines import engine_of_image
from trimtab.manifest.hit import Draft, Hit
from trimtab.manifest.keys import key_adder
from trimtab.manifest.near import distance
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import PodSpec, environment_of, labels_of, take_pod
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor

_GROUP = "ome.io"
_PARTS = (("engine", "engineConfig", ""), ("decoder", "decoderConfig", "decoder/"), ("predictor", "engineConfig", ""))
_SCALE = {"min_replicas": "minReplicas", "max_replicas": "maxReplicas"}
_SRT = "srt"
"""How OME calls SGLang's runtime, and begins the names of its runtimes."""


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for the engine, and one for the decoder."""
    spec = thing.at.get("spec")
    if spec is None:
        return
    old = spec.get("predictor", "model")
    named = spec.get("model", "name") or (old.get("baseModel") if old is not None else None)
    runtime = _named(thing, context, "ServingRuntime", _word(spec, old, "runtime"))
    model = _model(thing, context, named)
    for part, config, prefix in _PARTS:
        own, base = spec.get(part), runtime.at.get("spec", config) if runtime is not None else None
        if own is not None and own.is_mapping:
            at = replace(own, under=(base,)) if base is not None else own
            draft = _part(thing, context, at, prefix, _word(spec, old, "runtime"))
            if model is not None:
                draft.hits["model"] = model
            _take_scale(draft, own)
            yield draft


def _word(spec: Cursor, old: Cursor | None, key: str) -> str:
    return spec.word(key, "name") or (old.word(key) if old is not None else "")


def _named(thing: Thing, context: Context, kind: str, name: str) -> Thing | None:
    """Return the object of a kind, of the namespace or of the cluster, that is nearest in the tree."""
    found = [
        one
        for one in (context.things(kind, name) if name else ())
        if one.group == _GROUP and one.name == name and _reaches(one, thing, kind)
    ]
    return min(found, key=lambda one: (one.path != thing.path, distance(thing.path, one.path), one.path), default=None)


def _reaches(one: Thing, thing: Thing, kind: str) -> bool:
    return one.kind == f"Cluster{kind}" or (one.kind == kind and len({one.namespace, thing.namespace} - {""}) <= 1)


def _model(thing: Thing, context: Context, named: Cursor | None) -> Hit | None:
    """Return the address of the model's files where the tree has it, else the name that the service gives."""
    if named is None or not named.string:
        return None
    base = _named(thing, context, "BaseModel", named.string)
    uri = base.at.get("spec", "storage", "storageUri") if base is not None else None
    return model_hit(uri) if uri is not None and uri.string else field_hit("model", named.string, named)


def _part(thing: Thing, context: Context, at: Cursor, prefix: str, runtime: str) -> Draft:
    """Return the serving of one part: its runner alone, or the leader's with its workers'."""
    pod = at if at.get("runner") is not None or at.get("leader") is None else at.get("leader") or at
    runner = pod.get("runner") or next(iter(at.items("containers")), None)
    assumed = "sglang" if runtime.startswith(_SRT) else engine_of_image(runtime) or "sglang"
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, "", "crd", assumed)
    draft.container = prefix + ((runner.word("name") if runner is not None else "") or "ome-container")
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    if runner is None:
        resources.take_gpus(draft, ())
        return draft
    own = pod_container(runner, environment_of(runner, context, thing.namespace))
    settings = read_engine(replace(own, engine=assumed))
    draft.engine, draft.image = settings.engine, runner.word("image")
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    asked = [one for one in (runner.get("resources"), at.get("worker", "runner", "resources")) if one is not None]
    resources.take_gpus(draft, [site for one in asked for site in resources.gpu_sites(one)])
    worker = at.get("worker") if pod is not at else None
    take_pod(draft, PodSpec(pod), runner, (PodSpec(worker),) if worker is not None else ())
    if worker is not None:
        selector.join_pods(draft, [worker])
    return draft


def _take_scale(draft: Draft, part: Cursor) -> None:
    """Add the limits between which the part is scaled."""
    for field, key in _SCALE.items():
        found = part.get(key)
        if found is not None and found.string:
            draft.add({field: field_hit(field, vocabulary.read(field, found.string), found)})
        else:
            draft.adders[field] = key_adder(part, (key,))
    draft.refusals["replicas"] = "OME scales between minReplicas and maxReplicas; set min_replicas or max_replicas"


SHAPE = Shape(frozenset({(_GROUP, "InferenceService")}), servings, speaks=True)
