"""Reads all files of a commit in one go."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.gitio import Repo, read_blobs

_LARGEST = 1 << 20
"""Bytes of one entry; a larger one is no entry, and is not read."""


def read_files(repo: Repo, commit: str) -> Mapping[str, bytes]:
    """Return the content of every file of a commit by path; nothing for an empty id.

    A link, an executable or a file that is too large reads as empty, so that it fails as an entry.
    """
    if not commit:
        return {}
    listed = repo.run("ls-tree", "-r", "-z", "-l", commit).decode(errors="replace")
    wanted: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for line in filter(None, listed.split("\0")):
        meta, path = line.split("\t", 1)
        mode, _, blob, size = meta.split()
        files[path] = b""
        if mode == "100644" and int(size) <= _LARGEST:
            wanted[path] = blob
    return {**files, **read_blobs(repo, wanted)}
