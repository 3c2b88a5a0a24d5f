"""Reads the contents of many files through one process."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.gitio.repo import GitError, Repo


def read_blobs(repo: Repo, blobs: Mapping[str, str]) -> Mapping[str, bytes]:
    """Return contents by path for blob ids by path.

    Raises:
        GitError: A blob is missing.
    """
    if not blobs:
        return {}
    printed = repo.run("cat-file", "--batch", stdin=_asked(blobs))
    contents: dict[str, bytes] = {}
    at = 0
    for path in blobs:
        end = printed.index(b"\n", at)
        size = _size(printed[at:end], path)
        contents[path] = printed[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return contents


def blob_sizes(repo: Repo, blobs: Mapping[str, str]) -> Mapping[str, int]:
    """Return sizes in bytes by path for blob ids by path.

    Raises:
        GitError: A blob is missing.
    """
    if not blobs:
        return {}
    printed = repo.run("cat-file", "--batch-check", stdin=_asked(blobs)).splitlines()
    return {path: _size(line, path) for path, line in zip(blobs, printed, strict=True)}


def _asked(blobs: Mapping[str, str]) -> bytes:
    return "".join(f"{blob}\n" for blob in blobs.values()).encode()


def _size(line: bytes, path: str) -> int:
    """Return the size in a line of git: id, kind, size; that of a missing one has two words."""
    words = line.split()
    if len(words) != 3:  # noqa: PLR2004 - as said above
        raise GitError(f"{path}: its content is missing from the repository")
    return int(words[2])
