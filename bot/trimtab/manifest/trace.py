"""Which lines an edit changed, numbered as in the file before it, and which setting changed each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, groupby

from trimtab.manifest.diff import Lines, common_ends, is_long, window
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
        start, old_end, new_end = window(before, after)
        line = before.count("\n", 0, start)
        was, now = before[start:old_end], after[start:new_end]
        old, new = ([was], [now]) if is_long(was) else (was.split("\n"), now.split("\n"))
        starts = list(accumulate((len(one) + 1 for one in new), initial=start))
        head, tail = common_ends(old, new)
        matcher = Lines(old[head : len(old) - tail], new[head : len(new) - tail])
        for verb, i1, i2, j1, j2 in matcher.get_opcodes():
            if verb != "equal":
                lines = range(head + j1, head + j2 + 1)
                names = [self._field(path, starts[at], starts[min(at + 1, len(new))]) for at in lines]
                for one in _edits(names, old[head + i1 : head + i2], new[head + j1 : head + j2]):
                    yield replace(one, repository=repository, path=path, line=line + head + i1 + one.line)

    def _field(self, path: str, start: int, after: int) -> str:
        """Return the fields that wrote into the line that begins at `start`, where the next one begins at `after`."""
        marks = self._marks.get(path, ())
        return ", ".join(
            sorted({mark.field for mark in marks if mark.start < max(after, start + 1) and start <= mark.end})
        )


def _edits(names: Sequence[str], old: Sequence[str], new: Sequence[str]) -> Iterator[Edit]:
    """Yield what takes the place of lines, counted from 1; `names` are what wrote each new line and the one after."""
    shared = min(len(old), len(new))
    rows = ((names[min(at, shared)], at < shared or len(new) <= shared) for at in range(max(len(old), len(new))))
    last = 0
    for (name, stood), group in groupby(rows):
        first, last = last, last + sum(1 for _ in group)
        was = "\n".join(line.rstrip("\r") for line in old[first:last]) if stood else ""
        now = "\n".join(line.rstrip("\r") for line in new[first:last])
        yield Edit("", "", first + 1 if stood else len(old) + 1, was, now, name)
