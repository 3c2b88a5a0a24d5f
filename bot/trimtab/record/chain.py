"""What makes a row of entries whole: numbers without gaps, digests that chain, and only legal steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trimtab.life import COMMAND, Entry, State, legal
from trimtab.record.codec import START, UnreadableError, decode

_PATH = re.compile(r"entries/(?P<shelf>\d{5})/(?P<seq>\d{8})\.json", re.ASCII)
_SHELF = 1000


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not hold, and why; entry 0 is the branch itself."""

    entry: int
    why: str


def path_of(seq: int) -> str:
    """Return the file of an entry: a thousand to a folder, so that no tree grows large."""
    return f"entries/{seq // _SHELF:05d}/{seq:08d}.json"


def seq_of(path: str) -> int:
    """Return the number of the entry that a path holds, 0 where it is no entry's path."""
    match = _PATH.fullmatch(path)
    return int(match["seq"]) if match and path_of(int(match["seq"])) == path else 0


def read_chain(files: Mapping[str, bytes]) -> tuple[Entry, ...] | Broken:
    """Return the entries of a ledger's files, or the first that does not hold."""
    strange = sorted(path for path in files if not seq_of(path))
    if strange:
        return Broken(0, f"{strange[0]} is no entry")
    entries: list[Entry] = []
    watch = _Watch()
    for seq, path in enumerate(sorted(files), start=1):
        if seq_of(path) != seq:
            return Broken(seq, "it is missing")
        try:
            entry = decode(files[path])
        except UnreadableError as error:
            return Broken(seq, error.message)
        for why in watch.faults(entry, seq):
            return Broken(seq, why)
        entries.append(entry)
    return tuple(entries)


class _Watch:
    """Follows the chain and each recommendation's state, entry by entry."""

    def __init__(self) -> None:
        self._prev = START
        self._last: dict[str, Entry] = {}

    def faults(self, entry: Entry, seq: int) -> Iterator[str]:
        """Yield what is wrong with the next entry."""
        if entry.seq != seq:
            yield f"it says that it is entry {entry.seq}"
        if entry.prev != self._prev:
            yield "it does not follow the entry before it: `prev` is another digest"
        yield from self._step_faults(entry)
        self._prev = entry.digest
        if entry.recommendation:
            self._last[entry.recommendation] = entry

    def _step_faults(self, entry: Entry) -> Iterator[str]:
        if not entry.recommendation:
            if entry.step != COMMAND:
                yield f"it names no recommendation, and its step is {entry.step!r}"
            return
        last = self._last.get(entry.recommendation)
        before = last.step if last else ""
        if entry.came_from != before:
            yield f"it says that the state before was {entry.came_from!r}, and it was {before!r}"
        elif not legal(before, entry.step):
            yield f"no recommendation goes from {before or 'nothing'} to {entry.step}"
        elif last and doubles(last, entry):
            yield f"it repeats entry {last.seq}"


def doubles(last: Entry, entry: Entry) -> bool:
    """Return whether an entry says again what the recommendation's entry before it said."""
    said = [(one.head, one.fingerprint, one.note, one.command) for one in (last, entry)]
    return entry.step == last.step == State.OPEN and said[0] == said[1]
