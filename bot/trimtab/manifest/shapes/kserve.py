"""KServe's InferenceService (serving.kserve.io) with the ServingRuntime it names, merged as KServe merges them.

The runtime's arguments come first, the service's after them, and the service's variables and resources win, each key
for itself (KServe 0.15, pkg/controller/v1beta1/inferenceservice/utils/utils.go, `MergeRuntimeContainers`). Before
release 0.7 the group was serving.kubeflow.org.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from trimtab.fleet import Scalar
from trimtab.manifest import resources, vocabulary
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import Container, EngineSettings, field_hit, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.engines import engine_of_image
from trimtab.manifest.hit import Draft, Writer
from trimtab.manifest.keys import take_keys
from trimtab.manifest.near import distance
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import (
    PodSpec,
    draft_of,
    environment_of,
    serving_containers,
    take_classes,
    take_pod,
    take_shm,
)
from trimtab.manifest.pod_adding import SHM, mounted, take_shm_adder
from trimtab.manifest.scale import take_autoscaler
from trimtab.manifest.selector import selectors, take_selector
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.write import add_pair

_GROUP = "serving.kserve.io"
_FORMER_GROUP = "serving.kubeflow.org"
_FORMATS = {"vllm": "vllm", "huggingface": "vllm", "triton": "triton", "nim": "nim", "sglang": "sglang"}
_LEGACY = {"huggingface": "vllm", "triton": "triton"}


_DEPLOYMENTS = ("-predictor", "-predictor-default")
"""Source: https://github.com/kserve/kserve, pkg/constants/constants.go (v0.15), `PredictorServiceName`."""


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for the predictor."""
    predictor = thing.at.get("spec", "predictor")
    if predictor is None:
        return
    pod = PodSpec(predictor)
    for container, settings in serving_containers(pod, context, thing.namespace):
        draft = draft_of(thing, container, settings, "crd")
        take_pod(draft, pod, container, _workers(predictor))
        _take_group(draft, predictor)
        _take_scale(draft, predictor, context)
        yield draft
    for key, engine in (("model", ""), *_LEGACY.items()):
        model = predictor.get(key)
        if model is not None and model.is_mapping:
            yield from _with_runtime(thing, context, predictor, model, engine)


def _with_runtime(thing: Thing, context: Context, predictor: Cursor, model: Cursor, engine: str) -> Iterator[Draft]:
    """Yield the serving of a `model` that a runtime serves."""
    runtime = _runtime(thing, context, model.word("runtime"))
    base = _runtime_container(runtime) if runtime is not None else None
    named = engine_of_image(model.word("runtime"))
    assumed = engine or _FORMATS.get(model.word("modelFormat", "name").lower(), "") or named
    below = base.get("env") if base is not None else None
    lists = [
        cursor
        for owner, key in ((base, "command"), (base, "args"), (model, "command"), (model, "args"))
        if owner is not None and (cursor := owner.get(key)) is not None
    ]
    image = model.get("image") or (base.get("image") if base is not None else None)
    environment = environment_of(model, context, thing.namespace, below)
    container = Container(model, lists, environment, image.string if image is not None else "", image, assumed)
    settings = read_engine(container)
    if not settings.engine:
        return
    draft = draft_of(thing, model, settings, "crd")
    draft.container = model.word("name") or (base.word("name") if base is not None else "") or "kserve-container"
    _take_uri(draft, model, settings)
    take_pod(draft, PodSpec(predictor), model, _workers(predictor))
    if runtime is not None and base is not None:
        own = dict(draft.adders)
        _take_resources(draft, model, base)
        _take_own(draft, own, runtime, context)
        _take_runtime(draft, runtime, base)
    elif mounted(model) is None:
        draft.refusals["shm_size"] = f"the runtime is not in the tree, and may mount something at {SHM} itself"
    _take_group(draft, predictor)
    _take_scale(draft, predictor, context)
    yield draft


def _take_own(draft: Draft, own: Mapping[str, Writer], runtime: Thing, context: Context) -> None:
    """Let what a runtime says that other services take too be said once more by the service, whose own word wins.

    Args:
        draft: The serving.
        own: How the service says what it does not say, by field.
        runtime: What serves it.
        context: Where its other services are.
    """

    def writer(first: Writer, adder: Writer) -> Writer:
        def write(value: Scalar) -> tuple[Splice, ...]:
            return adder(value) if _is_shared(runtime, context) else first(value)

        return write

    for field, hit in draft.hits.items():
        if hit.via in {"flag", "field"} and hit.path == runtime.path and hit.writer is not None and field in own:
            draft.hits[field] = replace(hit, writer=writer(hit.writer, own[field]))


def _is_shared(runtime: Thing, context: Context) -> bool:
    """Return whether several services take a runtime."""
    takers = 0
    for service in context.things("InferenceService"):
        names = {service.at.word("spec", "predictor", key, "runtime") for key in ("model", *_LEGACY)}
        found = _runtime(service, context, runtime.name) if runtime.name in names else None
        takers += found is not None and found.path == runtime.path
    return takers > 1


def _take_resources(draft: Draft, model: Cursor, base: Cursor) -> None:
    """Add what only the runtime's container asks for; where the service asks too, its own place takes what is new."""
    sites = resources.gpu_sites(base.get("resources"))
    if sites and "gpu_count" not in draft.hits:
        for field in ("gpu_count", "gpu_resource"):
            draft.refusals.pop(field, None)
        resources.take_gpus(draft, sites)
    adders = dict(draft.adders)
    resources.take_host(draft, base)
    if model.get("resources") is not None:
        draft.adders.update(adders)


