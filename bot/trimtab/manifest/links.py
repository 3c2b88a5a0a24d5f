"""What a kustomization names, known without its nodes once it was read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from sys import intern

from trimtab.manifest.patches import patch_paths
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True)
class Links:
    """What one kustomization names, as it writes it.

    Attributes:
        included: What may be kustomizations: resources, bases and components, in this order.
        fed: The files that it is made of: resources, patches, and what ConfigMaps are generated of.
    """

    included: tuple[str, ...]
    fed: tuple[str, ...]

    @staticmethod
    def of(at: Cursor) -> Links:
        """Return what a kustomization names."""
        resources = named_in(at, "resources")
        included = (*resources, *named_in(at, "bases"), *named_in(at, "components"))
        return Links(included, (*resources, *patch_paths(at), *_generated_of(at)))


def kustomization_of(tree: Tree, folder: str) -> str:
    """Return the file of the kustomization of a folder, empty where it has none."""
    return next((path for name in KUSTOMIZATIONS if (path := joined(folder, name)) in tree), "")


def kustomization_in(tree: Tree, path: str) -> Cursor | None:
    """Return the kustomization that a file is; None where it is none."""
    roots = (source.root() for source in tree.readable(path))
    return next((root for root in roots if root is not None and root.is_mapping), None)


def links_in(tree: Tree, path: str) -> Links | None:
    """Return what the kustomization that a file is names, as was known of the same bytes before; None for none."""
    known = tree.seen.links(tree.blob(path)) if tree.seen.wanted else ""
    found = json.loads(known or links_text(tree, path))
    return Links(*(tuple(map(intern, names)) for names in found)) if found is not None else None


def links_text(tree: Tree, path: str) -> str:
    """Return what the kustomization that a file is names, in a form that is kept."""
    at = kustomization_in(tree, path)
    return json.dumps(astuple(Links.of(at)) if at is not None else None)


def _generated_of(at: Cursor) -> Iterator[str]:
    """Yield the files that a kustomization's generators read."""
    for one in at.items("configMapGenerator"):
        yield from (item.string for item in one.items("envs"))
        yield from (item.string.rpartition("=")[2] for item in one.items("files"))
        yield from filter(None, (one.word("env"),))


def named_in(at: Cursor, key: str) -> tuple[str, ...]:
    """Return what a kustomization names in one of its lists; empty entries are left out."""
    return tuple(item.string for item in at.items(key) if item.string)
