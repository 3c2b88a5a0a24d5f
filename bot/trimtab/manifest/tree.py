"""A folder's files as bytes, and what they say when parsed; nothing is read from disk after `Tree.read`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from trimtab.manifest.definitions import DEFINITION, without_schemas
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
_Key = tuple[str, bool]
"""A file, and whether it is read without the schemas of definitions."""
_Documents = tuple[Source, ...] | BrokenYamlError


def is_yaml(path: str) -> bool:
    """Return whether a file is YAML by its name; the third name that kustomize knows has no ending."""
    return path.endswith(YAML_SUFFIXES) or path.rpartition("/")[2] == "Kustomization"


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
        self._yaml_paths = tuple(filter(is_yaml, self._paths))
        self._words = words or {}
        self._parsed: dict[_Key, _Documents] = {}
        self._sizes: dict[_Key, int] = {}
        self._defining: dict[str, bool] = {}
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
        found = self._documents(path, short=False)
        if isinstance(found, BrokenYamlError):
            raise found
        return found

    def readable(self, path: str) -> tuple[Source, ...]:
        """Return the documents of a YAML file, none where it is missing or broken."""
        return self._readable(path, short=False)

    def objects(self, path: str) -> tuple[Source, ...]:
        """Return what `readable` does, definitions of custom resources without their schemas."""
        if path in self._files and path not in self._defining:
            self._defining[path] = DEFINITION.encode() in self._files[path]
        return self._readable(path, short=self._defining.get(path, False))

    def _readable(self, path: str, *, short: bool) -> tuple[Source, ...]:
        if path not in self._files:
            self._note(path)
            return ()
        found = self._documents(path, short=short)
        return () if isinstance(found, BrokenYamlError) else found

    def _documents(self, path: str, *, short: bool) -> _Documents:
        """Return the documents of a file, or why there are none; what was asked for last is kept longest."""
        self._note(path)
        key = (path, short)
        if key in self._parsed:
            found = self._parsed.pop(key)
            self._sizes[key] = self._sizes.pop(key)
        else:
            found = _parse(path, self._files[path], short=short)
            self._make_room(key, len(found[0].text.value) if isinstance(found, tuple) and found else 0)
        self._parsed[key] = found
        return found

    def _make_room(self, key: _Key, size: int) -> None:
        """Forget the nodes of files until there is room for those of one more."""
        self._sizes[key] = size
        held = sum(self._sizes.values())
        while len(self._sizes) > 1 and held > _KEPT_CHARACTERS:
            oldest = next(iter(self._sizes))
            del self._parsed[oldest]
            held -= self._sizes.pop(oldest)

    def replaced(self, files: Mapping[str, bytes]) -> Tree:
        """Return a tree with some files' bytes changed; what is parsed of the others is kept."""
        changed = Tree({**self._files, **files}, self.left_out)
        changed._parsed = {key: parsed for key, parsed in self._parsed.items() if key[0] not in files}
        changed._sizes = {key: self._sizes[key] for key in changed._parsed}
        return changed


def _parse(path: str, data: bytes, *, short: bool) -> _Documents:
    try:
        value = decode(data)
        read = without_schemas(value) if short else value
        text = Text.whole(read if value.startswith(read) else value)
        return tuple(Source(path, document, text) for document in parse(read))
    except BrokenYamlError as error:
        error.__context__ = None
        return _parse(path, data, short=False) if short else error.with_traceback(None)  # which holds what was parsed
