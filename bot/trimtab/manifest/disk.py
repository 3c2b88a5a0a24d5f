"""Reads a folder of manifests without ever leaving it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from trimtab.listing import Entry, entries
from trimtab.manifest.parse import MAX_BYTES

_SUFFIXES = (".yaml", ".yml", ".env", ".properties")
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
    return name.endswith(_SUFFIXES) or name.startswith(".env") or name in {"hydrator.metadata", "Kustomization"}


def _keep(entry: Entry, base: str, files: dict[str, bytes], left_out: dict[str, str]) -> None:
    """Read one regular file, at most one byte more than the limit."""
    if not entry.is_file:
        left_out[entry.path] = "not a regular file"
        return
    try:
        handle = os.open(base + entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        left_out[entry.path] = f"cannot be read: {error.strerror}"
        return
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            files[entry.path] = _content(handle, entry.size)
        else:
            left_out[entry.path] = "not a regular file"
    except OSError as error:
        left_out[entry.path] = f"cannot be read: {error.strerror}"
    finally:
        os.close(handle)


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