def _take_runtime(draft: Draft, runtime: Thing, base: Cursor) -> None:
    """Add what only the runtime's pod says: its volume at `/dev/shm`, its selector, its classes."""
    spec = runtime.at.get("spec")
    if spec is None:
        return
    take_shm(draft, PodSpec(spec), base)
    if mounted(base) is not None:
        take_shm_adder(draft, spec, base)
    found = tuple(selectors(spec)) if "gpu_product" not in draft.hits else ()
    if found:
        take_selector(draft, found, None, "")
    take_classes(draft, [spec], own=False)


def _runtime(thing: Thing, context: Context, name: str) -> Thing | None:
    """Return the runtime of that name that is nearest in the tree."""
    if not name:
        return None
    found = [
        one
        for one in context.things("ServingRuntime", name)
        if one.group == _GROUP and one.name == name and _reaches(one, thing)
    ]
    return min(found, key=lambda one: (one.path != thing.path, distance(thing.path, one.path), one.path), default=None)


def _reaches(runtime: Thing, service: Thing) -> bool:
    if runtime.kind == "ClusterServingRuntime":
        return True
    return runtime.kind == "ServingRuntime" and len({runtime.namespace, service.namespace} - {""}) <= 1


def _runtime_container(runtime: Thing) -> Cursor | None:
    items = runtime.at.items("spec", "containers")
    named = [item for item in items if item.word("name") == "kserve-container"]
    return next(iter([*named, *items]), None)


_GROUP_KEYS = {
    "tensor_parallel_size": ("tensorParallelSize",),
    "pipeline_parallel_size": ("pipelineParallelSize",),
}


def _take_group(draft: Draft, predictor: Cursor) -> None:
    """Add how a multi-node predictor splits its model: keys of `workerSpec`, over what the command says."""
    worker = predictor.get("workerSpec")
    if worker is not None and worker.is_mapping:
        for field, chain in _GROUP_KEYS.items():
            if worker.get(*chain) is not None:
                draft.hits.pop(field, None)
        take_keys(draft, worker, {field: chain for field, chain in _GROUP_KEYS.items() if field not in draft.hits})


def _workers(predictor: Cursor) -> tuple[PodSpec, ...]:
    worker = predictor.get("workerSpec")
    return (PodSpec(worker),) if worker is not None else ()


def _take_uri(draft: Draft, model: Cursor, settings: EngineSettings) -> None:
    """Let the storage's address be the model where the command only names the place it is mounted at."""
    uri = model.get("storageUri") or model.get("storage", "path")
    said = settings.hits.get("model")
    if uri is None or not uri.string or (said is not None and not str(said.value).startswith(("/mnt/", "{{", "$"))):
        return
    draft.hits["model"] = model_hit(uri)


def _take_scale(draft: Draft, predictor: Cursor, context: Context) -> None:
    """Add the limits between which Knative, an HPA, or an autoscaler of the Deployment that KServe makes, scales it."""
    draft.deploys = _DEPLOYMENTS
    take_autoscaler(draft, context)
    if "replicas" in draft.refusals:
        return
    for field, key in (("min_replicas", "minReplicas"), ("max_replicas", "maxReplicas")):
        found = predictor.get(key)
        if found is not None and found.string:
            draft.add({field: field_hit(field, vocabulary.read(field, found.string), found)})
        else:
            draft.adders[field] = _adder(predictor, key)
    draft.refusals["replicas"] = "KServe scales between minReplicas and maxReplicas; set min_replicas or max_replicas"


def _adder(predictor: Cursor, key: str) -> Writer:
    return lambda value: (add_pair(predictor, key, value, first=True),)


SHAPE = Shape(frozenset({(_GROUP, "InferenceService"), (_FORMER_GROUP, "InferenceService")}), servings)
