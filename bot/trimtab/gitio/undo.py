"""Takes a commit's change back on top of what came after it, by git's own three-way merge of files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from trimtab.fleet import Found, Unknown
from trimtab.gitio.repo import GitError, Repo


def undo(repo: Repo, commit: str, tip: str) -> Found[Mapping[str, bytes]] | Unknown:
    """Return the content of files that takes a commit's change against its first parent back from `tip`.

    What others changed in the same files since stays, and files that were moved since are followed. Empty where nothing
    of the commit's change is left; Unknown where others changed the same lines since, or where it added or removed
    files.

    Raises:
        GitError: One of the commits is not here.
    """
    listed = _text(repo.run("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", f"{commit}^", commit))
    parts = listed.split("\0")
    places = moved(repo, commit, tip)
    found: dict[str, bytes] = {}
    for meta, path in zip(parts[0::2], parts[1::2], strict=False):
        if not meta.endswith(" M"):
            return Unknown(f"{path} was added or removed by what is to be taken back")
        now = places.get(path, path)
        ours, base, theirs = content(repo, tip, now), content(repo, commit, path), content(repo, f"{commit}^", path)
        if ours in {theirs, b""}:
            continue
        result = merged(repo, ours, base, theirs)
        if isinstance(result, Unknown):
            return Unknown(f"{now}: {result.reason}")
        if result.value != ours:
            found[now] = result.value
    return Found(found)


def moved(repo: Repo, since: str, tip: str) -> Mapping[str, str]:
    """Return where files of one commit stand in another under a new name: what is gone there, and came elsewhere alike.

    Raises:
        GitError: One of the commits is not here.
    """
    listed = _text(repo.run("diff-tree", "-r", "-z", "-M", "--diff-filter=R", "--raw", since, tip))
    parts = listed.split("\0")
    return dict(zip(parts[1::3], parts[2::3], strict=False))


def _text(listed: bytes) -> str:
    """Return what git listed; names need not be UTF-8."""
    return listed.decode("utf-8", "surrogateescape")


def content(repo: Repo, commit: str, path: str) -> bytes:
    """Return a file's bytes; those of a file that is gone are none."""
    shown = repo.attempt("cat-file", "blob", f"{commit}:{path}")
    return shown.stdout if shown.returncode == 0 else b""


def merged(repo: Repo, ours: bytes, base: bytes, theirs: bytes) -> Found[bytes] | Unknown:
    """Return a file with the changes from `base` to `theirs` made to `ours`; Unknown where they meet others.

    Raises:
        GitError: Git did not run.
    """
    if ours == base:
        return Found(theirs)
    with tempfile.TemporaryDirectory(prefix="trimtab-") as folder:
        names = []
        for name, content in (("ours", ours), ("base", base), ("theirs", theirs)):
            Path(folder, name).write_bytes(content)
            names.append(str(Path(folder, name)))
        done = repo.attempt("merge-file", "-p", "-q", *names)
    if done.returncode < 0:
        raise GitError("git merge-file did not run", "is git installed?")
    return Found(done.stdout) if done.returncode == 0 else Unknown("the same lines were changed since")
