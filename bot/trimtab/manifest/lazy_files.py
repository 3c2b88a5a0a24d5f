"""A folder's files, read when they are asked for: memory holds a few of them, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from trimtab.errors import TrimtabError
from trimtab.manifest.disk import blob_id, read_file

_KEPT_BYTES = 2 * 1024 * 1024


class ChangedWhileReadError(TrimtabError):
    """A file is no longer what it was when the folder was listed."""


class LazyFiles(Mapping[str, bytes]):
    """Files by path; each is the same whenever it is read, or an error."""

    def __init__(self, root: Path, blobs: Mapping[str, str]) -> None:
        """Take the folder, and the blob id of each file."""
        self._root = root
        self._blobs = blobs
        self._read: dict[str, bytes] = {}
        self._held = 0

    def __getitem__(self, path: str) -> bytes:
        """Return a file's bytes.

        Raises:
            ChangedWhileReadError: They are not those of its blob id.
        """
        wanted = self._blobs[path]
        data = self._read.get(path)
        if data is None:
            data = self._load(path)
            if data is None or blob_id(data) != wanted:
                raise ChangedWhileReadError(f"{path}: changed while it was read")
            self._remember(path, data)
        return data

    def __iter__(self) -> Iterator[str]:
        """Iterate over the paths."""
        return iter(self._blobs)

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self._blobs)

    def __contains__(self, path: object) -> bool:
        """Return whether there is a file, without reading it."""
        return path in self._blobs

    def blob(self, path: str) -> str:
        """Return the blob id of a file."""
        return self._blobs[path]

    def _load(self, path: str) -> bytes | None:
        try:
            return read_file(f"{self._root}/{path}")
        except OSError:
            return None

    def _remember(self, path: str, data: bytes) -> None:
        """Keep a file's bytes; the first that was read goes where that is too much."""
        self._read[path] = data
        self._held += len(data)
        while self._held > _KEPT_BYTES and len(self._read) > 1:
            self._held -= len(self._read.pop(next(iter(self._read))))
