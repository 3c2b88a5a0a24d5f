"""What `inspect` knows of a folder from the last time, kept for this user alone."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from sys import intern

from trimtab.disk_cache import program_digest, write_lines
from trimtab.manifest.incremental import Snapshot
from trimtab.manifest.seen import Question, Record

_FEW = 300
"""Files below which looking again costs less than a file in the user's home is worth."""
_MOST = 32
"""Folders of which something is kept; the oldest goes first."""
_MOST_BYTES = 128 * 1024 * 1024
"""How much is kept of one folder: eight times what 10,000 files take."""
_ROWS = 200
"""Rows of a line: few enough that no line is large, enough that there are few lines."""
_SPEAKING = ("manifest", "fleet", "cli")
"""Parts of the program that an answer depends on."""
DAMAGED = (ValueError, TypeError, LookupError, AttributeError)
"""What comes of a kept file that says something else than what was written, though its checksum is right."""
_Row = list[object]


class FolderCache:
    """The place of what is known of one folder: lines of JSON, the program's first and their checksum last."""

    def __init__(self, root: Path, cache: Path | None) -> None:
        """Take the folder, and where things are kept; None where nowhere."""
        name = hashlib.sha256(repr(str(root.absolute())).encode(errors="surrogateescape")).hexdigest()[:32]
        self._place = cache / f"{name}.json" if cache is not None else None

    def read(self) -> Snapshot:
        """Return what is known; nothing where what is there is damaged, or of another program."""
        if self._place is None:
            return Snapshot()
        try:
            with self._place.open("rb") as stream:
                return _decoded(_lines(stream)) if os.fstat(stream.fileno()).st_size <= _MOST_BYTES else Snapshot()
        except (OSError, *DAMAGED):
            return Snapshot()

    def write(self, kept: Snapshot) -> None:
        """Keep what is known now in one step, for this user alone; where that cannot be, nothing is kept."""
        if self._place is None or len(kept.files) < _FEW:
            return
        write_lines(self._place, _with_checksum(_encoded(kept)), _MOST)


def _with_checksum(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines, and last what tells whether they are whole."""
    total = hashlib.sha256()
    for line in lines:
        total.update(line)
        yield line
    yield total.hexdigest().encode()


def _lines(stream: Iterable[bytes]) -> Iterator[list[_Row]]:
    """Yield the rows of each line; an error after the last of them where they are not what was written."""
    total = hashlib.sha256()
    last = b""
    for number, line in enumerate(stream):
        if number == 0 and line != _first_line():
            raise ValueError("of another program")
        total.update(last)
        if number > 1:
            yield json.loads(last)
        last = line
    if total.hexdigest().encode() != last:
        raise ValueError("damaged")


def _first_line() -> bytes:
    return f"{program_digest(*_SPEAKING)}\n".encode()


def _encoded(kept: Snapshot) -> Iterator[bytes]:
    """Yield lines; questions with their answers stand once, and records name them by number."""
    numbers: dict[tuple[Question, str], int] = {}
    for record in kept.records.values():
        for one in record.basis.items():
            numbers.setdefault(one, len(numbers))
    rows: tuple[Iterable[_Row], ...] = (
        (["file", path, *known] for path, known in kept.files.items()),
        (["alone", *key, *said] for key, said in kept.alone.items()),
        (["question", *question, answer] for question, answer in numbers),
        (
            ["record", *key, [numbers[one] for one in record.basis.items()], *record.value]
            for key, record in kept.records.items()
        ),
    )
    yield _first_line()
    every = itertools.chain.from_iterable(rows)
    while some := list(itertools.islice(every, _ROWS)):
        yield json.dumps(some).encode() + b"\n"


def _decoded(lines: Iterable[list[_Row]]) -> Snapshot:
    """Return what was kept.

    Raises:
        ValueError: It is something else.
        TypeError: Likewise.
        IndexError: Likewise.
    """
    files: dict[str, tuple[str, str]] = {}
    alone: dict[Question, tuple[str, ...]] = {}
    questions: list[tuple[Question, str]] = []
    records: dict[Question, Record] = {}
    for sort, *row in itertools.chain.from_iterable(lines):
        if sort == "file":
            path, stamp, blob = _words(row)
            files[path] = stamp, blob
        elif sort == "alone":
            alone[_words(row[:2])] = _words(row[2:])
        elif sort == "question":
            questions.append((_words(row[:-1]), intern(str(row[-1]))))
        else:
            records[_words(row[:2])] = Record(dict(_picked(questions, row[2])), tuple(map(str, row[3:])))
    return Snapshot(files, alone, records)


def _picked(questions: list[tuple[Question, str]], numbers: object) -> Iterator[tuple[Question, str]]:
    for number in numbers if isinstance(numbers, list) else ():
        yield questions[number]


def _words(found: _Row) -> Question:
    """Return words, each held once however many rows have it: paths and blob ids are most of what is held."""
    return tuple(intern(str(one)) for one in found)
