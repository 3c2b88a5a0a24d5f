"""Splices: what is written where, what it is meant to change, and the check that it changed nothing else."""

from __future__ import annotations

import codecs
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest.decoded import scalar_text
from trimtab.manifest.nodes import AliasNode, Document, MappingNode, Node, ScalarNode, SequenceNode
from trimtab.manifest.parse import BrokenYamlError, decode, parse
from trimtab.manifest.scalars import Value, Verbatim, meaning, read_plain
from trimtab.manifest.text import Text
from trimtab.manifest.tree import Tree

New: TypeAlias = "Scalar | list[New] | dict[str, New]"
"""What is inserted, as plain data; dictionaries keep their order."""


@dataclass(frozen=True, slots=True)
class InText:
    """Part of a scalar's decoded characters become `decoded`; the scalar's kind stays."""

    decoded: str


@dataclass(frozen=True, slots=True)
class Becomes:
    """The scalar that begins at the splice's node becomes a value, or a collection where it was null."""

    node: int
    value: New


@dataclass(frozen=True, slots=True)
class NewItem:
    """The sequence that begins at `node` gains an item before the one that stands at `index`, or after the last."""

    node: int
    index: int
    value: New


@dataclass(frozen=True, slots=True)
class Gone:
    """The sequence that begins at `node` loses its items `first` to `last`; none where `last` comes before."""

    node: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class NewPair:
    """The mapping that begins at `node` gains a pair before the one that stands at `index`, or after the last."""

    node: int
    index: int
    key: str
    value: New


@dataclass(frozen=True, slots=True)
class NewLine:
    """A file of `NAME=value` lines has the variable `name` say `value`."""

    name: str
    value: str


Effect: TypeAlias = InText | Becomes | NewItem | Gone | NewPair | NewLine


@dataclass(frozen=True, slots=True)
class Splice:
    """Characters `start` to `end` of a file, its byte order mark not counted, become `text`."""

    path: str
    start: int
    end: int
    text: str
    effect: Effect


def apply(data: bytes, splices: Iterable[Splice], documents: Sequence[Document] = ()) -> bytes:
    """Return a file's bytes with splices made, every other byte as it was, and the meaning checked.

    Args:
        data: The file as it is.
        splices: What is written into it.
        documents: The file parsed, where that is at hand.

    Raises:
        RefusedError: The splices overlap, or the result does not mean exactly what they intend.
    """
    ordered = sorted(splices, key=lambda splice: (splice.start, splice.end))
    before = decode(data)
    parts, done = [], 0
    for splice in ordered:
        if splice.start < done:
            raise RefusedError("two parts of the edit touch the same characters", "make the changes one at a time")
        parts += [before[done : splice.start], splice.text]
        done = splice.end
    after = "".join((*parts, before[done:]))
    verify(before, after, ordered, documents)
    return (codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b"") + after.encode("utf-8")


def verify(before: str, after: str, splices: Sequence[Splice], documents: Sequence[Document] = ()) -> None:
    """Refuse where the result says anything but what was intended.

    Raises:
        RefusedError: It does, or is no YAML.
    """
    if all(isinstance(splice.effect, NewLine) for splice in splices):
        _check_lines(before, after, splices)
        return
    try:
        new = parse(after)
    except BrokenYamlError as error:
        raise RefusedError(f"the file would no longer be YAML (line {error.line}: {error.reason})") from None
    old = documents or parse(before)
    expected = [_Expected(before, document, splices).root() for document in old]
    doubled = [sum(len(document.duplicates) for document in documents) for documents in (old, new)]
    if doubled[1] > doubled[0]:
        raise RefusedError("a key would stand twice in its mapping", "remove the other one first")
    if [_shape(document.root) for document in new] != expected:
        raise RefusedError("the edit would change more than was asked", "edit the file by hand")


def _check_lines(before: str, after: str, splices: Sequence[Splice]) -> None:
    expected = dotenv(before)
    expected.update(
        {splice.effect.name: splice.effect.value for splice in splices if isinstance(splice.effect, NewLine)}
    )
    if dotenv(after) != expected or after.count("\n") < before.count("\n"):
        raise RefusedError("the edit would change more than was asked", "edit the file by hand")


