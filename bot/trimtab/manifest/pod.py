"""A pod template that serves: its container, GPUs, host, selectors; one reader for every shape that holds one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from trimtab.manifest import resources, selector, shell
from trimtab.manifest.config_file import mounted_in, take_config
from trimtab.manifest.container import EngineSettings, field_hit, pod_container, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.engines import is_idle, is_plainly, is_stand_in
from trimtab.manifest.environment import Environment, Variable
from trimtab.manifest.gpu_bound import bind
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod_adding import SHM, add_class, take_shm_adder
from trimtab.manifest.source import Cursor
from trimtab.manifest.write import replace_scalar

CLASSES = {"priorityClassName": "priority_class", "runtimeClassName": "runtime_class"}
"""Keys of a pod that name a class."""


@dataclass(frozen=True, slots=True)
class PodSpec:
    """A pod template's spec with its metadata.

    Attributes:
        spec: What has `containers`.
        metadata: The template's, None where there is none.
    """

    spec: Cursor
    metadata: Cursor | None = None


def pod_of_template(template: Cursor | None) -> PodSpec | None:
    """Return the pod of a `template` with `spec` and `metadata`; None where it has no containers."""
    spec = template.get("spec") if template is not None else None
    if template is None or spec is None:
        return None
    return PodSpec(spec, template.get("metadata"))


def environment_of(container: Cursor, context: Context, namespace: str, below: Cursor | None = None) -> Environment:
    """Return a container's variables over those `below`, ConfigMaps looked up beside its file."""

    def lookup(name: str, key: str) -> Variable | None:
        return context.configmap_value(container.source.path, namespace, name, key)

    return Environment(container.get("env"), container.get("envFrom"), lookup, below, context.variable)


def serving_containers(pod: PodSpec, context: Context, namespace: str) -> Iterator[tuple[Cursor, EngineSettings]]:
    """Yield the containers of a pod that serve a model, with what they tell their engine."""
    for at in pod.spec.items("containers"):
        settings = read_engine(pod_container(at, environment_of(at, context, namespace)))
        take_config(settings, mounted_in(pod.spec, at, context, namespace))
        if serves(at, settings, at.word("image")):
            yield at, settings


def serves(container: Cursor, settings: EngineSettings, image: str) -> bool:
    """Return whether a container serves: its command says so, or its image is an engine's and nothing else is run."""
    if not settings.engine or is_stand_in(image):
        return False
    if settings.spoken or "model" in settings.hits:
        return True
    if _is_idle(container, settings):
        return False
    if settings.command.script is not None or container.get("command") is not None:
        return _asks_for_gpus(container)
    if is_plainly(settings.engine, image):
        return True
    return bool(settings.hits.keys() - {"engine_version"}) or _asks_for_gpus(container)


def _asks_for_gpus(container: Cursor) -> bool:
    return bool(resources.gpu_sites(container.get("resources")))


def _is_idle(container: Cursor, settings: EngineSettings) -> bool:
    """Return whether a container waits, by its command or by all that its script does."""
    script = settings.command.script
    if script is not None:
        return all(is_idle([word.text.value for word in words]) for words in shell.commands(script[1]))
    given = container.get("command") or container.get("args")
    return given is not None and is_idle([item.string for item in given.items()])


def draft_of(thing: Thing, container: Cursor, settings: EngineSettings, wrapper: str) -> Draft:
    """Return a serving that has no more than its engine's settings yet."""
    name = container.word("name")
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, name, wrapper, settings.engine)
    draft.image = container.word("image")
    draft.bound, draft.devices, draft.nodes = settings.bound, settings.devices, settings.nodes
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    return draft


def labels_of(metadata: Cursor | None) -> dict[str, str]:
    """Return labels and annotations together, annotations winning."""
    found: dict[str, str] = {}
    for key in ("labels", "annotations"):
        at = metadata.get(key) if metadata is not None else None
        found.update({name: cursor.string for name, cursor in at.entries().items()} if at is not None else {})
    return found


def take_pod(draft: Draft, pod: PodSpec, container: Cursor, workers: Sequence[PodSpec] = ()) -> None:
    """Add what the pod says beyond its engine: GPUs, host, selector, shared memory, classes.

    Args:
        draft: The serving.
        pod: Its pod template.
        container: The serving container; the very cursor of the pod where the shape folds the two into one mapping.
        workers: Further pods of the group, which change together with it.
    """
    sites = resources.gpu_sites(container.get("resources"))
    for worker in resources_of(workers):
        sites += resources.gpu_sites(worker)
    resources.take_gpus(draft, sites)
    resources.take_host(draft, container)
    first, *others = _with_gpus(pod, container, workers)
    selector.take_selector(draft, tuple(selector.selectors(first)), first, "nodeSelector")
    selector.join_pods(draft, others)
    for one in (first, *others):
        selector.join_tolerations(draft, one)
    take_classes(draft, [one.spec for one in (pod, *workers)], own=container is not pod.spec)
    take_shm(draft, pod, container)
    if container is not pod.spec and not workers:
        take_shm_adder(draft, pod.spec, container)
    for name, value in labels_of(pod.metadata).items():
        draft.annotations.setdefault(name, value)
    if draft.bound:
        bind(draft, draft.bound)


def resources_of(pods: Iterable[PodSpec]) -> Iterator[Cursor]:
    """Yield the `resources` of all containers of some pods."""
    for pod in pods:
        for item in pod.spec.items("containers"):
            found = item.get("resources")
            if found is not None:
                yield found


def _with_gpus(pod: PodSpec, container: Cursor, workers: Sequence[PodSpec]) -> list[Cursor]:
    """Return the pods of a group that ask for GPUs, the first alone where none says so."""
    asking = [one.spec for one in workers if any(resources.gpu_sites(at) for at in resources_of([one]))]
    listed = pod.spec.get("containers") is not None
    idle = listed and bool(asking) and not resources.gpu_sites(container.get("resources"))
    return asking if idle else [pod.spec, *asking]


def take_classes(draft: Draft, pods: Sequence[Cursor], *, own: bool) -> None:
    """Add the classes that the pods of a group name together; where a pod is one of Kubernetes' own, how to name one.

    Args:
        draft: The serving.
        pods: The first is the one that serves.
        own: Whether any key of a pod may stand there.
    """
    for key, field in CLASSES.items():
        named = [one for pod in pods if (one := pod.get(key)) is not None and one.string]
        first = pods[0].get(key)
        if first is not None and first.string:
            same = [one for one in named if one.string == first.string]
            draft.add({field: resources.together(field_hit(field, first.string, first), same, replace_scalar)})
        elif own and not named:
            draft.adders.setdefault(field, add_class(pods, key))


def take_shm(draft: Draft, pod: PodSpec, container: Cursor) -> None:
    """Add the size of the volume in memory that a container has at `/dev/shm`."""
    names = {item.word("name") for item in container.items("volumeMounts") if item.word("mountPath") == SHM}
    for volume in pod.spec.items("volumes"):
        size = volume.get("emptyDir", "sizeLimit")
        if volume.word("name") in names and size is not None and size.string:
            draft.add({"shm_size": field_hit("shm_size", size.string, size)})
