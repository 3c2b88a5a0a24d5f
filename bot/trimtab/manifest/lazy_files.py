"""A folder's files, read when they are asked for: memory holds a few of them, however many there are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from trimtab.errors import TrimtabError
from trimtab.manifest.disk import blob_id, read_file

_KEPT_BYTES = 2 * 1024 * 1024


class ChangedWhileReadError(TrimtabError):
    """A file is no longer what it was when the folder was listed."""


class LazyFiles(Mapping[str, bytes]):
    """Files by path; each is the same whenever it is read, or an error.

    Attributes:
        paths: In order.
    """

    def __init__(self, root: Path, blobs: Iterable[tuple[str, str]]) -> None:
        """Take the folder, and each file's path and blob id, in order of the paths; the ids are held packed."""
        self._root = root
        packed, paths = bytearray(), []
        for path, blob in blobs:
            paths.append(path)
            packed += bytes.fromhex(blob)
        self.paths = tuple(paths)
        self._blobs = bytes(packed)
        self._width = len(packed) // max(len(paths), 1)
        self._read: dict[str, bytes] = {}
        self._held = 0

    def __getitem__(self, path: str) -> bytes:
        """Return a file's bytes.

        Raises:
            ChangedWhileReadError: They are not those of its blob id.
        """
        wanted = self.blob(path)
        data = self._read.get(path)
        if data is None:
            data = self._load(path)
            if data is None or blob_id(data) != wanted:
                raise ChangedWhileReadError(f"{path}: changed while it was read")
            self._remember(path, data)
        return data

    def __iter__(self) -> Iterator[str]:
        """Iterate over the paths."""
        return iter(self.paths)

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self.paths)

    def __contains__(self, path: object) -> bool:
        """Return whether there is a file, without reading it."""
        return isinstance(path, str) and self._at(path) < len(self.paths)

    def number(self, path: str) -> int:
        """Return which of the files this is, from 0.

        Raises:
            KeyError: It is none.
        """
        at = self._at(path)
        if at == len(self.paths):
            raise KeyError(path)
        return at

    def blob(self, path: str) -> str:
        """Return the blob id of a file."""
        first = self.number(path) * self._width
        return self._blobs[first : first + self._width].hex()

    def _at(self, path: str) -> int:
        """Return where a path stands; the number of files where it does not."""
        at = bisect_left(self.paths, path)
        return at if at < len(self.paths) and self.paths[at] == path else len(self.paths)

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
