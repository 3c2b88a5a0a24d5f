"""Which lines an edit changed, numbered as in the file before it, and which setting changed each."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from trimtab.manifest.diff import common_ends
from trimtab.manifest.splice import Splice
from trimtab.recommendation import Edit


@dataclass(frozen=True, slots=True)
class _Mark:
    """Characters that a field's edit wrote, in the file as it is by now."""

    field: str
    start: int
    end: int


@dataclass(slots=True)
class Trace:
    """Follows the edits of files, one field after the other."""

    _marks: dict[str, list[_Mark]] = field(default_factory=dict)

    def follow(self, name: str, splices: Sequence[Splice]) -> None:
        """Note a field's splices; what earlier fields wrote moves with the text."""
        for splice in sorted(splices, key=lambda one: (one.start, one.end), reverse=True):
            marks = self._marks.setdefault(splice.path, [])
            moved = len(splice.text) - (splice.end - splice.start)
            shifted = [
                replace(m, start=m.start + moved, end=m.end + moved) if m.start >= splice.end else m for m in marks
            ]
            start = splice.start + len(splice.text) - len(splice.text.lstrip("\r\n"))
            self._marks[splice.path] = [*shifted, _Mark(name, start, splice.start + len(splice.text))]

    def edits(self, repository: str, path: str, before: str, after: str) -> Iterator[Edit]:
        """Yield what changed in a file, line by line; lines next to each other that one field changed are one edit."""
        old, new = before.split("\n"), after.split("\n")
        head, tail = common_ends(old, new)
        matcher = difflib.SequenceMatcher(
            None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False
        )
        for verb, i1, i2, j1, j2 in matcher.get_opcodes():
            if verb != "equal":
                yield from self._block(repository, path, (old, head + i1, head + i2), (new, head + j1, head + j2))

    def _block(
        self, repository: str, path: str, left: tuple[list[str], int, int], right: tuple[list[str], int, int]
    ) -> Iterator[Edit]:
        old, i1, i2 = left
        new, j1, j2 = right
        shared = min(i2 - i1, j2 - j1)
        rows = [(self._field(path, new, j1 + at), True, at) for at in range(shared)]
        rest = self._field(path, new, j1 + shared)
        rows += [(rest, j2 - j1 <= shared, at) for at in range(shared, max(i2 - i1, j2 - j1))]
        for (name, stood), group in groupby(rows, key=lambda row: row[:2]):
            places = [at for _, _, at in group]
            first, last = places[0], places[-1] + 1
            was = "\n".join(line.rstrip("\r") for line in old[i1 + first : min(i1 + last, i2)]) if stood else ""
            now = "\n".join(line.rstrip("\r") for line in new[j1 + first : min(j1 + last, j2)])
            yield Edit(repository, path, i1 + first + 1 if stood else i2 + 1, was, now, name)

    def _field(self, path: str, lines: list[str], index: int) -> str:
        """Return the fields that wrote into a line."""
        start = sum(len(line) + 1 for line in lines[:index])
        end = start + (len(lines[index]) if index < len(lines) else 0)
        marks = self._marks.get(path, ())
        return ", ".join(sorted({mark.field for mark in marks if mark.start <= end and start <= mark.end}))
