"""From text to nodes by parser events; bounded before the parser sees a byte, and again while nodes are built.

libyaml is the parser, as it is fast. It rejects some YAML 1.2 (`[a:1]`, `{file: x:y}`): there it is asked again, with
other characters in the place of such colons. Composers reject redefined anchors, which are legal (YAML 1.2.2, section
3.2.2.2) and used; so the tree is built here. A mark's index counts characters, and a node's start mark stands before
its anchor and tag.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined] # of ruamel.yaml.clib, which has no stubs
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from trimtab.manifest.nodes import AliasNode, Document, MappingNode, Node, ScalarNode, SequenceNode, target

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 200
MAX_ALIASES = 10_000
MAX_DOCUMENTS = 5_000
MAX_NODES = 300_000
_MANY_BRACKETS = 2_000
_ALIAS = re.compile(rb"\*(?<![^\s\[{,]\*)[^\s*,\]}]")
_DEEP = re.compile(rb"\n[ \t?:-]{%d}" % MAX_DEPTH)
"""What bare events do not tell: whether an alias has its anchor, and how deep blocks are nested.

Each begins with the byte that is looked for, which makes the search an order of magnitude faster.
"""
_INNER = re.compile(r"(?<=[^\s\[\]{},\"'])(?::(?=[^\s\[\]{},])|\?)")
"""A colon or question mark that is part of plain text, inside brackets, too (YAML 1.2.2, section 7.3.3)."""
_QUESTION = re.compile(r"\?(?<=[^\s\[\]{},\"']\?)")
_DOUBTFUL_COLONS = re.compile(r"[\s\[{,\"'](?:::|\?:)")
"""Where parsers differ on which of two colons is part of a text."""
_PRIVATE_USE = range(0xE000, 0xF900)
_PROPERTY = re.compile(r"[&!][^\s]*|#[^\n]*|\s+")


class BrokenYamlError(Exception):
    """A text that no parser takes, or that is larger or deeper than any manifest.

    Attributes:
        line: From 1.
        reason: Why.
    """

    def __init__(self, line: int, reason: str) -> None:
        """Keep where and why."""
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


def decode(data: bytes) -> str:
    """Return the file's characters without a byte order mark.

    Raises:
        BrokenYamlError: Not UTF-8, too large, or nested too deep for any parser to be asked.
    """
    if len(data) > MAX_BYTES:
        raise BrokenYamlError(1, f"{len(data)} bytes; more than {MAX_BYTES} are not read")
    if data.count(b"[") + data.count(b"{") > _MANY_BRACKETS and _has_deep_brackets(data):
        raise BrokenYamlError(1, f"brackets nested deeper than {MAX_DEPTH}")
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BrokenYamlError(data[: error.start].count(b"\n") + 1, "not UTF-8") from None


def _has_deep_brackets(data: bytes) -> bool:
    """Return whether brackets are nested too deep, read without regard to quotes."""
    depth = 0
    for match in re.finditer(rb"[\[\]{}]", data):
        depth = max(0, depth + (1 if match.group() in b"[{" else -1))
        if depth > MAX_DEPTH:
            return True
    return False


def check(data: bytes) -> BrokenYamlError | None:
    """Return why no parser takes these bytes, or None; about a tenth of the cost of `parse`."""
    try:
        text = decode(data)
        CParser(text).raw_parse()
        if _ALIAS.search(data) or _DEEP.search(b"\n" + data[:MAX_DEPTH]) or _DEEP.search(data):
            parse(text)
    except BrokenYamlError as error:
        return error
    except YAMLError as error:
        return None if _is_doubtful(error, text) and _takes_masked(text) else _broken(error)
    return None


def parse(text: str) -> tuple[Document, ...]:
    """Return the documents of a text.

    Raises:
        BrokenYamlError: No parser takes it, or it is deeper or holds more aliases than any manifest.
    """
    try:
        return _Builder(text, _events(text)).documents()
    except YAMLError as error:
        if not _is_doubtful(error, text):
            raise _broken(error) from None
        try:
            return _Builder(text, _masked_events(text)).documents()
        except YAMLError:
            raise _broken(error) from None


def _events(text: str) -> Iterator[Event]:
    parser = CParser(text)
    while not isinstance(event := parser.get_event(), StreamEndEvent):
        yield event


def _is_doubtful(error: YAMLError, text: str) -> bool:
    """Return whether YAML 1.2 may take what libyaml complains of: a colon or `?` in plain text inside brackets."""
    problem = error.problem if isinstance(error, MarkedYAMLError) else ""
    return problem == "found unexpected ':'" or (
        problem in {"did not find expected ',' or ']'", "did not find expected ',' or '}'"}
        and _QUESTION.search(text) is not None
    )


def _takes_masked(text: str) -> bool:
    """Return whether libyaml takes a text in which colons inside plain text are none."""
    try:
        for _ in _masked_events(text):
            pass
    except YAMLError:
        return False
    return True


def _masked_events(text: str) -> Iterator[Event]:
    """Yield the events of a text whose colons inside plain text are masked while libyaml looks.

    Raises:
        YAMLError: It does not take the text like that either.
    """
    free = [one for one in map(chr, _PRIVATE_USE) if one not in text][:2]
    masks = {} if len(free) < 2 or _DOUBTFUL_COLONS.search(text) else dict(zip(":?", free, strict=True))  # noqa: PLR2004
    for event in _events(_INNER.sub(lambda match: masks.get(match[0], match[0]), text)):
        if isinstance(event, ScalarEvent):
            for meant, mask in masks.items():
                event.value = event.value.replace(mask, meant)
        yield event


def _broken(error: YAMLError) -> BrokenYamlError:
    """Return the parser's complaint in one line."""
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = int(mark.line) + 1 if mark is not None else 1
        return BrokenYamlError(line, str(error.problem or error.context))
    return BrokenYamlError(1, str(error).splitlines()[0])


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been seen."""

    mapping: bool
    event: MappingStartEvent | SequenceStartEvent
    children: list[Node] = field(default_factory=list)


class _Builder:
    """Builds nodes from events, without recursion."""

    def __init__(self, text: str, events: Iterator[Event]) -> None:
        self._text = text
        self._events = events
        self._anchors: dict[str, Node] = {}
        self._aliased: set[int] = set()
        self._duplicates: dict[int, str] = {}
        self._aliases = 0
        self._nodes = 0

    def documents(self) -> tuple[Document, ...]:
        """Return all documents."""
        found: list[Document] = []
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if len(found) >= MAX_DOCUMENTS:
                    raise BrokenYamlError(event.start_mark.line + 1, f"more than {MAX_DOCUMENTS} documents")
                found.append(self._document(len(found), event.start_mark.index))
        return tuple(found)

    def _document(self, index: int, start: int) -> Document:
        self._anchors.clear()
        self._aliased = set()
        self._duplicates = {}
        root: Node | None = self._root()
        if isinstance(root, ScalarNode) and not root.value and root.start == root.end:
            root = None
        return Document(index, root, start, frozenset(self._aliased), dict(self._duplicates))

    def _root(self) -> Node:
        """Read events until the document's root node is complete."""
        stack: list[_Open] = []
        while True:
            event = next(self._events)
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                if len(stack) >= MAX_DEPTH:
                    raise BrokenYamlError(event.start_mark.line + 1, f"nested deeper than {MAX_DEPTH}")
                stack.append(_Open(isinstance(event, MappingStartEvent), event))
                continue
            if isinstance(event, MappingEndEvent | SequenceEndEvent):
                node = self._close(stack.pop(), event)
            else:
                node = self._leaf(event)
            self._nodes += 1
            if self._nodes > MAX_NODES:
                raise BrokenYamlError(event.start_mark.line + 1, f"more than {MAX_NODES} values")
            if not stack:
                return node
            stack[-1].children.append(node)

    def _leaf(self, event: Event) -> Node:
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if not isinstance(event, ScalarEvent):
            raise BrokenYamlError(event.start_mark.line + 1, "an unexpected end of a document")
        style = event.style if event.style in {"'", '"', "|", ">"} else ""
        tag = event.tag or ""
        start = self._after_properties(event, event.end_mark.index)
        node = ScalarNode(event.value, style, str(tag), event.anchor or "", start, max(start, event.end_mark.index))
        self._remember(node)
        return node

    def _alias(self, event: AliasEvent) -> AliasNode:
        self._aliases += 1
        line = event.start_mark.line + 1
        if self._aliases > MAX_ALIASES:
            raise BrokenYamlError(line, f"more than {MAX_ALIASES} aliases")
        known = self._anchors.get(event.anchor)
        if known is None:
            raise BrokenYamlError(line, f"the alias *{event.anchor} has no anchor before it")
        self._aliased.add(known.start)
        return AliasNode(event.anchor, known, event.start_mark.index, event.end_mark.index)

    def _close(self, opened: _Open, closing: Event) -> Node:
        event = opened.event
        flow = bool(event.flow_style)
        start = self._after_properties(event, closing.end_mark.index)
        end = closing.end_mark.index if flow else (opened.children[-1].end if opened.children else start)
        anchor, tag = event.anchor or "", str(event.tag or "")
        node: Node
        if opened.mapping:
            keys = [_named(key) for key in opened.children[::2]]
            pairs = tuple(zip(keys, opened.children[1::2], strict=True))
            self._note_duplicates(pairs)
            node = MappingNode(pairs, flow, tag, anchor, start, end)
        else:
            node = SequenceNode(tuple(opened.children), flow, tag, anchor, start, end)
        self._remember(node)
        return node

    def _note_duplicates(self, pairs: tuple[tuple[Node, Node], ...]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if isinstance(key, ScalarNode):
                if key.value in seen and key.value != "<<":
                    self._duplicates[key.start] = key.value
                seen.add(key.value)

    def _remember(self, node: ScalarNode | SequenceNode | MappingNode) -> None:
        if node.anchor:
            self._anchors[node.anchor] = node

    def _after_properties(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, limit: int) -> int:
        """Return where a node's own characters begin, after its anchor and tag."""
        start: int = event.start_mark.index
        if not event.anchor and not event.tag:
            return start
        while start < limit and (match := _PROPERTY.match(self._text, start)):
            start = match.end()
        return min(start, limit)


def _named(key: Node) -> Node:
    """Return a key; of an alias that stands for one, what it reads as, where the alias stands."""
    real = target(key)
    if not isinstance(key, AliasNode) or not isinstance(real, ScalarNode):
        return key
    return ScalarNode(real.value, "", real.tag, "", key.start, key.end)
