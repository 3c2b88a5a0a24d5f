"""Reads a folder of manifests without ever leaving it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from trimtab.manifest.parse import MAX_BYTES

_SUFFIXES = (".yaml", ".yml", ".env", ".properties")
_SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", ".terraform"})


def read_folder(root: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the bytes of manifests and their companions by path, and why a path was left out.

    Raises:
        OSError: `root` cannot be listed.
    """
    files: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    os.scandir(root).close()
    for folder, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        prefix = Path(folder).relative_to(root).as_posix()
        for name in sorted((*names, *folders)):
            path = name if prefix == "." else f"{prefix}/{name}"
            full = os.path.join(folder, name)  # noqa: PTH118 - a Path for each of 10,000 files is a second
            if os.path.islink(full):  # noqa: PTH114 - the same
                left_out[path] = _why_link(root, full)
            elif name in names and is_wanted(name):
                _keep(path, full, files, left_out)
    return files, left_out


def is_wanted(name: str) -> bool:
    """Return whether a file of this name may hold manifests or values that they refer to."""
    return name.endswith(_SUFFIXES) or name.startswith(".env") or name == "hydrator.metadata"


def _keep(path: str, full: str, files: dict[str, bytes], left_out: dict[str, str]) -> None:
    """Read one regular file, at most one byte more than the limit."""
    try:
        handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        left_out[path] = f"cannot be read: {error.strerror}"
        return
    with os.fdopen(handle, "rb") as stream:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            files[path] = stream.read(MAX_BYTES + 1)
        else:
            left_out[path] = "not a regular file"


def _why_link(root: Path, full: str) -> str:
    """Return why a link is not followed."""
    inside = Path(os.path.realpath(full)).is_relative_to(root.resolve())
    return "a symbolic link; edit the file it points to" if inside else "a symbolic link that leaves the folder"
