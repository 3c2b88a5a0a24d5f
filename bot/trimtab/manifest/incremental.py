"""Looks at a folder again: what changed since, and what rests on it, is read and worked out anew, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from trimtab.facts import Unreadable
from trimtab.fleet import Serving
from trimtab.listing import Entry, entries, is_settled
from trimtab.manifest.disk import blob_id, is_wanted, read_file
from trimtab.manifest.file_facts import FileFacts, read_alone
from trimtab.manifest.finder import Finder
from trimtab.manifest.hints import LOOKED_UP
from trimtab.manifest.lazy_files import LazyFiles
from trimtab.manifest.seen import Question, Record, Seen
from trimtab.manifest.share import Portion, shared_out
from trimtab.manifest.tree import YAML_SUFFIXES, Tree

Alone = dict[Question, tuple[str, ...]]
Records = dict[Question, Record]
_TOLD = "told "
"""How the names of records of what is said of servings begin."""
_SERVING = Portion(60, 16)
"""Files that may hold a serving take far longer than others."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of a folder from the last time.

    Attributes:
        files: The stamp and the blob id of each file.
        alone: What contents say by themselves.
        records: What was worked out, and what it rests on.
    """

    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    alone: Mapping[Question, tuple[str, ...]] = field(default_factory=dict)
    records: Mapping[Question, Record] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What is served in a folder.

    Attributes:
        servings: What is said of each, ordered by path and place in the file.
        files_read: How many YAML files were looked at.
        unreadable: Those that no parser takes.
        kept: What is to be known the next time.
    """

    servings: tuple[str, ...]
    files_read: int
    unreadable: tuple[Unreadable, ...]
    kept: Snapshot


def inspect_again(root: Path, before: Snapshot, tell: Callable[[Serving], str], form: str, processes: int) -> Told:
    """Return what is served in a folder, as if all of it were looked at.

    Args:
        root: The folder.
        before: What is known of it; nothing where it was never looked at.
        tell: What is said of a serving, the same of the same one.
        form: The name of what `tell` does.
        processes: How many may share the work.

    Raises:
        OSError: The folder cannot be listed.
        ChangedWhileReadError: A file was written meanwhile.
    """
    began_ns = time.time_ns()
    found = {entry.path: entry for entry in entries(root) if entry.is_file and is_wanted(entry.name)}
    stamps = {path: _stamp(entry) for path, entry in found.items()}
    told = f"{_TOLD}{form}"
    if (told, "") in before.alone and stamps == {path: stamp for path, (stamp, _) in before.files.items()}:
        return _as_before(before, told)
    blobs, alone = _read(root, stamps, before, processes)
    facts = {path: FileFacts.of(alone["facts", blob]) for path, blob in blobs.items() if path.endswith(YAML_SUFFIXES)}
    tree = Tree(LazyFiles(root, blobs), words=_words(facts))
    tree.seen.wanted, tree.seen.alone, tree.seen.records = True, alone, dict(before.records)
    finder = Finder(tree, hints={path: one.hints for path, one in facts.items()})
    _work_out(tree.seen, finder.pointing(), finder.point, processes)
    serving = [path for path in facts if finder.leads(path) or finder.may_serve(path)]
    _work_out(tree.seen, dict.fromkeys(serving, (told,)), partial(_tell, finder, tell), processes)
    said = tuple(text for path in serving for text in tree.seen.records[told, path].value)
    settled = [path for path in blobs if is_settled((found[path],), began_ns)]
    files = {path: (stamps[path], blobs[path]) for path in settled}
    kept = Snapshot(files, {**alone, (told, ""): ()}, _present(tree.seen.records, blobs, frozenset(serving)))
    return Told(said, len(facts), _broken(facts), kept)


def _present(records: Mapping[Question, Record], blobs: Mapping[str, str], serving: frozenset[str]) -> Records:
    """Return the records of files that are there, and of what they serve where they may."""
    kept = (key for key in records if key[1] in serving or (key[1] in blobs and not key[0].startswith(_TOLD)))
    return {key: records[key] for key in kept}


