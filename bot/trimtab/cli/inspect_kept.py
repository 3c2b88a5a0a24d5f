"""What `inspect` knows of a folder from the last time, kept for this user alone."""

from __future__ import annotations

import hashlib
from pathlib import Path

from trimtab.kept import program, read_kept, write_kept
from trimtab.manifest.again import Kept
from trimtab.manifest.seen import Question, Record

_FEW = 300
"""Files below which looking again costs less than a file in the user's home is worth."""
_MOST = 32
"""Folders of which something is kept; the oldest goes first."""
_MOST_CHARACTERS = 64 * 1024 * 1024
"""How much is kept of one folder: ten times what 10,000 files take."""
_SPEAKING = ("manifest", "fleet", "cli")
"""Parts of the program that an answer depends on."""
DAMAGED = (ValueError, TypeError, LookupError, AttributeError)
"""What comes of a kept file that says something else than what was written, though its checksum is right."""


class KeptFolder:
    """The place of what is known of one folder."""

    def __init__(self, root: Path, cache: Path | None) -> None:
        """Take the folder, and where things are kept; None where nowhere."""
        name = hashlib.sha256(repr(str(root.absolute())).encode(errors="surrogateescape")).hexdigest()[:32]
        self._place = cache / f"{name}.json" if cache is not None else None

    def read(self) -> Kept:
        """Return what is known; nothing where what is there is damaged, or of another program."""
        found = read_kept(self._place, program(*_SPEAKING)) if self._place is not None else None
        try:
            return _decoded(found) if found is not None else Kept()
        except DAMAGED:
            return Kept()

    def write(self, before: Kept, now: Kept) -> None:
        """Keep what is known now, where it is worth it and anything changed."""
        if self._place is not None and len(now.files) >= _FEW and now != before:
            write_kept(self._place, program(*_SPEAKING), _encoded(now), _MOST)


def _encoded(kept: Kept) -> list[object]:
    """Return what JSON can say; questions with their answers stand once, and records name them by number."""
    numbers: dict[tuple[Question, str], int] = {}
    records = []
    for key, record in kept.records.items():
        basis = [numbers.setdefault(one, len(numbers)) for one in record.basis.items()]
        records.append([*key, basis, *record.value])
    files = [[path, *known] for path, known in kept.files.items()]
    return [
        files,
        [[*key, *said] for key, said in kept.alone.items()],
        [[*one, said] for one, said in numbers],
        records,
    ]


def _decoded(found: list[object]) -> Kept:
    """Return what was kept.

    Raises:
        ValueError: It is something else.
        TypeError: Likewise.
    """
    files, alone, numbered, records = (_rows(one) for one in found)
    questions = [(_words(row[:-1]), str(row[-1])) for row in numbered]
    known: dict[Question, Record] = {}
    for name, path, basis, *value in records:
        numbers = basis if isinstance(basis, list) else []
        known[str(name), str(path)] = Record(dict(questions[number] for number in numbers), _words(value))
    said = {_words(row[:2]): _words(row[2:]) for row in alone}
    return Kept({str(path): (str(stamp), str(blob)) for path, stamp, blob in files}, said, known)


def _rows(found: object) -> list[list[object]]:
    if not isinstance(found, list) or not all(isinstance(row, list) for row in found):
        raise ValueError("not a list of lists")
    return found


def _words(found: list[object]) -> Question:
    return tuple(map(str, found))
