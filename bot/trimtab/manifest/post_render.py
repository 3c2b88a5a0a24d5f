"""What is done to a release's objects once they are rendered: Flux's `postRenderers`, helmfile's patches.

It wins over all values. Which object a patch is for is known only of what is rendered, so that a setting which it may
change is found where the values say it, and locked.
Sources: https://fluxcd.io/flux/components/helm/helmreleases/#post-renderers (2.7),
https://helmfile.readthedocs.io/en/stable/advanced-features/ (v1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.grafts import keys_of
from trimtab.manifest.hit import Draft
from trimtab.manifest.release import Release
from trimtab.manifest.source import Cursor
from trimtab.manifest.transforms import split_image

_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902", "strategicMergePatches", "jsonPatches")
"""Under which keys patches are listed."""
_PLACES = {
    "replicas": ("replicas",),
    "minReplicas": ("min_replicas",),
    "maxReplicas": ("max_replicas",),
    "image": ("engine_version",),
    "resources": (
        *("gpu_count", "gpu_resource"),
        *("cpu_request", "cpu_limit", "memory_request", "memory_limit"),
    ),
    "nodeSelector": ("gpu_product",),
    "affinity": ("gpu_product",),
    "runtimeClassName": ("runtime_class",),
    "priorityClassName": ("priority_class",),
    "volumes": ("shm_size",),
}
"""What stands under a key of a workload."""
_ELSEWHERE = frozenset(field for fields in _PLACES.values() for field in fields)
_COMMAND = frozenset({"command", "args", "env", "envFrom"})


def hold(draft: Draft, release: Release) -> None:
    """Lock the settings of a serving that a patch may change after values made them, and take the tags that win."""
    thing = release.thing
    for at in release.after:
        for item in (item for key in _PATCHES for item in at.items(key)):
            keys = {key for patch in _said(item) for key in _keys(patch, set())}
            place = f"{thing.kind} {thing.name} ({item.source.path}:{item.line})"
            _lock(draft, keys, f"a patch of {place} may change it once it is rendered; edit it there by hand")
        for other in at.items("transformers"):
            reason = f"a transformer of {thing.kind} {thing.name} ({other.source.path}:{other.line}) may change it"
            _lock(draft, {*_PLACES, *_COMMAND}, reason)
        for item in at.items("images"):
            _take_image(draft, item)


def _lock(draft: Draft, keys: set[str], reason: str) -> None:
    fields = {field for key in keys for field in _PLACES.get(key, ())}
    fields |= vocabulary.FIELDS - _ELSEWHERE if keys & _COMMAND else set()
    for field in fields:
        draft.refusals[field] = reason
        if field in draft.hits:
            draft.hits[field] = replace(draft.hits[field], locked=draft.hits[field].locked or reason)


def _said(item: Cursor) -> tuple[Cursor, ...]:
    """Return what a patch says: objects, or a list of operations."""
    said = item.get("patch") or item
    return said.inners() if said.scalar is not None else (said,)


def _keys(at: Cursor, seen: set[int]) -> Iterator[str]:
    """Yield the keys of objects on every way that a patch names; what aliases repeat is looked at once."""
    if id(at.real) in seen:
        return
    seen.add(id(at.real))
    for key, below in at.pairs():
        yield key.value
        yield from keys_of(below.string) if key.value == "path" else _keys(below, seen)
    for item in at.items():
        yield from _keys(item, seen)


def _take_image(draft: Draft, item: Cursor) -> None:
    """Let a tag win that is given to the serving's image."""
    tag = item.get("newTag")
    name = split_image(draft.image)[0] or item.word("name")
    if tag is not None and tag.string and name == item.word("name") and "engine_version" in draft.hits:
        draft.hits["engine_version"] = field_hit("engine_version", tag.string, tag)
