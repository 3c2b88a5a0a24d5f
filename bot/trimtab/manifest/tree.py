"""A folder's files as bytes, and what they say when parsed; nothing is read from disk after `Tree.read`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from trimtab.manifest.disk import blob_id, read_folder
from trimtab.manifest.lazy_files import LazyFiles
from trimtab.manifest.parse import BrokenYamlError, decode, parse
from trimtab.manifest.paths import folder_of
from trimtab.manifest.seen import Seen
from trimtab.manifest.source import Source
from trimtab.manifest.text import Text

_KEPT_CHARACTERS = 384 * 1024
"""Of how much text the nodes are kept, which take some forty times its memory; those of a whole tree would fill it."""
YAML_SUFFIXES = (".yaml", ".yml")


class Tree(Mapping[str, bytes]):
    """Files by path, relative to the root and with `/`; parsed once each, when first asked for.

    Attributes:
        left_out: Why a path of the folder is not among the files, such as a link that leaves it.
        seen: Where notes are taken of what is asked of the tree.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        left_out: Mapping[str, str] | None = None,
        words: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Hold files, in the order of their paths; `words` are those whose YAML files are known, with these."""
        self._files = files if isinstance(files, LazyFiles) else dict(files)
        self._paths = tuple(sorted(files))
        self._yaml_paths = tuple(path for path in self._paths if path.endswith(YAML_SUFFIXES))
        self._words = words or {}
        self._parsed: dict[str, tuple[Source, ...] | BrokenYamlError] = {}
        self._sizes: dict[str, int] = {}
        self.left_out: Mapping[str, str] = dict(left_out or {})
        self.seen = Seen()

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
        self._note(path)
        return self._files[path]

    def __contains__(self, path: object) -> bool:
        """Return whether there is a file."""
        found = path in self._files
        if (basis := self.seen.basis) is not None:
            question = ("exists", str(path))
            basis[question] = self.seen.said(question, found)
        return found

    def __iter__(self) -> Iterator[str]:
        """Iterate over paths, sorted."""
        self._note_paths()
        return iter(self._paths)

    def __len__(self) -> int:
        """Return the number of files."""
        self._note_paths()
        return len(self._paths)

    @property
    def yaml_paths(self) -> tuple[str, ...]:
        """Return the paths of YAML files."""
        self._note_paths()
        return self._yaml_paths

    def holding(self, word: str) -> tuple[str, ...]:
        """Return the paths of the YAML files in whose bytes a word stands."""
        if word not in self._words:
            key = word.encode()
            return tuple(path for path in self.yaml_paths if key in self[path])
        self._note_paths()
        return self._words[word]

    def blob(self, path: str) -> str:
        """Return the blob id of a file, empty where there is none."""
        self._note(path)
        return self._blob(path)

    def _blob(self, path: str) -> str:
        if path not in self._files:
            return ""
        return self._files.blob(path) if isinstance(self._files, LazyFiles) else blob_id(self._files[path])

    def _note(self, path: str) -> None:
        question = ("blob", path)
        if (basis := self.seen.basis) is not None and question not in basis:
            basis[question] = self.seen.said(question, self._blob(path))

    def _note_paths(self) -> None:
        if (basis := self.seen.basis) is not None and ("all_paths",) not in basis:
            basis["all_paths",] = self.seen.said(("all_paths",), self._paths)

    def all_paths(self) -> tuple[str, ...]:
        """Return the paths of all files."""
        return self._paths

    @property
    def folders(self) -> tuple[str, ...]:
        """Return the folders that hold files, at any depth, by path; the root is not among them."""
        self._note_paths()
        return self._folders

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        found: set[str] = set()
        for path in self._paths:
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
        self._note(path)
        if path not in self._parsed:
            self._make_room(path)
            self._parsed[path] = _parse(path, self._files[path])
        found = self._parsed[path]
        if isinstance(found, BrokenYamlError):
            raise found
        return found

    def readable(self, path: str) -> tuple[Source, ...]:
        """Return the documents of a YAML file, none where it is missing or broken."""
        self._note(path)
        try:
            return self.sources(path) if path in self._files else ()
        except BrokenYamlError:
            return ()

    def _make_room(self, path: str) -> None:
        """Forget the nodes of files until there is room for those of one more; the first that were made go first."""
        self._sizes[path] = len(self._files[path])
        while len(self._sizes) > 1 and sum(self._sizes.values()) > _KEPT_CHARACTERS:
            oldest = next(iter(self._sizes))
            self._parsed.pop(oldest, None)
            del self._sizes[oldest]

    def replaced(self, files: Mapping[str, bytes]) -> Tree:
        """Return a tree with some files' bytes changed; what is parsed of the others is kept."""
        changed = Tree({**self._files, **files}, self.left_out)
        changed._parsed = {path: parsed for path, parsed in self._parsed.items() if path not in files}
        changed._sizes = {path: self._sizes[path] for path in changed._parsed}
        return changed


def _parse(path: str, data: bytes) -> tuple[Source, ...] | BrokenYamlError:
    try:
        value = decode(data)
        documents = parse(value)
    except BrokenYamlError as error:
        return error
    text = Text.whole(value)
    return tuple(Source(path, document, text) for document in documents)
