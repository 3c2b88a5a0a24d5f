"""Which fields of an object a kustomization's labels, images, replicas and prefixes are put into.

Source: https://github.com/kubernetes-sigs/kustomize, `api/internal/konfig/builtinpluginconsts` for what is so of itself
and `api/types/fieldspec.go` for what `configurations`, `labels[].fields` and transformers add (5.7).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trimtab.manifest.patches import Target
from trimtab.manifest.source import Cursor

LABELS, ANNOTATIONS, REPLICAS, IMAGES = "commonLabels", "commonAnnotations", "replicas", "images"
PREFIX, SUFFIX = "namePrefix", "nameSuffix"
_NAMED = (LABELS, ANNOTATIONS, REPLICAS, IMAGES, PREFIX, SUFFIX)
_SCALED = frozenset({"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"})
_STEP = re.compile(r"(?:\\.|[^/\\])+")


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One place in the objects of a kind.

    Attributes:
        use: The field of a kustomization whose value is put there.
        steps: The keys on the way; the items of a list on it are all meant.
        create: Whether the way is made where there is none.
        kinds: What it is for; empty for all.
        group: The API group it is for; empty for all.
        version: The same of the version.
    """

    use: str
    steps: tuple[str, ...]
    create: bool = False
    kinds: frozenset[str] = frozenset()
    group: str = ""
    version: str = ""

    def is_for(self, target: Target) -> bool:
        """Return whether objects such as this one are meant."""
        meant = ((self.group, target.group), (self.version, target.version))
        return (not self.kinds or target.kind in self.kinds) and all(one in {"", other} for one, other in meant)


DEFAULTS = (
    FieldSpec(LABELS, ("metadata", "labels"), create=True),
    FieldSpec(ANNOTATIONS, ("metadata", "annotations"), create=True),
    FieldSpec(
        ANNOTATIONS,
        ("spec", "template", "metadata", "annotations"),
        create=True,
        kinds=_SCALED | {"DaemonSet", "Job"},
    ),
    FieldSpec(REPLICAS, ("spec", "replicas"), create=True, kinds=_SCALED),
    FieldSpec(PREFIX, ("metadata", "name")),
    FieldSpec(SUFFIX, ("metadata", "name")),
)
"""Where a kustomization's own fields go; labels that selectors and pods get decide no setting."""


def configured(root: Cursor) -> Iterator[FieldSpec]:
    """Yield what a file of `configurations` adds."""
    for use in _NAMED:
        yield from specs_in(root.items(use), use)


def specs_in(listed: Iterable[Cursor], use: str) -> Iterator[FieldSpec]:
    """Yield the places that a list of field specifications names."""
    for one in listed:
        kind = one.word("kind")
        yield FieldSpec(
            use,
            tuple(re.sub(r"\\(.)", r"\1", step).removesuffix("[]") for step in _STEP.findall(one.word("path"))),
            one.word("create") == "true",
            frozenset({kind} if kind else ()),
            one.word("group"),
            one.word("version"),
        )


def places(at: Cursor, spec: FieldSpec, done: int = 0) -> Iterator[tuple[str, ...]]:
    """Yield the keys and indexes of every place in an object that a specification means."""
    steps = spec.steps[done:]
    if at.is_sequence:
        for index, item in enumerate(at.items()):
            yield from ((str(index), *keys) for keys in places(item, spec, done))
    elif not steps:
        yield ()
    elif (below := at.get(steps[0])) is not None:
        yield from ((steps[0], *keys) for keys in places(below, spec, done + 1))
    elif spec.create and at.is_mapping:
        yield steps
