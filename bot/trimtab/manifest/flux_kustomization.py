"""Flux's Kustomizations as far as they say what they bring where, known without their nodes once they were read.

Source: https://fluxcd.io/flux/components/kustomize/kustomizations/ (2.6).
"""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from functools import partial

from trimtab.manifest.objects import Thing, things_in
from trimtab.manifest.paths import joined
from trimtab.manifest.tree import Tree

GROUP = "kustomize.toolkit.fluxcd.io"


@dataclass(frozen=True, slots=True)
class FluxKustomization:
    """One object.

    Attributes:
        path: Its file.
        number: Its place among the objects of its file.
        name: Its name.
        folder: The folder that it points at, the root where it names none.
        namespace: Its `targetNamespace`.
        remote: The Secret that its `kubeConfig` names.
    """

    path: str
    number: int
    name: str
    folder: str
    namespace: str
    remote: str

    def thing(self, tree: Tree) -> Thing:
        """Return the object itself."""
        return tuple(things_in(tree, self.path))[self.number]


def flux_kustomizations(tree: Tree) -> tuple[FluxKustomization, ...]:
    """Return all of a tree, in the order of their files."""
    paths = tree.holding(GROUP)
    return tuple(FluxKustomization(path, *json.loads(text)) for path in paths for text in texts_in(tree, path))


def texts_in(tree: Tree, path: str) -> tuple[str, ...]:
    """Return those of a file, in a form that is kept."""
    return tree.seen.kept("flux", path, partial(_texts, tree, path))


def _texts(tree: Tree, path: str) -> tuple[str, ...]:
    things = [(at, one) for at, one in enumerate(things_in(tree, path)) if one.group == GROUP]
    return tuple(json.dumps(astuple(_of(one, at))[1:]) for at, one in things if one.kind == "Kustomization")


def _of(thing: Thing, number: int) -> FluxKustomization:
    at = thing.at
    return FluxKustomization(
        thing.path,
        number,
        thing.name,
        joined("", at.word("spec", "path").lstrip("/") or "."),
        at.word("spec", "targetNamespace"),
        at.word("spec", "kubeConfig", "secretRef", "name"),
    )
