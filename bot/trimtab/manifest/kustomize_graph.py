"""Which kustomizations include which, and which files feed each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from trimtab.manifest.context import Context
from trimtab.manifest.links import kustomization_in
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.seen import Seen, asked
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree


class Graph:
    """The kustomizations of a tree and what they name; none is built."""

    def __init__(self, context: Context) -> None:
        """Look at what every kustomization names."""
        self._context = context
        with self.seen.apart():
            self._path_of = {folder_of(path): path for path in context.kustomizations}
        self._links = {folder: context.kustomizations[path] for folder, path in self._path_of.items()}
        self._feeding: dict[str, frozenset[str]] = {}
        used = {child for folder in self._links for child in self._children(folder)}
        self._roots = frozenset(folder for folder in self._links if folder not in used)
        self._fed: dict[str, list[str]] = {}
        for folder in sorted(self._roots):
            for path in self.feeding(folder):
                self._fed.setdefault(path, []).append(folder)

    @property
    def seen(self) -> Seen:
        """Return where notes are taken."""
        return self._context.tree.seen

    @property
    def tree(self) -> Tree:
        """Return the files."""
        return self._context.tree

    @asked
    def roots_of(self, path: str) -> tuple[str, ...]:
        """Return the folders of the outermost kustomizations that a file feeds."""
        return tuple(self._fed.get(path, ()))

    @asked
    def root_at(self, path: str) -> str | None:
        """Return the folder of the outermost kustomization that this file is, or None."""
        folder = folder_of(path)
        return folder if self._path_of.get(folder) == path and folder in self._roots else None

    @asked
    def is_root(self, folder: str) -> bool:
        """Return whether a folder has a kustomization that no other includes."""
        return folder in self._roots

    @asked
    def is_kustomized(self, folder: str) -> bool:
        """Return whether a folder has a kustomization."""
        return folder in self._path_of

    @asked
    def kustomization_path(self, folder: str) -> str:
        """Return the file of the kustomization of a folder, empty where it has none."""
        return self._path_of.get(folder, "")

    @asked
    def feeding(self, folder: str) -> frozenset[str]:
        """Return the files that feed the kustomization of a folder, outermost or not, itself included."""
        if folder not in self._feeding and folder in self._path_of:
            self._feeding[folder] = frozenset(self._paths(folder))
        return self._feeding.get(folder, frozenset())

    @property
    def questions(self) -> tuple[Callable[..., object], ...]:
        """Return what answers questions."""
        single = (self.roots_of, self.root_at, self.is_root, self.is_kustomized)
        return (*single, self.kustomization_path, self.feeding)

    def kustomization(self, folder: str) -> Cursor:
        """Return the kustomization of a folder."""
        found = kustomization_in(self._context.tree, self.kustomization_path(folder))
        if found is None:
            raise KeyError(folder)
        return found

    def _children(self, folder: str) -> Iterator[str]:
        """Yield the folders of the kustomizations that one includes."""
        inside = (joined(folder, path) for path in self._links[folder].included)
        yield from (child for child in inside if child in self._links)

    def _paths(self, folder: str) -> Iterator[str]:
        waiting, seen = [folder], {folder}
        while waiting:
            here = waiting.pop()
            yield self._path_of[here]
            yield from (joined(here, item) for item in self._links[here].fed)
            new = [child for child in self._children(here) if child not in seen]
            seen.update(new)
            waiting += new
