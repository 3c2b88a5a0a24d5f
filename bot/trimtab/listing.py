"""What lies in a folder, by name and stamp: nothing is opened and no link is followed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SKIPPED = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", ".terraform"})
_SECOND_NS = 1_000_000_000
_FINE_NS = 20_000_000
"""Kernels stamp files with the time of their last tick, 10 ms ago at most (Linux, CONFIG_HZ=100)."""
_COARSE_NS = 2 * _SECOND_NS
"""FAT stamps files with even seconds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a folder that is no folder.

    Attributes:
        path: Relative to the folder, with `/`.
        mode: As the system gives it: the kind and the permissions.
        size: In bytes.
        changed_ns: When its content was last written.
        stamped_ns: When that, its name or its permissions last changed; no program can set it.
        inode: The system's number for it.
        target: Where a link points; empty for anything else.
    """

    path: str
    mode: int
    size: int
    changed_ns: int
    stamped_ns: int
    inode: int
    target: str = ""

    @property
    def name(self) -> str:
        """Return the last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def is_link(self) -> bool:
        """Return whether it is a symbolic link."""
        return stat.S_ISLNK(self.mode)

    @property
    def is_file(self) -> bool:
        """Return whether it is a regular file."""
        return stat.S_ISREG(self.mode)


def entries(root: Path) -> tuple[Entry, ...]:
    """Return what lies below a folder, by path; folders of tools and folders that may not be read are passed over.

    Raises:
        OSError: `root` cannot be listed.
    """
    return tuple(walked(root))


def walked(root: Path) -> Iterator[Entry]:
    """Yield what `entries` returns, one by one: no more is held than the folders above it.

    Raises:
        OSError: `root` cannot be listed.
    """
    with os.scandir(root) as listed:
        waiting = [("", one) for one in _last_first(listed)]
    while waiting:
        before, one = waiting.pop()
        if not one.is_dir(follow_symlinks=False):
            if (entry := _entry(one, before)) is not None:
                yield entry
        elif one.name not in _SKIPPED:
            with suppress(OSError), os.scandir(one.path) as listed:
                waiting += ((f"{before}{one.name}/", inside) for inside in _last_first(listed))


def _last_first(listed: Iterable[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
    """Return what lies in a folder so that the last has the path that comes first, of all below it."""
    return sorted(listed, key=lambda one: f"{one.name}/" if one.is_dir(follow_symlinks=False) else one.name)[::-1]


def _entry(one: os.DirEntry[str], before: str) -> Entry | None:
    """Return an entry with its stamps, or None where it has just gone."""
    try:
        seen = one.stat(follow_symlinks=False)
        target = str(Path(one.path).readlink()) if stat.S_ISLNK(seen.st_mode) else ""
    except OSError:
        return None
    path = f"{before}{one.name}"
    return Entry(path, seen.st_mode, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino, target)


def fingerprint(found: Iterable[Entry]) -> str:
    """Return a digest that changes when a file is written, renamed, added, removed or linked elsewhere."""
    total = hashlib.sha256()
    for one in found:
        words = (one.path, one.mode, one.size, one.changed_ns, one.stamped_ns, one.inode, one.target)
        total.update(repr(words).encode(errors="surrogateescape") + b"\n")
    return total.hexdigest()


def is_settled(found: Iterable[Entry], now_ns: int) -> bool:
    """Return whether every file was last written long enough ago that a later write has another stamp.

    Git asks the same of its index: https://git-scm.com/docs/racy-git.

    Args:
        found: What was listed.
        now_ns: When the listing began, as `time.time_ns` tells it.
    """
    stamps = [max(one.stamped_ns, one.changed_ns) for one in found]
    coarse = all(stamp % _SECOND_NS == 0 for stamp in stamps)
    return max(stamps, default=0) < now_ns - (_COARSE_NS if coarse else _FINE_NS)
