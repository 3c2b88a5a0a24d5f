"""What is served in a tree of manifests, and where each setting is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from trimtab.facts import Unreadable
from trimtab.fleet import Serving
from trimtab.manifest.disk import blob_id
from trimtab.manifest.finder import Finder
from trimtab.manifest.hit import Draft
from trimtab.manifest.parse import BrokenYamlError, check
from trimtab.manifest.share import shared_out
from trimtab.manifest.tree import Tree


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a tree.

    Attributes:
        servings: Ordered by path and place in the file.
        files_read: How many YAML files were looked at.
        unreadable: Those that no parser takes.
    """

    servings: tuple[Serving, ...]
    files_read: int
    unreadable: tuple[Unreadable, ...]


def inspect(tree: Tree, repository: str = "", processes: int = 1) -> Inspection:
    """Return what is served in a tree, and where each setting is written; the same for any number of processes.

    Args:
        tree: The files.
        repository: The repository's name in the configuration, for the locations.
        processes: How many may share the work; a small tree is not worth a second one.
    """
    paths = tree.yaml_paths
    parts = tuple(shared_out(partial(_Looker, tree, repository), paths, processes))
    servings = tuple(serving for part in parts for serving in part.servings)
    unreadable = tuple(one for part in parts for one in part.unreadable)
    return Inspection(servings, len(paths), unreadable)


@dataclass(frozen=True, slots=True)
class _Part:
    """What was found in some of the files."""

    servings: tuple[Serving, ...]
    unreadable: tuple[Unreadable, ...]


class _Looker:
    """Looks at files of one tree; what it looks up once it keeps."""

    def __init__(self, tree: Tree, repository: str) -> None:
        self._tree = tree
        self._finder = Finder(tree, repository)
        self._checked: dict[str, BrokenYamlError | None] = {}

    def __call__(self, paths: Sequence[str]) -> _Part:
        """Return what is found in files, in their order."""
        unreadable = tuple(found for path in paths if (found := self._unreadable(path)) is not None)
        return _Part(tuple(serving for path in paths for serving in self._finder.servings(path)), unreadable)

    def _unreadable(self, path: str) -> Unreadable | None:
        data = self._tree[path]
        key = blob_id(data)
        if key not in self._checked:
            self._checked[key] = check(data)
        broken = self._checked[key]
        return None if broken is None else Unreadable(path, broken.line, broken.reason)


def drafts(tree: Tree, only: str = "") -> Iterator[Draft]:
    """Yield the servings of a tree, or of one file of it, with what it takes to edit them."""
    finder = Finder(tree)
    for path in [only] if only else tree.yaml_paths:
        yield from finder.drafts(path)
