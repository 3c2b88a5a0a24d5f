"""The objects that a declaration becomes in a cluster, and what they wish, found out by rendering."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from trimtab.fleet import ObjectRef, Serving
from trimtab.manifest import Plain
from trimtab.render.objects import ObjectId, Rendered
from trimtab.render.target import Target
from trimtab.render.workspace import Workspace

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "LeaderWorkerSet", "Job"})
_OWN = "the object itself"
_SPOKEN = ("trimtab.dev/", "krr/")


def live_names(servings: tuple[Serving, ...], workspace: Workspace) -> tuple[Serving, ...]:
    """Return the servings with their `live_names` and rendered wishes, where rendering or the object tells them."""
    return tuple(_named(serving, workspace) for serving in servings)


def _named(serving: Serving, workspace: Workspace) -> Serving:
    if serving.live_names:  # it was read off what is rendered
        return serving
    targets = workspace.targets.of(serving.path)
    own = (ObjectRef(serving.kind, serving.namespace, serving.name),) if serving.kind in _WORKLOADS else ()
    if targets == (Target("object", serving.path),):
        return replace(serving, live_names=own, live_names_by=_OWN if own else "")
    names: dict[ObjectRef, str] = {}
    wishes: dict[str, str] = {}
    for target in targets:
        rendered = workspace.render(target)
        if isinstance(rendered, Rendered):
            for key in _matching(serving, rendered.objects):
                by = f"rendered with {target.kind}"
                names.setdefault(ObjectRef(key.kind, key.namespace or target.namespace, key.name), by)
                wishes |= _wishes(rendered.objects[key])
    if not names:
        return replace(serving, live_names=own, live_names_by=_OWN if own else "")
    annotations = dict(sorted({**wishes, **serving.annotations}.items()))
    by = next(iter(names.values()))
    return replace(serving, live_names=tuple(names), live_names_by=by, annotations=annotations)


def _wishes(workload: Plain) -> dict[str, str]:
    """Return the annotations and labels of a rendered object and of its pods that users speak to Trimtab with."""
    found: dict[str, str] = {}
    for metadata in (_at(workload, "spec", "template", "metadata"), _at(workload, "metadata")):
        for kind in ("labels", "annotations"):
            words = _at(metadata, kind)
            if isinstance(words, dict):
                found |= {key: str(value) for key, value in words.items() if key.startswith(_SPOKEN)}
    return found


def _at(value: Plain, *keys: str) -> Plain:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _matching(serving: Serving, objects: Mapping[ObjectId, Plain]) -> tuple[ObjectId, ...]:
    """Return the rendered workloads that a serving stands behind, the surest sign first."""
    workloads = {key: found for key, found in objects.items() if key.kind in _WORKLOADS}
    same_kind = [key for key in workloads if key.kind == serving.kind and serving.name and serving.name in key.name]
    if len(same_kind) == 1:
        return tuple(same_kind)
    exact = tuple(key for key in same_kind if key.name == serving.name)
    if exact:
        return exact
    engines = {key: found for key, found in workloads.items() if _holds_gpu(found)} or workloads
    if len(engines) == 1:
        return tuple(engines)
    return _by_model(serving, engines) or _by_item(serving, engines)


def _by_model(serving: Serving, engines: Mapping[ObjectId, Plain]) -> tuple[ObjectId, ...]:
    """Return the workloads whose pods name the model, where that tells them apart."""
    setting = serving.settings.get("model")
    if setting is None:
        return ()
    found = tuple(key for key, workload in engines.items() if str(setting.value) in set(_words(workload)))
    return found if len(found) == 1 else ()


def _by_item(serving: Serving, engines: Mapping[ObjectId, Plain]) -> tuple[ObjectId, ...]:
    """Return the workload whose name holds that of the item in the values, where one does."""
    found = tuple(key for key in engines if serving.container and serving.container in key.name)
    return found if len(found) == 1 else ()


def _holds_gpu(workload: Plain) -> bool:
    return any("/gpu" in word or "/mig-" in word for word in _keys(workload))


def _keys(value: Plain) -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield key
            yield from _keys(below)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


def _words(value: Plain) -> Iterator[str]:
    """Yield the words of every text in a value, flags cut at `=`."""
    if isinstance(value, dict):
        for below in value.values():
            yield from _words(below)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, str):
        for word in value.replace("=", " ").split():
            yield word.strip("\"'")
