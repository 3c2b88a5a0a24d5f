"""Looks at a folder again: what changed since, and what rests on it, is read and worked out anew, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trimtab.fleet import Serving
from trimtab.listing import Entry, is_settled, walked
from trimtab.manifest.disk import blob_id, is_wanted, read_file
from trimtab.manifest.file_facts import FileFacts
from trimtab.manifest.finder import Finder
from trimtab.manifest.hints import LOOKED_UP, Hints
from trimtab.manifest.lazy_files import ChangedWhileReadError, LazyFiles
from trimtab.manifest.notebook import NO_YAML, TOLD, Notebook
from trimtab.manifest.seen import Question, Records, Seen
from trimtab.manifest.share import Portion, shared_out
from trimtab.manifest.tree import Tree

_SERVING = Portion(60, 16)
"""Files that may hold a serving take far longer than others."""


def inspect_again(root: Path, before: Notebook, tell: Callable[[Serving], str], processes: int) -> Notebook:
    """Return a notebook that is up to date with a folder: it says what it would if all of it were looked at.

    Args:
        root: The folder.
        before: What is known of it; nothing where it was never looked at. It is what is returned if nothing changed.
        tell: What is said of a serving, the same of the same one.
        processes: How many may share the work.

    Raises:
        OSError: The folder cannot be listed.
        ChangedWhileReadError: A file was written meanwhile.
    """
    if before.is_as(_stamps(root, time.time_ns())):
        return before
    book = before.anew()
    _read(root, book, processes)
    finder = _finder(root, book)
    seen, pointing = finder.seen, finder.pointing()
    _work_out(seen, book, pointing, finder.point, processes)
    seen.values.update((key, record.value) for key in pointing if (record := book.record(key)) is not None)
    finder.get_ready()
    serving = [path for path in finder.yaml_paths if finder.leads(path) or finder.may_serve(path)]

    def told(name: str, path: str) -> None:
        seen.work_out((name, path), lambda: tuple(map(tell, finder.servings(path))))

    _work_out(seen, book, [(TOLD, path) for path in serving], told, processes)
    book.tidy(serving)
    return book


def _stamps(root: Path, began_ns: int) -> Iterator[tuple[str, str]]:
    """Yield each file with its stamp; empty where it may yet be written without another one."""
    for entry in walked(root):
        if entry.is_file and is_wanted(entry.name):
            yield entry.path, _stamp(entry) if is_settled((entry,), began_ns) else ""


def _stamp(entry: Entry) -> str:
    """Return what changes when a file is written, or another takes its place."""
    return f"{entry.size} {entry.changed_ns} {entry.stamped_ns} {entry.inode}"


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads files."""

    root: Path

    def blobs(self, paths: Sequence[str]) -> list[tuple[str, str]]:
        """Return the blob id of each file; empty where it cannot be read."""
        return [(path, blob_id(data) if (data := self._data(path)) is not None else "") for path in paths]

    def facts(self, paths: Sequence[str]) -> list[tuple[str, FileFacts]]:
        """Return what the contents of files say, with their blob ids."""
        read = ((path, self._data(path)) for path in paths)
        return [(blob_id(data), FileFacts.read(path, data)) for path, data in read if data is not None]

    def _data(self, path: str) -> bytes | None:
        try:
            return read_file(f"{self.root}/{path}")
        except OSError:
            return None


def _read(root: Path, book: Notebook, processes: int) -> None:
    """Read what has changed, and what contents say of which nothing is known."""
    reader = _Reader(root)
    for blobs in shared_out(lambda: reader.blobs, book.unread(), processes):
        for path, blob in blobs:
            book.read(path, blob)
    for found in shared_out(lambda: reader.facts, book.unknown(), processes):
        for blob, facts in found:
            book.learn(blob, facts)


def _finder(root: Path, book: Notebook) -> Finder:
    """Return what finds the servings of a folder; of each file, memory holds little more than its path.

    Raises:
        ChangedWhileReadError: Of a file it is not known what it says.
    """
    codes = bytearray()
    words: dict[str, list[str]] = {word: [] for word in LOOKED_UP}

    def blobs() -> Iterator[tuple[str, str]]:
        for path, blob, code, held in book.files():
            if code is None:
                raise ChangedWhileReadError(f"{path}: changed while it was read")
            codes.append(code)
            for word in held:
                words[word].append(path)
            yield path, blob

    files = LazyFiles(root, blobs())
    hints = (*(Hints.of(code) for code in range(NO_YAML)), None)
    tree = Tree(files, words={word: tuple(paths) for word, paths in words.items()})
    tree.seen.wanted, tree.seen.before, tree.seen.links = True, book.record, book.links
    return Finder(tree, hints=lambda path: hints[codes[files.number(path)]])


def _work_out(
    seen: Seen, book: Notebook, keys: Sequence[Question], make: Callable[[str, str], object], processes: int
) -> None:
    """Have what does not hold any more made anew.

    Args:
        seen: What takes notes.
        book: What has the records.
        keys: Their names and files.
        make: Makes one, of its name and the file.
        processes: How many may share the work.
    """
    due = [key for key in keys if not seen.holds(book.record(key))]
    book.write(seen.taken())

    def made(some: Sequence[Question]) -> Records:
        for name, path in some:
            make(name, path)
        return seen.taken()

    for records in shared_out(lambda: made, due, processes, _SERVING):
        book.write(records)
