"""What is served in a tree of manifests, and where each setting is written."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.facts import Unreadable
from trimtab.fleet import Location, Serving, Setting
from trimtab.manifest.context import Context, things_in
from trimtab.manifest.hit import Draft, Hit
from trimtab.manifest.parse import check, decode
from trimtab.manifest.refuse import is_template, why_not
from trimtab.manifest.shapes import TABLE
from trimtab.manifest.shapes.releases import values_file
from trimtab.manifest.tree import Tree

_HINT = re.compile(
    rb"vllm|sglang|text-generation|tgi|triton|tensorrt|trtllm|ollama|llama|dynamo|nim|text-embeddings|huggingface"
    rb"|max[-_]?model[-_]?len|serving\.kserve\.io|kubeai\.org|kaito\.sh|--model|tensor[-_]?parallel",
    re.IGNORECASE,
)
"""Bytes without which no serving is recognised, so that most files are never parsed into nodes."""


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


def inspect(tree: Tree, repository: str = "") -> Inspection:
    """Return what is served in a tree, and where each setting is written.

    Args:
        tree: The files.
        repository: The repository's name in the configuration, for the locations.
    """
    unreadable = []
    for path in tree.yaml_paths:
        broken = check(tree[path])
        if broken is not None:
            unreadable.append(Unreadable(path, broken.line, broken.reason))
    places = _Places(tree, repository)
    servings = tuple(_serving(draft, places, repository) for draft in drafts(tree))
    return Inspection(servings, len(tree.yaml_paths), tuple(unreadable))


def drafts(tree: Tree, only: str = "") -> Iterator[Draft]:
    """Yield the servings of a tree, or of one file of it, with what it takes to edit them."""
    context = Context(tree)
    shapes = {kind: shape for shape in reversed(TABLE) for kind in shape.kinds}
    for path in [only] if only else tree.yaml_paths:
        if not _HINT.search(tree[path]) or is_template(tree, path):
            continue
        for thing in things_in(tree, path):
            shape = shapes.get((thing.group, thing.kind))
            if shape is not None:
                yield from shape.servings(thing, context)
        if is_values(path):
            for source in tree.readable(path):
                root = source.root()
                if root is not None and not root.word("kind"):
                    yield from values_file(root, context)


def is_values(path: str) -> bool:
    """Return whether a file is named or placed as the values of a chart are."""
    folder, _, name = path.rpartition("/")
    return "values" in name.lower() or folder.rpartition("/")[2].lower() in {"values", "helm-values"}


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
