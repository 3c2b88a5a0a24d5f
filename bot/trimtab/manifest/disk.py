"""Reads a folder of manifests without ever leaving it."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from trimtab.listing import Entry, entries
from trimtab.manifest.parse import MAX_BYTES

_SUFFIXES = (".yaml", ".yml", ".env", ".properties", ".sh", ".mk", ".gotmpl", ".tpl")
_NAMES = ("hydrator.metadata", "Kustomization", "Makefile", "makefile", "Justfile", "justfile")
_CHUNK_BYTES = 1024 * 1024


def read_folder(root: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the bytes of manifests and their companions by path, and why a path was left out.

    Raises:
        OSError: `root` cannot be listed.
    """
    files: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    base = f"{root}/"
    for entry in entries(root):
        if entry.is_link:
            left_out[entry.path] = _why_link(root, base + entry.path)
        elif is_wanted(entry.name):
            _keep(entry, base, files, left_out)
    return files, left_out


def is_wanted(name: str) -> bool:
    """Return whether a file of this name may hold manifests or values that they refer to."""
    return name.endswith(_SUFFIXES) or name.startswith(".env") or name in _NAMES


def _keep(entry: Entry, base: str, files: dict[str, bytes], left_out: dict[str, str]) -> None:
    """Read one regular file, at most one byte more than the limit."""
    try:
        data = read_file(base + entry.path) if entry.is_file else None
    except OSError as error:
        left_out[entry.path] = f"cannot be read: {error.strerror}"
        return
    if data is None:
        left_out[entry.path] = "not a regular file"
    else:
        files[entry.path] = data


def named_file(root: Path, path: str) -> bytes | None:
    """Return what a file holds that someone names, whatever its name ends in; None where no link-free way leads to one.

    JSON is left out: what a splice of YAML writes may be none.

    Raises:
        OSError: It cannot be read.
    """
    full = os.path.realpath(root / path)
    straight = full == os.path.join(os.path.realpath(root), path)  # noqa: PTH118 - as it is written, not as it is meant
    return read_file(full) if straight and not path.endswith(".json") else None


def read_file(full: str) -> bytes | None:
    """Return what a regular file holds, at most one byte more than the limit; None of anything else.

    Args:
        full: Its path; a link is not followed.

    Raises:
        OSError: It cannot be read.
    """
    handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(handle)
        return _content(handle, found.st_size) if stat.S_ISREG(found.st_mode) else None
    finally:
        os.close(handle)


def blob_id(data: bytes) -> str:
    """Return Git's name for a file's contents, in its SHA-256 object format.

    Source: https://git-scm.com/docs/hash-function-transition (2.52).
    """
    return hashlib.sha256(b"blob %d\0" % len(data) + data).hexdigest()


def _content(handle: int, size: int) -> bytes:
    """Return what a file holds, in one read where its size has not changed."""
    wanted = min(size, MAX_BYTES) + 1
    parts = [os.read(handle, wanted)]
    while len(parts[-1]) and (total := sum(map(len, parts))) != size and total <= MAX_BYTES:
        parts.append(os.read(handle, min(_CHUNK_BYTES, MAX_BYTES + 1 - total)))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _why_link(root: Path, full: str) -> str:
    """Return why a link is not followed."""
    inside = Path(os.path.realpath(full)).is_relative_to(root.resolve())
    return "a symbolic link; edit the file it points to" if inside else "a symbolic link that leaves the folder"
