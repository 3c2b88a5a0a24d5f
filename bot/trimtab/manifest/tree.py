"""A folder's files as bytes, and what they say when parsed; nothing is read from disk after `Tree.read`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from trimtab.manifest.disk import read_folder
from trimtab.manifest.parse import BrokenYamlError, decode, parse
from trimtab.manifest.paths import folder_of
from trimtab.manifest.source import Source
from trimtab.manifest.text import Text

_KEPT = 256
"""How many files' nodes are kept; those of 10,000 files would be gigabytes."""
YAML_SUFFIXES = (".yaml", ".yml")


class Tree(Mapping[str, bytes]):
    """Files by path, relative to the root and with `/`; parsed once each, when first asked for.

    Attributes:
        left_out: Why a path of the folder is not among the files, such as a link that leaves it.
    """

    def __init__(self, files: Mapping[str, bytes], left_out: Mapping[str, str] | None = None) -> None:
        """Hold files, in the order of their paths."""
        self._files = dict(sorted(files.items()))
        self._parsed: dict[str, tuple[Source, ...] | BrokenYamlError] = {}
        self.left_out: Mapping[str, str] = dict(left_out or {})

    @classmethod
    def read(cls, root: Path) -> Tree:
        """Return the files below `root` that manifests are written in.

        Symbolic links are never followed; `.git` is skipped; a file over the size limit is kept short, so that it is
        reported as unreadable.

        Raises:
            OSError: The folder cannot be read.
        """
        files, left_out = read_folder(root)
        return cls(files, left_out)

    def __getitem__(self, path: str) -> bytes:
        """Return a file's bytes."""
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        """Iterate over paths, sorted."""
        return iter(self._files)

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self._files)

    @property
    def yaml_paths(self) -> tuple[str, ...]:
        """Return the paths of YAML files."""
        return tuple(path for path in self._files if path.endswith(YAML_SUFFIXES))

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """Return the folders that hold files, at any depth, by path; the root is not among them."""
        found: set[str] = set()
        for path in self._files:
            folder = folder_of(path)
            while folder and folder not in found:
                found.add(folder)
                folder = folder_of(folder)
        return tuple(sorted(found))

    def sources(self, path: str) -> tuple[Source, ...]:
        """Return the documents of a YAML file.

        Raises:
            BrokenYamlError: No parser takes it.
        """
        if path not in self._parsed:
            if len(self._parsed) >= _KEPT:
                del self._parsed[next(iter(self._parsed))]
            self._parsed[path] = _parse(path, self._files[path])
        found = self._parsed[path]
        if isinstance(found, BrokenYamlError):
            raise found
        return found

    def readable(self, path: str) -> tuple[Source, ...]:
        """Return the documents of a YAML file, none where it is missing or broken."""
        try:
            return self.sources(path) if path in self._files else ()
        except BrokenYamlError:
            return ()

    def replaced(self, files: Mapping[str, bytes]) -> Tree:
        """Return a tree with some files' bytes changed; what is parsed of the others is kept."""
        changed = Tree({**self._files, **files}, self.left_out)
        changed._parsed = {path: parsed for path, parsed in self._parsed.items() if path not in files}
        return changed


def _parse(path: str, data: bytes) -> tuple[Source, ...] | BrokenYamlError:
    try:
        value = decode(data)
        documents = parse(value)
    except BrokenYamlError as error:
        return error
    text = Text.whole(value)
    return tuple(Source(path, document, text) for document in documents)
