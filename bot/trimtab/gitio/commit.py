"""Makes a commit from a parent and the new content of some files, by a temporary index."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trimtab.gitio.repo import GitError, Repo

AUTHOR = "trimtab[bot]"
EMAIL = "bot@trimtab.dev"

_FILES = {"100644", "100755"}


class PathError(GitError):
    """A path that must not be written: a link, a folder, or a name that git refuses."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit is made of; the same values give the same id.

    Attributes:
        parent: The commit that it stands on; empty for the first of a branch.
        files: New content by path.
        message: Subject, body and trailers.
        at_s: Author and committer time, Unix seconds.
    """

    parent: str
    files: Mapping[str, bytes]
    message: str
    at_s: int


def write_commit(repo: Repo, commit: Commit) -> str:
    """Write the commit's objects into the scratch repository and return its id.

    Raises:
        PathError: A path is a link, a folder or a name that git refuses.
        GitError: The parent is not here.
    """
    modes = _modes(repo, commit.parent, commit.files) if commit.parent else {}
    lines = []
    for path in sorted(commit.files):
        blob = repo.run("hash-object", "-w", "--stdin", stdin=commit.files[path]).decode().strip()
        lines.append(f"{modes.get(path, '100644')} {blob}\t{path}\0")
    with tempfile.TemporaryDirectory(prefix="trimtab-") as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        if commit.parent:
            repo.run("read-tree", commit.parent, env=index)
        done = repo.attempt("update-index", "-z", "--index-info", stdin="".join(lines).encode(), env=index)
        if done.returncode or done.stderr:  # a name that it will not take is passed over with a warning
            raise PathError(f"git refuses to write {', '.join(sorted(commit.files))}")
        tree = repo.run("write-tree", "--missing-ok", env=index).decode().strip()
    parents = ("-p", commit.parent) if commit.parent else ()
    stamp = datetime.fromtimestamp(commit.at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    people = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _person(stamp)}
    return repo.run("commit-tree", tree, *parents, stdin=commit.message.encode(), env=people).decode().strip()


def holds(repo: Repo, commit: str, files: Mapping[str, bytes]) -> bool:
    """Return whether a commit, against its parent, changes exactly `files` and to exactly this content."""
    listed = repo.attempt("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", commit).stdout.decode()
    parts = listed.split("\0")
    found = dict(zip(parts[1::2], (meta.split(" ")[3] for meta in parts[0::2] if meta), strict=False))
    if set(found) != set(files):
        return False
    return all(
        repo.run("hash-object", "--stdin", stdin=content).decode().strip() == found[path]
        for path, content in files.items()
    )


def _person(stamp: str) -> tuple[tuple[str, str], ...]:
    return (("NAME", AUTHOR), ("EMAIL", EMAIL), ("DATE", stamp))


def _modes(repo: Repo, parent: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the modes that the files have in the parent; a link or a folder is refused."""
    listed = repo.run("ls-tree", "-z", parent, "--", *sorted(files)).decode()
    modes = {}
    for line in filter(None, listed.split("\0")):
        meta, path = line.split("\t", 1)
        modes[path] = meta.split(" ", 1)[0]
        if modes[path] not in _FILES:
            raise PathError(f"{path} is no plain file in Git, and is left alone")
    return modes
