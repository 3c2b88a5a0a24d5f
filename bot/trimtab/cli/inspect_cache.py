"""What `inspect` knows of a folder from the last time, kept for this user alone."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import suppress
from pathlib import Path

from trimtab.disk_cache import program_digest, write_file
from trimtab.manifest.notebook import Notebook

_FEW = 300
"""Files below which looking again costs less than a file in the user's home is worth."""
_MOST = 32
"""Folders of which something is kept; the oldest goes first."""
_SPEAKING = ("manifest", "fleet", "cli")
"""Parts of the program that an answer depends on."""
DAMAGED = (sqlite3.Error, ValueError, TypeError, LookupError, AttributeError)
"""What comes of a kept file that says something else than what was written, though its name is right."""


class FolderCache:
    """The place of what is known of one folder: a file whose name says what it holds, and that nobody writes to.

    So it is whole or is not taken, and who reads it is not disturbed by who puts another in its place.

    Attributes:
        program: What tells this program from any other that may have kept something.
    """

    def __init__(self, root: Path, cache: Path | None) -> None:
        """Take the folder, and where things are kept; None where nowhere."""
        self._cache = cache
        self.program = program_digest(*_SPEAKING)
        self._folder = hashlib.sha256(repr(str(root.absolute())).encode(errors="surrogateescape")).hexdigest()[:32]

    def _places(self) -> list[Path]:
        return sorted(self._cache.glob(f"{self._folder}-*.db")) if self._cache is not None else []

    def _name(self, place: Path) -> str:
        """Return what a file is to be called that holds what this one does."""
        with place.open("rb") as stream:
            return f"{self._folder}-{hashlib.file_digest(stream, 'sha256').hexdigest()}.db"

    def read(self) -> Notebook:
        """Return what is known: nothing where what is there is damaged, or of another program."""
        for place in self._places():
            with suppress(OSError, *DAMAGED):
                book = Notebook(place) if place.name == self._name(place) else None
                if book is not None and book.program == self.program:
                    return book
        return Notebook.empty(self.program)

    def write(self, book: Notebook) -> None:
        """Keep what is known now in one step, for this user alone; where that cannot be, nothing is kept."""
        if self._cache is None or book.settled < _FEW:
            return
        before = self._places()
        with suppress(OSError, sqlite3.Error):
            write_file(self._cache, lambda place: book.copy_to(Notebook(place)), self._name, _MOST)
            for place in before if len(self._places()) > len(before) else ():
                place.unlink(missing_ok=True)
