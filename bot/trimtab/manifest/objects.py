"""The objects of Kubernetes that the files of a tree hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the tree."""

    at: Cursor
    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """Return the file it stands in."""
        return self.at.source.path

    @property
    def group(self) -> str:
        """Return the API group, empty for the core one."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""


def things_in(tree: Tree, path: str) -> Iterator[Thing]:
    """Yield the objects of a file, items of a `List` and of an OpenShift Template included; no schemas."""
    for source in tree.objects(path):
        root = source.root()
        if root is not None:
            yield from things_at(root)


def is_object(at: Cursor) -> bool:
    """Return whether a document is an object of Kubernetes; values of charts have a key `kind` too."""
    return bool(at.word("kind") and at.word("apiVersion"))


def things_at(at: Cursor) -> Iterator[Thing]:
    """Yield the object at the top of a document, or those of a `List` or Template that stands there."""
    kind, api_version = at.word("kind"), at.word("apiVersion")
    if not is_object(at):
        return
    listed = at.get("items") if kind == "List" else at.get("objects") if kind == "Template" else None
    if listed is not None:
        for item in listed.items():
            yield from things_at(item)
        return
    name = at.word("metadata", "name") or at.word("metadata", "generateName")
    yield Thing(at, api_version, kind, at.word("metadata", "namespace"), name)