def _as_before(before: Snapshot, told: str) -> Told:
    """Return what was said of a folder in which nothing has changed."""
    yaml = (path for path in before.files if path.endswith(YAML_SUFFIXES))
    facts = {path: FileFacts.of(before.alone["facts", before.files[path][1]]) for path in yaml}
    values = (before.records[told, path].value for path in facts if (told, path) in before.records)
    return Told(tuple(text for value in values for text in value), len(facts), _broken(facts), before)


def _broken(facts: Mapping[str, FileFacts]) -> tuple[Unreadable, ...]:
    return tuple(Unreadable(path, one.line, one.reason) for path, one in facts.items() if one.line)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads files, and what their contents say where that is not known."""

    root: Path
    known: Mapping[Question, tuple[str, ...]]

    def __call__(self, paths: Sequence[str]) -> tuple[dict[str, str], Alone]:
        """Return the blob ids of those that can be read, and what the contents of those of YAML say."""
        blobs: dict[str, str] = {}
        alone: Alone = {}
        for path in paths:
            try:
                data = read_file(f"{self.root}/{path}")
            except OSError:
                continue
            if data is not None:
                blobs[path] = blob_id(data)
                alone.update(self._alone(path, blobs[path], data))
        return blobs, alone

    def _alone(self, path: str, blob: str, data: bytes) -> Alone:
        if not path.endswith(YAML_SUFFIXES):
            return {}
        return _said_before(self.known, blob) or read_alone(path, blob, data)


def _said_before(known: Mapping[Question, tuple[str, ...]], blob: str) -> Alone:
    """Return what is known of contents."""
    return {key: known[key] for key in (("facts", blob), ("links", blob)) if key in known}


def _read(root: Path, stamps: Mapping[str, str], before: Snapshot, processes: int) -> tuple[dict[str, str], Alone]:
    """Return the blob id of each file that can be read, by path, and what contents say by themselves."""
    blobs: dict[str, str] = {}
    alone: Alone = {}
    for path, now in stamps.items():
        stamp, blob = before.files.get(path, ("", ""))
        if stamp == now and (("facts", blob) in before.alone or not path.endswith(YAML_SUFFIXES)):
            blobs[path] = blob
            alone.update(_said_before(before.alone, blob))
    new = [path for path in stamps if path not in blobs]
    for more, said in shared_out(partial(_Reader, root, before.alone), new, processes):
        blobs.update(more)
        alone.update(said)
    return dict(sorted(blobs.items())), alone


def _stamp(entry: Entry) -> str:
    """Return what changes when a file is written, or another takes its place."""
    return f"{entry.size} {entry.changed_ns} {entry.stamped_ns} {entry.inode}"


def _words(facts: Mapping[str, FileFacts]) -> dict[str, tuple[str, ...]]:
    """Return the files that hold each word that is looked up."""
    found: dict[str, list[str]] = {word: [] for word in LOOKED_UP}
    for path, one in facts.items():
        for word in one.words:
            found[word].append(path)
    return {word: tuple(paths) for word, paths in found.items()}


def _work_out(
    seen: Seen, names: Mapping[str, Sequence[str]], make: Callable[[str, str], object], processes: int
) -> None:
    """Have records of files made where they do not hold any more.

    Args:
        seen: What has them.
        names: What the records of each file are called.
        make: Makes one, of its name and the file.
        processes: How many may share the work.
    """
    due = {path: [name for name in names[path] if not seen.holds((name, path))] for path in names}

    def made(some: Sequence[str]) -> Records:
        keys = [(name, path) for path in some for name in due[path]]
        for name, path in keys:
            make(name, path)
        return {key: seen.records[key] for key in keys}

    for records in shared_out(lambda: made, [path for path in names if due[path]], processes, _SERVING):
        seen.take(records)


def _tell(finder: Finder, tell: Callable[[Serving], str], told: str, path: str) -> None:
    """Work out what is said of the servings of a file."""
    finder.seen.kept(told, path, lambda: tuple(tell(serving) for serving in finder.servings(path)))
