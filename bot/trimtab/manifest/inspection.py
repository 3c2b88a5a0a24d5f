"""What is served in a tree of manifests, and where each setting is written."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from trimtab.facts import Unreadable
from trimtab.fleet import Location, Serving, Setting
from trimtab.manifest.context import Context, things_in
from trimtab.manifest.deployed import Deployments, clusters_of
from trimtab.manifest.hit import Draft, Hit
from trimtab.manifest.kustomize import Overlays
from trimtab.manifest.overlaid import servings_of
from trimtab.manifest.parse import BrokenYamlError, check, decode
from trimtab.manifest.refuse import is_template, why_not
from trimtab.manifest.shapes import TABLE
from trimtab.manifest.shapes.releases import holds_values, values_file
from trimtab.manifest.share import shared_out
from trimtab.manifest.source import Cursor
from trimtab.manifest.substituted import substitute, substituting
from trimtab.manifest.tree import Tree

_HINTS = (
    *(b"vllm", b"sglang", b"text-generation", b"triton", b"tensorrt", b"trtllm", b"llama", b"dynamo", b"kaito.sh"),
    *(b"text-embeddings", b"huggingface", b"serving.kserve.io", b"kubeai.org", b"--model", b"modelurl"),
    *(b"modelartifacts", b".gguf", b"mem-fraction", b"num-shard"),
)
_LONGER_HINTS = re.compile(
    rb"max[-_]?(?:model[-_]?len|num[-_]?(?:seqs|batched))|tensor[-_]?parallel|gpu[-_]?memory[-_]?util"
    rb"|tgi(?<=\btgi)\b|nim(?<=\bnim)\b"
)
_LONGER_BEGIN = (b"max", b"tensor", b"gpu", b"tgi", b"nim")
"""Small letters without which no serving is recognised, so that most files are never parsed into nodes."""

_LAYERED = re.compile(rb"^[ \t]+(?:- )?(?:helm|valuesFrom|valuesFiles):|kind: GitRepository", re.MULTILINE)
"""Bytes of a release whose chart or values may be in the tree, and hold what its own file does not."""

_KEPT = 64
"""How many files' characters are kept; the settings of a serving stand in a few."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in a tree.

    Attributes:
        servings: Ordered by path and place in the file.
        files_read: How many YAML files were looked at.
        unreadable: Those that no parser takes.
    """

    servings: tuple[Serving, ...]
    files_read: int
    unreadable: tuple[Unreadable, ...]


def inspect(tree: Tree, repository: str = "", processes: int = 1) -> Inspection:
    """Return what is served in a tree, and where each setting is written; the same for any number of processes.

    Args:
        tree: The files.
        repository: The repository's name in the configuration, for the locations.
        processes: How many may share the work; a small tree is not worth a second one.
    """
    paths = tree.yaml_paths
    parts = shared_out(partial(_Looker, tree, repository), paths, processes)
    servings = tuple(serving for part in parts for serving in part.servings)
    unreadable = tuple(one for part in parts for one in part.unreadable)
    return Inspection(servings, len(paths), unreadable)


@dataclass(frozen=True, slots=True)
class _Part:
    """What was found in some of the files."""

    servings: tuple[Serving, ...]
    unreadable: tuple[Unreadable, ...]


class _Looker:
    """Looks at files of one tree; what it looks up once it keeps."""

    def __init__(self, tree: Tree, repository: str) -> None:
        self._tree = tree
        self._repository = repository
        self._finder = _Finder(tree)
        self._places = _Places(tree, repository)
        self._checked: dict[bytes, BrokenYamlError | None] = {}

    def __call__(self, paths: Sequence[str]) -> _Part:
        """Return what is found in files, in their order."""
        unreadable = tuple(found for path in paths if (found := self._unreadable(path)) is not None)
        drafts = (draft for path in paths for draft in self._finder.drafts(path))
        servings = (_serving(draft, self._places, self._repository) for draft in drafts)
        return _Part(tuple(self._finder.deployed(serving) for serving in servings), unreadable)

    def _unreadable(self, path: str) -> Unreadable | None:
        data = self._tree[path]
        key = hashlib.sha256(data).digest()
        if key not in self._checked:
            self._checked[key] = check(data)
        broken = self._checked[key]
        return None if broken is None else Unreadable(path, broken.line, broken.reason)


def drafts(tree: Tree, only: str = "") -> Iterator[Draft]:
    """Yield the servings of a tree, or of one file of it, with what it takes to edit them."""
    finder = _Finder(tree)
    for path in [only] if only else tree.yaml_paths:
        yield from finder.drafts(path)


class _Finder:
    """Asks the shapes about every object, as it stands or as overlays make it."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._context = Context(tree)
        self._overlays = Overlays(self._context)
        self._deployments = Deployments(self._context, self._overlays)
        self._kinds = _naming({"List", "Template", *(kind for shape in TABLE for _, kind in shape.kinds)})
        self._speaking = _naming({kind for shape in TABLE if shape.speaks for _, kind in shape.kinds})
        self._shapes = {kind: shape for shape in reversed(TABLE) for kind in shape.kinds}
        self._hinted: dict[str, bool] = {}

    def deployed(self, serving: Serving) -> Serving:
        """Return a serving with where it goes live."""
        destinations = self._deployments.of(serving.path)
        return replace(serving, destinations=destinations, clusters=clusters_of(destinations))

    def drafts(self, path: str) -> Iterator[Draft]:
        """Yield the servings whose address begins with a path, their variables followed."""
        for draft in self._found(path):
            if any("${" in hit.text.value for hit in draft.hits.values()):
                bringers = self._deployments.kustomizations(draft.source.source.path)
                substitute(draft, substituting(bringers), self._context)
            self._lock_replicas(draft)
            yield draft

    def _lock_replicas(self, draft: Draft) -> None:
        """Say of a number of replicas that is none of Git's business that it is not to be edited."""
        hit = draft.hits.get("replicas")
        if hit is not None and not hit.locked:
            reason = self._deployments.why_not_live(draft.source.source.path, draft.kind, draft.name)
            draft.hits["replicas"] = replace(hit, locked=reason)

    def _found(self, path: str) -> Iterator[Draft]:
        folder = self._overlays.root_at(path)
        if folder is not None and any(self._is_hinted(one) for one in self._overlays.reached(folder)):
            yield from self._laid(folder, apart=True)
        if not self._is_hinted(path) or is_template(self._tree, path):
            return
        roots = self._overlays.roots_of(path)
        if not roots:
            yield from self._plain(path)
        elif not self._overlays.is_applied_patch(path):
            found = [laid for root in roots for laid in self._overlays.objects(root) if laid.base.source.path == path]
            if not found:
                yield from self._plain(path)
            elif not all(self._overlays.is_apart(laid) for laid in found):
                yield from self._laid(roots[0], path, apart=False)

    def _is_hinted(self, path: str) -> bool:
        """Return whether a file's bytes may hold a serving."""
        if path not in self._hinted:
            self._hinted[path] = self._seems_hinted(path)
        return self._hinted[path]

    def _seems_hinted(self, path: str) -> bool:
        data = self._tree.get(path)
        if data is None or not (self._kinds.search(data) or holds_values(self._tree, path)):
            return False
        return bool(self._speaking.search(data)) or _hints(data) or bool(_LAYERED.search(data))

    def _laid(self, folder: str, path: str = "", *, apart: bool) -> Iterator[Draft]:
        """Yield the servings of an overlay's objects: those of bases of their own, or those of one file."""
        for laid in self._overlays.objects(folder):
            shape = self._shapes.get((laid.thing.group, laid.thing.kind))
            here = self._overlays.is_apart(laid) == apart and path in {"", laid.base.source.path}
            if here and shape is not None:
                yield from servings_of(laid, folder, shape, self._context, self._overlays)

    def _plain(self, path: str) -> Iterator[Draft]:
        for thing in things_in(self._tree, path):
            shape = self._shapes.get((thing.group, thing.kind))
            if shape is not None:
                yield from shape.servings(thing, self._context)
        for source in self._tree.readable(path) if holds_values(self._tree, path) else ():
            root = source.root()
            if root is not None and not root.word("kind"):
                yield from values_file(root, self._context)


