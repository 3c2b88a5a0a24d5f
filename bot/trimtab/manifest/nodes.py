"""The nodes of a YAML document with the span of each; aliases stay aliases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A scalar.

    Attributes:
        value: Decoded.
        style: Empty for plain, else `'`, `"`, `|` or `>`.
        tag: As written and resolved by the parser, empty where there is none.
        anchor: Its anchor's name, empty where there is none.
        start: Index in the document's text of its first character, after anchor and tag, at the quote.
        end: Index after its last character, after the quote.
    """

    value: str
    style: str
    tag: str
    anchor: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A sequence; `end` is after the bracket, or after the last item of a block."""

    items: tuple[Node, ...]
    flow: bool
    tag: str
    anchor: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping, with doubled keys kept; `end` is after the brace, or after the last value of a block."""

    pairs: tuple[tuple[Node, Node], ...]
    flow: bool
    tag: str
    anchor: str
    start: int
    end: int

    def named(self, key: str) -> list[tuple[ScalarNode, Node]]:
        """Return the pairs whose key is a scalar that reads so; more than one where it is doubled."""
        return [(name, value) for name, value in self.pairs if isinstance(name, ScalarNode) and name.value == key]


@dataclass(frozen=True, slots=True)
class AliasNode:
    """`*name`, with the node that the name stood for at this point of the document."""

    name: str
    target: Node
    start: int
    end: int


Node: TypeAlias = ScalarNode | SequenceNode | MappingNode | AliasNode


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a stream.

    Attributes:
        index: From 0.
        root: None where the document is empty.
        start: Index of its first event's mark.
        aliased: Starts of the nodes that an alias points to.
        duplicates: Doubled keys, by the start of the second.
    """

    index: int
    root: Node | None
    start: int
    aliased: frozenset[int] = frozenset()
    duplicates: Mapping[int, str] = field(default_factory=dict)


def target(node: Node) -> ScalarNode | SequenceNode | MappingNode:
    """Return the node, or what an alias stands for."""
    while isinstance(node, AliasNode):
        node = node.target
    return node


def child(node: Node, key: str) -> Node | None:
    """Return the value of a key written in this very mapping, the last where it is doubled."""
    real = target(node)
    found = real.named(key) if isinstance(real, MappingNode) else []
    return found[-1][1] if found else None
