"""The fields of a kustomization that change objects: `images`, `replicas`, labels and annotations.

Source: https://kubectl.docs.kubernetes.io/references/kustomize/builtins/ (5.7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest.grafts import Graft
from trimtab.manifest.source import Cursor

_SCALED = frozenset({"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"})
_WITH_PODS = _SCALED | {"DaemonSet", "Job"}
_CONTAINERS = frozenset({"containers", "initContainers"})
_DEPTH = 12


def transformed(at: Cursor, kind: str, names: frozenset[str], kustomization: Cursor) -> Cursor:
    """Return an object after a kustomization's labels, annotations, `replicas` and `images`, in this order.

    Args:
        at: The object.
        kind: Its kind.
        names: All names that it had.
        kustomization: Whose fields.
    """
    grafts = [*at.grafts, *_labelled(at, kind, kustomization)]
    for item in kustomization.items("replicas") if kind in _SCALED else ():
        count = item.get("count")
        if item.word("name") in names and count is not None:
            grafts.append(Graft("add", ("spec", "replicas"), count))
    for item in kustomization.items("images"):
        grafts += list(_renamed(replace(at, grafts=tuple(grafts)), item))
    return replace(at, grafts=tuple(grafts))


def _labelled(at: Cursor, kind: str, kustomization: Cursor) -> Iterator[Graft]:
    """Yield what is added to an object's labels and annotations, and to the annotations of its pods."""
    pairs = [item.get("pairs") for item in kustomization.items("labels")]
    for added in (*pairs, kustomization.get("commonLabels")):
        yield from _added(at, ("metadata", "labels"), added)
    annotations = kustomization.get("commonAnnotations")
    yield from _added(at, ("metadata", "annotations"), annotations)
    if kind in _WITH_PODS:
        yield from _added(at, ("spec", "template", "metadata", "annotations"), annotations)


def _added(at: Cursor, keys: tuple[str, ...], pairs: Cursor | None) -> Iterator[Graft]:
    """Yield what puts pairs into a mapping, which is made where there is none."""
    entries = pairs.entries() if pairs is not None else {}
    if pairs is not None and entries and at.get(*keys[:-1]) is not None:
        standing = at.get(*keys)
        if standing is None:
            yield Graft("add", keys, pairs)
        else:
            yield from (Graft("add", (*keys, key), value) for key, value in entries.items())


def _renamed(at: Cursor, item: Cursor) -> Iterator[Graft]:
    """Yield what one entry of `images` does to the containers that run its image."""
    for keys, image in _images(at, ()):
        name, tag, digest = split_image(image.string)
        if item.string:
            yield from _named_anew(keys, name, item)
            continue
        if not item.word("name") or name != item.word("name"):
            continue
        new_tag, new_digest, new_name = item.get("newTag"), item.get("digest"), item.get("newName")
        if new_digest is not None and new_digest.string:
            ending, holder = f"@{new_digest.string}", new_digest
        elif new_tag is not None and new_tag.string:
            ending, holder = f":{new_tag.string}", new_tag
        else:
            ending, holder = f":{tag}" * bool(tag) + f"@{digest}" * bool(digest), image
        said = (new_name.string if new_name is not None and new_name.string else name) + ending
        yield Graft("replace", keys, replace(holder, said=said))


def _named_anew(keys: tuple[str, ...], name: str, item: Cursor) -> Iterator[Graft]:
    """Yield what an image in one text does, as Argo CD has it: `[NAME=]IMAGE[:TAG][@DIGEST]`."""
    wanted, equals, new = item.string.rpartition("=")
    if name == (wanted if equals else split_image(new)[0]):
        yield Graft("replace", keys, replace(item, said=new))


def split_image(image: str) -> tuple[str, str, str]:
    """Return an image's name, tag and digest, the latter two empty where there are none."""
    rest, _, digest = image.partition("@")
    match = re.fullmatch(r"(?P<name>.+?)(?::(?P<tag>[\w.-]+))?", rest)
    return (match["name"], match["tag"] or "", digest) if match is not None else (rest, "", digest)


def _images(at: Cursor, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Cursor]]:
    """Yield the images of all containers in an object with the way to each."""
    image = at.get("image") if keys[-2:-1] and keys[-2] in _CONTAINERS else None
    if image is not None and image.string:
        yield (*keys, "image"), image
    elif len(keys) < _DEPTH:
        for key, below in _children(at):
            yield from _images(below, (*keys, key))


def _children(at: Cursor) -> Iterator[tuple[str, Cursor]]:
    if at.is_mapping:
        yield from ((key, below) for key, below in at.entries().items() if below.scalar is None)
    else:
        yield from ((str(index), below) for index, below in enumerate(at.items()) if below.scalar is None)
