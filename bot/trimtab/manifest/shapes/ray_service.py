"""RayService (ray.io): what is served stands as YAML text in `serveConfigV2`, the GPUs in the groups of workers.

Sources: https://github.com/ray-project/kuberay, ray-operator/apis/ray/v1/rayservice_types.go (v1.4), and Ray Serve's
config, python/ray/serve/schema.py and python/ray/llm/_internal/serve (2.52): an application of `ray.serve.llm` has
`llm_configs` (or, older, `models`) with `engine_kwargs`; others are told by `runtime_env.env_vars` and `args`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from trimtab.fleet import Scalar
from trimtab.manifest import resources, vocabulary
from trimtab.manifest.address import model_hit
from trimtab.manifest.container import field_hit, pod_container, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.engines import engine_of_image
from trimtab.manifest.environment import Environment
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys
from trimtab.manifest.objects import Thing
from trimtab.manifest.options import options_of, take_options
from trimtab.manifest.pod import PodSpec, labels_of, take_pod
from trimtab.manifest.shapes.ray_cluster import worker_groups
from trimtab.manifest.shapes.ray_gpus import in_rays_words
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.wrapped import WRAPPED

_SCALE = {
    "min_replicas": ("autoscaling_config", "min_replicas"),
    "max_replicas": ("autoscaling_config", "max_replicas"),
    "replicas": ("num_replicas",),
}
_SOURCES = (("model_loading_config", "model_source"), ("model_loading_config", "model_id"), ("model_id",))


def servings(thing: Thing, _: Context) -> Iterator[Draft]:
    """Yield one serving for each model of each application."""
    spec = thing.at.get("spec")
    text = spec.get("serveConfigV2") if spec is not None else None
    config = text.inner() if text is not None else None
    cluster = spec.get("rayClusterConfig") if spec is not None else None
    found = [
        draft
        for application in (config.items("applications") if config is not None else ())
        for draft in _application(thing, application, cluster)
    ]
    for draft in found:
        if len(found) == 1:
            draft.container = _container(cluster) or draft.container
        yield draft


def _application(thing: Thing, application: Cursor, cluster: Cursor | None) -> Iterator[Draft]:
    args = application.get("args")
    listed = args.get("llm_configs") or args.get("models") if args is not None else None
    for config in listed.items() if listed is not None else ():
        if config.is_mapping:
            yield _model(thing, config, cluster)
    if listed is None and (draft := _told(thing, application, cluster)) is not None:
        yield draft


def _model(thing: Thing, config: Cursor, cluster: Cursor | None) -> Draft:
    """Return the serving of an `LLMConfig`."""
    draft = _draft(thing, config.word("model_loading_config", "model_id"), "vllm")
    source = next((at for chain in _SOURCES if (at := config.get(*chain)) is not None and at.string), None)
    if source is not None:
        draft.add({"model": model_hit(source)})
    take_options(draft, config, "engine_kwargs", "vllm")
    deployment = config.get("deployment_config")
    if deployment is not None:
        take_keys(draft, deployment, {field: chain for field, chain in _SCALE.items() if deployment.get(*chain)})
    _take_workers(draft, cluster)
    kind = config.get("accelerator_type")
    if kind is not None and kind.string:
        _take_kind(draft, kind)
    return draft


def _take_kind(draft: Draft, kind: Cursor) -> None:
    """Add the GPU that the text names; beside a selector of the workers both say it, each in its own words."""
    named = field_hit("gpu_product", kind.string, kind)
    selector = draft.hits.get("gpu_product")
    if selector is None:
        draft.hits["gpu_product"] = replace(named, spelled=in_rays_words)
        draft.add_selector = None
        return
    standing, told = selector.writer, named.writer

    def both(value: Scalar) -> tuple[Splice, ...]:
        if standing is None or told is None:
            return ()
        return (*standing(value), *told(in_rays_words(value)))

    draft.hits["gpu_product"] = replace(selector, writer=both, locked=selector.locked or named.locked)


def _told(thing: Thing, application: Cursor, cluster: Cursor | None) -> Draft | None:
    """Return the serving of an application that its variables or arguments tell about vLLM; None where none do."""
    variables = application.get("runtime_env", "env_vars")
    named = {name: WRAPPED[name] for name in (variables.entries() if variables is not None else ()) if name in WRAPPED}
    args = application.get("args")
    options = options_of(args, "vllm") if args is not None else {}
    image = _image(cluster)
    if not ({*named.values(), *options} - {"model"}) and engine_of_image(_word(image)) != "vllm":
        return None
    if "model" not in {*named.values(), *options} and "vllm" not in application.word("import_path"):
        return None
    draft = _draft(thing, application.word("name"), "vllm")
    draft.add(options)
    _take_named(draft, variables, named)
    items = application.items("deployments")
    if len(items) == 1:
        take_keys(draft, items[0], {field: chain for field, chain in _SCALE.items() if items[0].get(*chain)})
    _take_workers(draft, cluster)
    return draft


def _take_named(draft: Draft, variables: Cursor | None, named: Mapping[str, str]) -> None:
    for name, field in named.items():
        at = variables.get(name) if variables is not None else None
        if at is not None and at.string:
            draft.add({field: field_hit(field, vocabulary.read(field, at.string), at, via="env")})


def _draft(thing: Thing, container: str, engine: str) -> Draft:
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, container, "crd", engine)
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    return draft


def _take_workers(draft: Draft, cluster: Cursor | None) -> None:
    """Add the GPUs, host and selector of the group of workers that has GPUs, with `num-gpus` of its start."""
    for group, pod in worker_groups(cluster) if cluster is not None else ():
        for item in pod.spec.items("containers"):
            if resources.gpu_sites(item.get("resources")):
                _take_version(draft, item)
                started = group.get("rayStartParams", "num-gpus")
                extra = [started] if started is not None and started.string.isdigit() else []
                take_pod(draft, pod, item)
                resources.join_gpus(draft, extra)
                return
    resources.take_gpus(draft, ())


def _take_version(draft: Draft, container: Cursor) -> None:
    """Add the image's tag where the image is vLLM's own; the tag of Ray's is Ray's release."""
    if engine_of_image(container.word("image")) == "vllm":
        settings = read_engine(replace(pod_container(container, Environment(None, None, lambda _, __: None)), lists=()))
        draft.add({field: hit for field, hit in settings.hits.items() if field == "engine_version"})


def _image(cluster: Cursor | None) -> Cursor | None:
    pods: list[PodSpec] = [pod for _, pod in worker_groups(cluster)] if cluster is not None else []
    first = next(iter(pods[0].spec.items("containers") if pods else ()), None)
    return first.get("image") if first is not None else None


def _word(at: Cursor | None) -> str:
    return at.string if at is not None else ""


def _container(cluster: Cursor | None) -> str:
    """Return the name of the container that has the GPUs, else of the first worker's."""
    for _, pod in worker_groups(cluster) if cluster is not None else ():
        for item in pod.spec.items("containers"):
            if resources.gpu_sites(item.get("resources")):
                return item.word("name")
    return ""


SHAPE = Shape(frozenset({("ray.io", "RayService")}), servings)
