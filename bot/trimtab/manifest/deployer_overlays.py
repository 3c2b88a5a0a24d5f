"""What a deployment tool lays over the objects of a folder that it brings: fields of a kustomization in its own object.

Sources: https://fluxcd.io/flux/components/kustomize/kustomizations/#patches (2.6),
https://argo-cd.readthedocs.io/en/stable/user-guide/kustomize/ (3.1).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from functools import partial

from trimtab.manifest.flux_kustomization import GROUP as FLUX
from trimtab.manifest.generated_apps import fill, parameters_of
from trimtab.manifest.objects import Thing, things_in
from trimtab.manifest.patches import walk
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree

_ARGO = "argoproj.io"
_ADDING = ("patches", "patchesStrategicMerge", "patchesJson6902", "images", "components")
_ARGO_ADDING = (*_ADDING, "replicas", "namePrefix", "nameSuffix", "namespace", "commonLabels", "commonAnnotations")


@dataclass(frozen=True, slots=True)
class DeployerOverlay:
    """One object that brings a folder.

    Attributes:
        path: Its file.
        number: Its place among the objects of its file.
        keys: Where in it the fields of a kustomization are.
        folder: The folder that it brings.
        adds: Whether it says any of those fields.
        over_bare: Whether it also lays them over a folder that has no kustomization.
        folders: How many folders the same fields are laid over.
        overrides: Files of the folder that lie over what it says, as Argo CD's image updater writes them.
    """

    path: str
    number: int
    keys: tuple[str, ...]
    folder: str
    adds: bool
    over_bare: bool
    folders: int
    overrides: tuple[str, ...] = ()

    def at(self, tree: Tree) -> Cursor | None:
        """Return its fields of a kustomization."""
        found = walk(tuple(things_in(tree, self.path))[self.number].at, self.keys)
        for path in self.overrides:
            for over in _overriding(tree, path):
                found = replace(over, under=(found,) if found is not None else (), whole=True)
        return found


def deployer_overlays(tree: Tree) -> tuple[DeployerOverlay, ...]:
    """Return what Flux and Argo CD bring as kustomizations, in the order of their files."""
    paths = sorted({*tree.holding(FLUX), *tree.holding(_ARGO)})
    return tuple(_read(path, text) for path in paths for text in overlay_texts(tree, path))


def overlay_texts(tree: Tree, path: str) -> tuple[str, ...]:
    """Return what the objects of a file bring, in a form that is kept."""
    return tree.seen.kept("overlays", path, partial(_texts, tree, path))


def _read(path: str, text: str) -> DeployerOverlay:
    number, keys, folder, adds, over_bare, folders, overrides = json.loads(text)
    return DeployerOverlay(path, number, tuple(keys), folder, adds, over_bare, folders, tuple(overrides))


def _texts(tree: Tree, path: str) -> tuple[str, ...]:
    found = (one for number, thing in enumerate(things_in(tree, path)) for one in _of(thing, number, tree))
    return tuple(json.dumps(astuple(one)[1:]) for one in found)


def _of(thing: Thing, number: int, tree: Tree) -> Iterator[DeployerOverlay]:
    """Yield what one object brings as a kustomization."""
    if (thing.group, thing.kind) == (FLUX, "Kustomization"):
        folder = thing.at.word("spec", "path")
        adds = any(thing.at.get("spec", key) is not None for key in _ADDING)
        if folder:
            yield DeployerOverlay(
                thing.path, number, ("spec",), joined("", folder.lstrip("/")), adds, over_bare=True, folders=1
            )
    elif thing.group == _ARGO and thing.kind in {"Application", "ApplicationSet"}:
        yield from _of_argo(thing, number, tree)


def _of_argo(thing: Thing, number: int, tree: Tree) -> Iterator[DeployerOverlay]:
    made = thing.kind == "ApplicationSet"
    start = ("spec", "template", "spec") if made else ("spec",)
    places = [("sources", str(index)) for index, _ in enumerate(thing.at.items(*start, "sources"))]
    for place in [("source",), *places]:
        source = walk(thing.at, (*start, *place))
        pattern = source.word("path") if source is not None else ""
        kustomize = source.get("kustomize") if source is not None else None
        adds = kustomize is not None and any(kustomize.get(key) is not None for key in _ARGO_ADDING)
        told = parameters_of(thing.at, tree) if made else ({},)
        folders = sorted({joined("", fill(pattern, one).lstrip("/")) for one in told}) if pattern else []
        keys = (*start, *place, "kustomize")
        names = [".argocd-source.yaml", f".argocd-source-{thing.name}.yaml"] if not made else []
        for folder in folders:
            paths = tuple(path for name in names if (path := joined(folder, name)) in tree)
            over = adds or any(
                at.get(key) is not None for path in paths for at in _overriding(tree, path) for key in _ARGO_ADDING
            )
            yield DeployerOverlay(
                thing.path, number, keys, folder, over, over_bare=False, folders=len(folders), overrides=paths
            )


def _overriding(tree: Tree, path: str) -> Iterator[Cursor]:
    """Yield what a file of a folder says in the place of an Application's own fields of a kustomization.

    Source: https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/#store-overrides-in-git (3.1).
    """
    for source in tree.readable(path):
        root = source.root()
        found = root.get("kustomize") if root is not None else None
        if found is not None:
            yield found