def dotenv(text: str) -> dict[str, str]:
    """Return the variables of a file as kustomize reads it: `NAME=value` lines, quotes kept (kustomize 5.7 kv.go)."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.lstrip().partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value
    return found


Shape: TypeAlias = "tuple[object, ...]"


def _shape(node: Node | None) -> Shape:
    """Return what a node says, as nested tuples that compare by type; aliases and anchors by name, keys in order."""
    if node is None:
        return ("scalar", "NoneType", None)
    if isinstance(node, AliasNode):
        return ("alias", node.name)
    if isinstance(node, ScalarNode):
        return _scalar(meaning(node), node.anchor, node.tag)
    if isinstance(node, SequenceNode):
        return ("list", node.anchor, node.tag, tuple(_shape(item) for item in node.items))
    return ("map", node.anchor, node.tag, tuple((_shape(key), _shape(value)) for key, value in node.pairs))


def _scalar(value: Value, anchor: str = "", tag: str = "") -> Shape:
    shown = repr(value) if isinstance(value, float) else value
    kind = "str" if isinstance(value, str) else type(value).__name__
    return ("scalar", kind, shown, anchor, tag)


def _new(value: New) -> Shape:
    if isinstance(value, dict):
        return ("map", "", "", tuple((_scalar(key), _new(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("list", "", "", tuple(_new(item) for item in value))
    return _scalar(read_plain(str(value)) if isinstance(value, Verbatim) else value)


class _Expected:
    """What a document says once the intended changes are made to it."""

    def __init__(self, text: str, document: Document, splices: Sequence[Splice]) -> None:
        self._text = Text.whole(text)
        self._document = document
        self._inside = [splice for splice in splices if isinstance(splice.effect, InText)]
        self._becomes = {s.effect.node: s.effect.value for s in splices if isinstance(s.effect, Becomes)}
        effects = [splice.effect for splice in splices]
        self._items = [effect for effect in effects if isinstance(effect, NewItem)]
        self._pairs = [effect for effect in effects if isinstance(effect, NewPair)]
        self._gone = [effect for effect in effects if isinstance(effect, Gone)]

    def root(self) -> Shape:
        return self._of(self._document.root) if self._document.root is not None else _shape(None)

    def _of(self, node: Node) -> Shape:
        if isinstance(node, AliasNode):
            return _shape(node)
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if isinstance(node, SequenceNode):
            return ("list", node.anchor, node.tag, tuple(self._list(node)))
        return self._mapping(node)

    def _list(self, node: SequenceNode) -> Iterator[Shape]:
        """Yield the items that a sequence is to have."""
        gone = {at for one in self._gone if one.node == node.start for at in range(one.first, one.last + 1)}
        for at in range(len(node.items) + 1):
            yield from (_new(one.value) for one in self._items if (one.node, one.index) == (node.start, at))
            if at < len(node.items) and at not in gone:
                yield self._of(node.items[at])

    def _mapping(self, node: MappingNode) -> Shape:
        pairs = [(self._of(key), self._of(value)) for key, value in node.pairs]
        added = [one for one in self._pairs if one.node == node.start]
        for pair in sorted(added, key=lambda one: one.index)[::-1]:
            pairs.insert(pair.index, (_scalar(pair.key), _new(pair.value)))
        return ("map", node.anchor, node.tag, tuple(pairs))

    def _scalar(self, node: ScalarNode) -> Shape:
        if node.start in self._becomes:
            value = _new(self._becomes[node.start])
            return (*value[:3], node.anchor, node.tag) if value[0] == "scalar" else value
        inside = [splice for splice in self._inside if node.start <= splice.start and splice.end <= node.end]
        if not inside or node.start == node.end:
            return _shape(node)
        return _edited(self._text, node, inside)


def _edited(whole: Text, node: ScalarNode, splices: list[Splice]) -> Shape:
    """Return what a scalar says once parts of its decoded characters are replaced."""
    text = scalar_text(whole, node)
    if text is None:
        raise RefusedError("the characters of this value cannot be placed", "edit the file by hand")
    value = text.value
    for splice in sorted(splices, key=lambda one: one.start)[::-1]:
        start = bisect_left(text.starts, splice.start)
        stop = max(start, bisect_left(text.starts, splice.end))
        decoded = splice.effect.decoded if isinstance(splice.effect, InText) else ""
        value = value[:start] + decoded + value[stop:]
    kind: Value = value if node.style or node.tag else read_plain(value)
    was = meaning(node)
    if isinstance(was, str) and not isinstance(kind, str):
        raise RefusedError("the text would be read as a number or boolean", "quote the value in the file first")
    return _scalar(kind, node.anchor, node.tag)


def unify(tree: Tree, splices: Iterable[Splice]) -> dict[str, bytes]:
    """Return the new bytes of every file that splices touch.

    Raises:
        RefusedError: One of them cannot be made; then none is.
    """
    by_path: dict[str, list[Splice]] = {}
    for splice in splices:
        by_path.setdefault(splice.path, []).append(splice)
    changed = {
        path: apply(tree[path], parts, [source.document for source in tree.readable(path)])
        for path, parts in sorted(by_path.items())
    }
    return {path: data for path, data in changed.items() if data != tree[path]}
