"""Fields of a kustomization that change all objects or those of a name: labels, annotations, `replicas`, `images`.

Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ (5.7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trimtab.manifest.composed import composed
from trimtab.manifest.field_specs import (
    ANNOTATIONS,
    IMAGES,
    LABELS,
    PREFIX,
    REPLICAS,
    SUFFIX,
    FieldSpec,
    places,
    specs_in,
)
from trimtab.manifest.grafts import Graft
from trimtab.manifest.patches import Target, walk
from trimtab.manifest.source import Cursor

_CONTAINERS = frozenset({"containers", "initContainers"})
_METADATA = ("metadata", "name")
_DEPTH = 12
_MOST_FIELDS = 60
"""Fields of one entry of `labels` that are followed."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a kustomization does to the objects that it has, or one of its transformers, which does less.

    Attributes:
        at: Fields as a kustomization has them.
        folder: Where its paths start.
        specs: Which fields of objects its labels, images and so on are put into.
        merges: Whether lists of custom resources are merged by a schema of their own.
    """

    at: Cursor
    folder: str
    specs: tuple[FieldSpec, ...]
    merges: bool = False

    def specs_for(self, use: str, target: Target) -> Iterator[FieldSpec]:
        """Yield where in an object something is put."""
        yield from (one for one in self.specs if one.use == use and one.is_for(target))

    def renames(self, use: str, target: Target) -> bool:
        """Return whether a prefix or suffix is for an object's name."""
        return any(one.steps == _METADATA for one in self.specs_for(use, target))


def transformed(target: Target, step: Step) -> Cursor:
    """Return an object after what is put into its fields, in kustomize's order; its own name is left alone."""
    at = target.at
    for use in (PREFIX, SUFFIX):
        at = _affixed(at, target, step, use)
    at = _labelled(at, target, step)
    for item in step.at.items("replicas"):
        count = item.get("count")
        for spec in step.specs_for(REPLICAS, target) if item.word("name") in target.names and count is not None else ():
            at = _put(at, [Graft("set", keys, count) for keys in places(at, spec)])
    for item in step.at.items("images"):
        named = [keys for spec in step.specs_for(IMAGES, target) for keys in places(at, spec)]
        images = [*images_in(at), *((keys, one) for keys in named if (one := walk(at, keys)) is not None)]
        at = _put(at, [graft for keys, image in images for graft in _renamed(keys, image, item)])
    return at


def _put(at: Cursor, grafts: Sequence[Graft]) -> Cursor:
    return replace(at, grafts=(*at.grafts, *grafts)) if grafts else at


def _affixed(at: Cursor, target: Target, step: Step, use: str) -> Cursor:
    """Return an object after a prefix or suffix of fields other than its name."""
    affix = step.at.word(use)
    for spec in step.specs_for(use, target) if affix else ():
        found = ((keys, walk(at, keys)) for keys in places(at, spec) if spec.steps != _METADATA)
        reason = f"{step.at.source.path} adds {affix} to it; edit both by hand"
        standing = [(keys, one) for keys, one in found if one is not None and one.string]
        said = {keys: affix + one.string if use == PREFIX else one.string + affix for keys, one in standing}
        at = _put(at, [Graft("replace", keys, composed(one, said[keys], reason)) for keys, one in standing])
    return at


def _labelled(at: Cursor, target: Target, step: Step) -> Cursor:
    """Return an object after labels and annotations, which may go into any of its mappings."""
    common = tuple(step.specs_for(LABELS, target))
    own = common[:1]
    for item in step.at.items("labels"):
        listed = (one for one in specs_in(item.items("fields")[:_MOST_FIELDS], LABELS) if one.is_for(target))
        specs = common if item.word("includeSelectors") == "true" else own
        at = _added(at, item.get("pairs"), (*specs, *listed))
    at = _added(at, step.at.get("commonLabels"), common)
    return _added(at, step.at.get("commonAnnotations"), tuple(step.specs_for(ANNOTATIONS, target)))


def _added(at: Cursor, pairs: Cursor | None, specs: Sequence[FieldSpec]) -> Cursor:
    """Return an object with pairs in each of its mappings that is meant."""
    entries = pairs.entries() if pairs is not None else {}
    for spec in specs if pairs is not None and entries else ():
        for keys in list(places(at, spec)):
            standing = walk(at, keys)
            if standing is None and pairs is not None:
                at = _put(at, [Graft("set", keys, pairs)])
            else:
                at = _put(at, [Graft("add", (*keys, key), value) for key, value in entries.items()])
    return at


def _renamed(keys: tuple[str, ...], image: Cursor, item: Cursor) -> Iterator[Graft]:
    """Yield what one entry of `images` does to an image, where it is for it."""
    name, tag, digest = split_image(image.string)
    if item.string:
        yield from _named_anew(keys, name, item)
        return
    if not item.word("name") or name != item.word("name"):
        return
    new_tag, new_digest, new_name = item.get("newTag"), item.get("digest"), item.get("newName")
    if new_digest is not None and new_digest.string:
        ending, holder = f"@{new_digest.string}", new_digest
    elif new_tag is not None and new_tag.string:
        ending, holder = f":{new_tag.string}", new_tag
    else:
        ending, holder = f":{tag}" * bool(tag) + f"@{digest}" * bool(digest), image
    said = (new_name.string if new_name is not None and new_name.string else name) + ending
    if suffix := item.word("tagSuffix"):
        reason = f"{item.source.path}:{item.line} adds {suffix} to the tag; edit both by hand"
        yield Graft("replace", keys, composed(holder, said + suffix, reason))
    else:
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


def images_in(at: Cursor, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Cursor]]:
    """Yield the images of all containers in an object with the way to each."""
    image = at.get("image") if keys[-2:-1] and keys[-2] in _CONTAINERS else None
    if image is not None and image.string:
        yield (*keys, "image"), image
    elif len(keys) < _DEPTH:
        for key, below in _children(at):
            yield from images_in(below, (*keys, key))


def _children(at: Cursor) -> Iterator[tuple[str, Cursor]]:
    if at.is_mapping:
        yield from ((key, below) for key, below in at.entries().items() if below.scalar is None)
    else:
        yield from ((str(index), below) for index, below in enumerate(at.items()) if below.scalar is None)
