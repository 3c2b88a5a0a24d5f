"""Commits as they would be made again elsewhere: message, tree, and the files that each changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trimtab.gitio.repo import Repo

_PLAIN = "100644"
_GONE = "000000"


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of a series.

    Attributes:
        commit: Hex id.
        parent: What it stands on.
        tree: Hex id of its tree.
        message: Subject, body and trailers.
        files: New content by path.
        gone: Paths that it deletes.
        plain: Whether every file that it writes is a plain one: no link, not executable.
    """

    commit: str
    parent: str
    tree: str
    message: str
    files: Mapping[str, bytes]
    gone: tuple[str, ...]
    plain: bool


def series(repo: Repo, tip: str, since: str) -> tuple[Step, ...]:
    """Return the commits of `tip` that `since` does not have, oldest first; both must be here, with their contents.

    Raises:
        GitError: One of them is not.
    """
    listed = repo.run("rev-list", "--reverse", "--first-parent", tip, f"^{since}", "--").decode().split()
    return tuple(_step(repo, commit) for commit in listed)


def trees(repo: Repo, tip: str, since: str) -> tuple[str, ...]:
    """Return the trees of the commits of `tip` that `since` does not have, oldest first."""
    return tuple(repo.run("log", "--reverse", "--first-parent", "--format=%T", tip, f"^{since}", "--").decode().split())


def messages(repo: Repo, tip: str, since: str) -> Mapping[str, str]:
    """Return the message of every commit of `tip` that `since` does not have, by hex id."""
    listed = repo.run("log", "-z", "--format=%H%n%B", tip, f"^{since}", "--").decode(errors="replace")
    pairs = (each.partition("\n") for each in listed.split("\0") if each)
    return {commit: message for commit, _, message in pairs}


def _step(repo: Repo, commit: str) -> Step:
    named = repo.run("log", "-1", "--format=%P%n%T%n%B", commit, "--").decode()
    parents, tree, message = named.split("\n", 2)
    parent = parents.split(" ")[0]
    parts = repo.run("diff-tree", "-r", "-z", "--no-renames", parent, commit).decode().split("\0")
    changed = [(path, *meta.split(" ")[1:4:2]) for meta, path in zip(parts[0::2], parts[1::2], strict=False)]
    written = {path: blob for path, mode, blob in changed if mode != _GONE}
    return Step(
        commit=commit,
        parent=parent,
        tree=tree,
        message=message.rstrip("\n"),
        files={path: repo.run("cat-file", "blob", blob) for path, blob in written.items()},
        gone=tuple(path for path, mode, _ in changed if mode == _GONE),
        plain=all(mode in {_PLAIN, _GONE} for _, mode, _ in changed),
    )