def _hints(data: bytes) -> bool:
    """Return whether a file's bytes hint at a serving; plain words are looked for first, as that is fastest."""
    small = data.lower()
    if any(word in small for word in _HINTS):
        return True
    return any(word in small for word in _LONGER_BEGIN) and _LONGER_HINTS.search(small) is not None


def _naming(kinds: set[str]) -> re.Pattern[bytes]:
    """Return what finds the name of one of the kinds in a file's bytes."""
    return re.compile(rf"kind[\"']?:\s*[\"']?(?:{'|'.join(sorted(kinds))})\b".encode())


class _Places:
    """Turns characters of a file into bytes and lines."""

    def __init__(self, tree: Tree, repository: str) -> None:
        self._tree = tree
        self._repository = repository
        self._texts: dict[str, tuple[str, int]] = {}
        self._reasons: dict[str, str] = {}

    def of(self, hit: Hit) -> Location:
        text, mark = self._text(hit.path)
        start, end = hit.text.span()
        first = mark + len(text[:start].encode())
        last = first + len(text[start:end].encode())
        return Location(self._repository, hit.path, hit.document, text.count("\n", 0, start) + 1, first, last)

    def raw(self, hit: Hit) -> str:
        start, end = hit.text.span()
        return self._text(hit.path)[0][start:end]

    def why_not(self, path: str) -> str:
        if path not in self._reasons:
            self._reasons[path] = why_not(self._tree, path)
        return self._reasons[path]

    def _text(self, path: str) -> tuple[str, int]:
        """Return a file's characters and the length of its byte order mark."""
        if path not in self._texts:
            if len(self._texts) >= _KEPT:
                del self._texts[next(iter(self._texts))]
            data = self._tree[path]
            mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
            self._texts[path] = (decode(data), mark)
        return self._texts[path]


def _serving(draft: Draft, places: _Places, repository: str) -> Serving:
    return Serving(
        subject=draft.subject,
        repository=repository,
        path=draft.source.source.path,
        document=draft.source.source.number,
        api_version=draft.api_version,
        kind=draft.kind,
        namespace=draft.namespace,
        name=draft.name,
        container=draft.container,
        wrapper=draft.wrapper,
        engine=draft.engine,
        settings={field: _setting(draft.hits[field], places) for field in sorted(draft.hits)},
        annotations=dict(sorted(draft.annotations.items())),
        selector_key=draft.selector_key,
    )


def _setting(hit: Hit, places: _Places) -> Setting:
    locked = hit.locked or places.why_not(hit.path)
    return Setting(hit.field, hit.value, places.raw(hit), places.of(hit), hit.via, not locked, locked)


def setting_at(tree: Tree, at: Cursor, setting: Setting, repository: str = "") -> Setting | None:
    """Return a setting as the scalar that carries it says it; None where its characters cannot be told.

    Args:
        tree: The files.
        at: The scalar.
        setting: What it says, known from elsewhere.
        repository: The repository's name, for the location.
    """
    text = at.text()
    if text is None:
        return None
    hit = Hit(setting.field, setting.value, at.source.path, at.source.number, text, "field", locked=at.why_locked)
    return _setting(hit, _Places(tree, repository))
