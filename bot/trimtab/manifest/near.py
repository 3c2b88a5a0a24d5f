"""What lies near a file, found without a look at every other file of the tree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from trimtab.manifest.paths import folder_of

NEAR = 3
"""How many folders up an object is still taken for a neighbour of the file that refers to it."""
Thing = TypeVar("Thing")


class Nearby(Generic[Thing]):
    """Things by the folders above them, up to `NEAR` of those."""

    def __init__(self, placed: Iterable[tuple[str, Thing]]) -> None:
        """Take each thing with the path of its file."""
        self._below: dict[str, list[tuple[int, str, Thing]]] = {}
        for path, thing in placed:
            for depth, folder in enumerate(_upwards(path)):
                self._below.setdefault(folder, []).append((depth, path, thing))

    def of(self, path: str) -> tuple[Thing, ...]:
        """Return the things within `NEAR` folders of a file: the nearest first, then by path, then as given."""
        found: dict[int, tuple[int, str, Thing]] = {}
        for up, folder in enumerate(_upwards(path)):
            for down, where, thing in self._below.get(folder, ()):
                if up + down <= NEAR and id(thing) not in found:
                    found[id(thing)] = (up + down, where, thing)
        return tuple(thing for _, _, thing in sorted(found.values(), key=lambda one: one[:2]))


def distance(one: str, other: str) -> int:
    """Return how many folders lie between two files."""
    left, right = ([part for part in folder_of(path).split("/") if part] for path in (one, other))
    common = 0
    while common < min(len(left), len(right)) and left[common] == right[common]:
        common += 1
    return len(left) + len(right) - 2 * common


def _upwards(path: str) -> tuple[str, ...]:
    """Return a file's folder and those above it, `NEAR` at most."""
    folders = [folder_of(path)]
    while folders[-1] and len(folders) <= NEAR:
        folders.append(folder_of(folders[-1]))
    return tuple(folders)
