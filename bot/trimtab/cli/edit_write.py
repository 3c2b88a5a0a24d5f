"""Puts the files of one edit on disk: all of them, or none; a crash between two is made good by the next edit."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from trimtab.cli.edit_journal import Step, digest, noted
from trimtab.errors import RefusedError

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def write_files(root: Path, files: Mapping[str, bytes], before: Mapping[str, bytes]) -> None:
    """Write files below a folder, together: each is laid beside its place first, and put back if another fails.

    Permissions and owners are kept; links are never followed.

    Args:
        root: The folder.
        files: New bytes by path.
        before: The bytes that were read and edited, by path.

    Raises:
        RefusedError: A file is a link, changed since it was read, or cannot be written; then every file is as it was.
    """
    laid: dict[Path, Path] = {}
    placed: list[str] = []
    try:
        for path, data in files.items():
            target = _place(root, path, before[path])
            laid[target] = _lay(target, data)
        steps = [
            Step(path, temporary.name, digest(before[path]), digest(files[path]))
            for path, temporary in zip(files, laid.values(), strict=True)
        ]
        with noted(root, steps), _uninterrupted():
            for path, (target, temporary) in zip(files, list(laid.items()), strict=True):
                temporary.replace(target)
                del laid[target]
                placed.append(path)
    except OSError as error:
        for path in placed:
            _lay(root / path, before[path]).replace(root / path)
        raise RefusedError(f"{error.filename or root}: cannot be written: {error.strerror}") from None
    finally:
        for temporary in laid.values():
            temporary.unlink(missing_ok=True)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back what would end the process until all files have taken their places."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _place(root: Path, path: str, read: bytes) -> Path:
    """Return where a file is written."""
    target = root / path
    if target.is_symlink() or not target.resolve().is_relative_to(root.resolve()):
        raise RefusedError(f"{path}: a symbolic link that leaves the folder")
    if target.read_bytes() != read:
        raise RefusedError(f"{path}: changed while it was edited", "run the command again")
    if not os.access(target, os.W_OK):
        raise RefusedError(f"{path}: cannot be written: the file is read-only")
    return target


def _lay(target: Path, data: bytes) -> Path:
    """Write bytes to a new file beside `target`, with its permissions, and its owner where that may be given."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".trimtab-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        stands = target.stat()
        with suppress(PermissionError):
            os.chown(temporary, stands.st_uid, stands.st_gid)
        temporary.chmod(stands.st_mode & 0o7777)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
