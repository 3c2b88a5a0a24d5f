"""One YAML document as plain Python, with the line of every key: for files that are read and never edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from trimtab.errors import UsageError
from trimtab.manifest.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode, target
from trimtab.manifest.parse import BrokenYamlError, decode, parse
from trimtab.manifest.scalars import Value, meaning
from trimtab.manifest.tree import Tree

Plain: TypeAlias = "Value | list[Plain] | dict[str, Plain]"
LineOf: TypeAlias = Callable[[tuple[str | int, ...]], int]
_MAX_NODES = 200_000


def plain(data: bytes, path: str = "the file") -> tuple[Plain, LineOf]:
    """Return what a file of one document says, and a function that gives the line of a key.

    The function answers for the longest part of the path that exists, so that a missing key has its parent's line.

    Args:
        data: The file's bytes.
        path: Its name, for messages.

    Raises:
        UsageError: No YAML, several documents, a doubled key, or larger than any such file; names path and line.
    """
    try:
        text = decode(data)
        documents = [document for document in parse(text) if document.root is not None]
    except BrokenYamlError as error:
        raise UsageError(f"{path}:{error.line}: {error.reason}", "the file must be valid YAML") from None
    if len(documents) > 1:
        line = text.count("\n", 0, documents[1].start) + 1
        raise UsageError(f"{path}:{line}: a second document begins here", "keep one document in the file")
    if not documents or documents[0].root is None:
        return None, lambda _: 1
    _refuse_duplicates(documents[0], text, path)
    root = documents[0].root
    return _Reader(path).read(root), lambda where: _line_of(root, where, text)


def plain_documents(data: bytes, path: str = "the file") -> tuple[Plain, ...]:
    """Return what each document of a file says, empty ones left out.

    Raises:
        BrokenYamlError: No parser takes it.
        UsageError: It is larger than any such file once aliases are expanded.
    """
    roots = (document.root for document in parse(decode(data)))
    return tuple(_Reader(path).read(root) for root in roots if root is not None)


def documents_of(tree: Tree, path: str) -> tuple[Plain, ...]:
    """Return what each document of a tree's file says, in place; empty or unreadable ones are None."""
    found: list[Plain] = []
    for source in tree.readable(path):
        root = source.document.root
        try:
            found.append(_Reader(path).read(root) if root is not None else None)
        except UsageError:
            found.append(None)
    return tuple(found)


def _refuse_duplicates(document: Document, text: str, path: str) -> None:
    for start, key in document.duplicates.items():
        line = text.count("\n", 0, start) + 1
        raise UsageError(f"{path}:{line}: the key `{key}` is written twice", "keep one of the two")


class _Reader:
    """Turns nodes into plain Python; aliases are copied, up to a bound."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._nodes = 0

    def read(self, node: Node) -> Plain:
        """Return what a node says."""
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise UsageError(f"{self._path}:1: more than {_MAX_NODES} values once aliases are expanded")
        real = target(node)
        if isinstance(real, ScalarNode):
            return meaning(real)
        if isinstance(real, SequenceNode):
            return [self.read(item) for item in real.items]
        return self._mapping(real)

    def _mapping(self, node: MappingNode) -> dict[str, Plain]:
        merged: dict[str, Plain] = {}
        own: dict[str, Plain] = {}
        for key, value in node.pairs:
            name = str(meaning(key)) if isinstance(key, ScalarNode) and not key.style else _name(key)
            if name == "<<":
                for source in reversed(_merge_sources(value)):
                    said = self.read(source)
                    merged.update(said if isinstance(said, dict) else {})
            else:
                own[name] = self.read(value)
        return {**merged, **own}


def _name(key: Node) -> str:
    return key.value if isinstance(key, ScalarNode) else "?"


def _merge_sources(value: Node) -> tuple[Node, ...]:
    real = target(value)
    return real.items if isinstance(real, SequenceNode) else (real,)


def _line_of(root: Node, where: tuple[str | int, ...], text: str) -> int:
    """Return the line of the deepest key of `where` that exists."""
    node, start = root, root.start
    for part in where:
        found = _step(node, part)
        if found is None:
            break
        start, node = found
    return text.count("\n", 0, start) + 1


def _step(node: Node, part: str | int) -> tuple[int, Node] | None:
    """Return where a key or item begins, and its value."""
    real = target(node)
    if isinstance(real, SequenceNode) and isinstance(part, int) and part < len(real.items):
        return real.items[part].start, real.items[part]
    if isinstance(real, MappingNode):
        for key, value in real.pairs:
            if isinstance(key, ScalarNode) and key.value == str(part):
                return key.start, value
    return None
