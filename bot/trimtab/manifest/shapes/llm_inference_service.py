"""KServe's LLMInferenceService (serving.kserve.io): what decodes, and what prefills where that stands apart.

Source: https://github.com/kserve/kserve, pkg/apis/serving/v1alpha2/llm_inference_service_types.go and
config/llmisvcconfig (v0.17): what `baseRefs` name lies under the spec; pods run a configured command, which takes
`parallelism` and to which `VLLM_ADDITIONAL_ARGS` is appended, unless the container has a command of its own; workers of
a multi-node group take the same variable. The Deployments that are made of it are named in
pkg/controller/v1alpha2/llmisvc/workload_single_node.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from trimtab.fleet import Scalar
from trimtab.manifest import resources
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import EngineSettings, pod_container, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft, Hit, Writer
from trimtab.manifest.keys import take_keys
from trimtab.manifest.near import distance
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import PodSpec, environment_of, labels_of, take_pod
from trimtab.manifest.scale import take_autoscaler, take_replicas
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice

_GROUP = "serving.kserve.io"
_KEYS = {
    "tensor_parallel_size": ("parallelism", "tensor"),
    "pipeline_parallel_size": ("parallelism", "pipeline"),
    "data_parallel_size": ("parallelism", "data"),
}
_MORE = "VLLM_ADDITIONAL_ARGS"


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for what decodes, and one for what prefills."""
    own = thing.at.get("spec")
    uri = own.get("model", "uri") if own is not None else None
    if own is None or (uri is None and own.get("baseRefs") is None):
        return
    spec = replace(own, under=tuple(_bases(own, thing, context)))
    uri = spec.get("model", "uri")
    for group, name in ((spec, ""), (spec.get("prefill"), "prefill/")):
        if group is not None:
            draft = _group(thing, context, group, name)
            if uri is not None and uri.string:
                draft.hits["model"] = model_hit(uri)
            draft.deploys = ("-kserve-prefill",) if name else ("-kserve",)
            take_autoscaler(draft, context)
            yield draft


def _bases(spec: Cursor, thing: Thing, context: Context) -> Iterator[Cursor]:
    """Yield the specs of the configurations that a service names, the last one winning."""
    for reference in reversed(spec.items("baseRefs")):
        found = [
            one
            for one in context.things("LLMInferenceServiceConfig", reference.word("name"))
            if one.kind == "LLMInferenceServiceConfig" and one.name == reference.word("name")
        ]
        near = min(found, key=lambda one: (distance(thing.path, one.path), one.path), default=None)
        base = near.at.get("spec") if near is not None else None
        if base is not None:
            yield base


def _group(thing: Thing, context: Context, group: Cursor, prefix: str) -> Draft:
    template, worker = group.get("template"), group.get("worker")
    main = _main(template)
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, "", "crd", "vllm")
    draft.container = prefix + ((main.word("name") if main is not None else "") or "main")
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    spoken = False
    if template is not None and main is not None:
        leader = _read(main, context, thing.namespace)
        other = _main(worker)
        follower = _read(other, context, thing.namespace) if other is not None else None
        draft.engine, spoken = leader.engine, leader.command.spoken
        draft.image = main.word("image")
        draft.add(_together(leader.hits, follower.hits if follower is not None else {}))
        draft.adders.update(_both(leader.adders, follower.adders if follower is not None else {}))
        take_pod(draft, PodSpec(template), main, (PodSpec(worker),) if worker is not None else ())
    else:
        resources.take_gpus(draft, ())
    adders = dict(draft.adders) if spoken else {}
    take_keys(draft, group, {field: chain for field, chain in _KEYS.items() if field not in draft.hits})
    draft.adders.update(adders)
    take_replicas(draft, group)
    return draft


def _main(pod: Cursor | None) -> Cursor | None:
    items = pod.items("containers") if pod is not None else ()
    return next((item for item in items if item.word("name") == "main"), next(iter(items), None))


def _read(container: Cursor, context: Context, namespace: str) -> EngineSettings:
    """Return what a container tells vLLM: its own words, then those that the variable appends."""
    environment = environment_of(container, context, namespace)
    own = replace(pod_container(container, environment), engine="vllm")
    settings = read_engine(own)
    place = environment.find(_MORE)
    if place is None or place.via != "env" or settings.command.spoken:
        return settings
    appended = read_engine(replace(own, lists=[place.holder], tag=None))
    hits = {field: replace(hit, via="env") if hit.via != "configmap" else hit for field, hit in appended.hits.items()}
    return replace(settings, hits={**settings.hits, **hits}, adders=appended.adders)


def _together(hits: Mapping[str, Hit], others: Mapping[str, Hit]) -> dict[str, Hit]:
    """Return hits that are written in the leader and, where it says the same, in the workers too."""
    return {
        field: replace(hit, writer=_writer(hit, others[field])) if _same(hit, others.get(field)) else hit
        for field, hit in hits.items()
    }


def _same(hit: Hit, other: Hit | None) -> bool:
    return other is not None and other.value == hit.value and other.text.span() != hit.text.span()


def _writer(hit: Hit, other: Hit) -> Writer:
    def write(value: Scalar) -> tuple[Splice, ...]:
        return tuple(splice for one in (hit, other) if one.writer is not None for splice in one.writer(value))

    return write


def _both(adders: Mapping[str, Writer], others: Mapping[str, Writer]) -> dict[str, Writer]:
    def pair(field: str) -> Writer:
        return lambda value: (*adders[field](value), *(others[field](value) if field in others else ()))

    return {field: pair(field) for field in adders}


SHAPE = Shape(frozenset({(_GROUP, "LLMInferenceService")}), servings, speaks=True)
