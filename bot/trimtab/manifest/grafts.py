"""What a JSON patch (RFC 6902) or a value set by its name does to an object, one key of the way at a time.

An operation waits at the mapping or list that it has come to, and is carried out when what stands there is asked for;
so nothing is copied, and each value keeps the place that it was written at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trimtab.manifest.nodes import MappingNode, ScalarNode, SequenceNode
from trimtab.manifest.text import STEP, Text

if TYPE_CHECKING:
    from trimtab.manifest.source import Cursor

_LAST = "-"
_CHARACTER = re.compile(r"~[01]|.", re.DOTALL)
"""A character as a JSON pointer writes it."""
_MOST_ITEMS = 1000
"""How many empty items are made at most before one that is set by its index."""


@dataclass(frozen=True, slots=True)
class Graft:
    """One operation, seen from a node on the way to its place.

    Attributes:
        verb: `add`, `replace` or `remove`; `set` as `helm --set` does it, which makes the way to its place.
        keys: Keys and indexes from this node on, as text; `-` stands for the end of a list.
        value: What is put there; None for `remove`.
    """

    verb: str
    keys: tuple[str, ...]
    value: Cursor | None = None

    @property
    def lands(self) -> bool:
        """Return whether its place is directly below this node."""
        return len(self.keys) == 1


def keys_of(pointer: str) -> tuple[str, ...]:
    """Return the keys of a JSON pointer (RFC 6901), unescaped; none for the whole document."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def last_step(pointer: Cursor) -> Text | None:
    """Return the last step of a JSON pointer, unescaped, with the places of its characters; None where it has none."""
    text = pointer.text()
    start = text.value.rfind("/") + 1 if text is not None else 0
    if text is None or not 0 < start < len(text.value):
        return None
    pieces = [(found.start(), found.end()) for found in _CHARACTER.finditer(text.value, start)]
    value = keys_of(text.value)[-1]
    starts = [text.starts[first] for first, _ in pieces]
    return Text(value, starts, [text.ends[last - 1] for _, last in pieces], starts[0], (*text.layers, STEP))


def graft_value(found: Cursor | None, key: str, grafts: Iterable[Graft]) -> Cursor | None:
    """Return what stands below a key of a mapping after operations."""
    for graft in grafts:
        if graft.keys[:1] != (key,):
            continue
        if not graft.lands:
            found = _on_the_way(found, graft)
            found = _passed(found, graft) if found is not None else None
        elif graft.verb == "remove" or graft.value is None:
            found = None
        else:
            found = _named(graft.value, found)
    return found


def graft_items(items: Sequence[Cursor], grafts: Iterable[Graft]) -> tuple[Cursor, ...]:
    """Return the items of a list after operations; one that points past the end does nothing."""
    found = list(items)
    for graft in grafts:
        index = len(found) if graft.keys[0] == _LAST else _index(graft.keys[0])
        if not graft.lands:
            found[index : index + 1] = [_passed(item, graft) for item in found[index : index + 1]]
        elif graft.verb == "set" and graft.value is not None:
            found += [_nothing(graft.value)] * min(index - len(found), _MOST_ITEMS)
            found[index : index + 1] = [graft.value]
        elif graft.verb == "add" and graft.value is not None:
            found.insert(index, graft.value)
        else:
            new = [graft.value] if graft.verb == "replace" and graft.value is not None else []
            found[index : index + 1] = new if index < len(found) else []
    return tuple(found)


def _on_the_way(found: Cursor | None, graft: Graft) -> Cursor | None:
    """Return what an operation goes on through: what stands there, or a collection that `set` makes."""
    if graft.verb != "set" or graft.value is None or (found is not None and found.scalar is None):
        return found
    return made(graft.value, listed=graft.keys[1].isdecimal())


def made(value: Cursor, *, listed: bool) -> Cursor:
    """Return an empty list or mapping that stands nowhere, as the way to a value."""
    start = value.node.start
    node = SequenceNode((), True, "", "", start, start) if listed else MappingNode((), True, "", "", start, start)  # noqa: FBT003 - flow
    reason = "it is made of what is set by name"
    return replace(value, node=node, path=(), key=None, locked=reason, under=(), grafts=(), said="")


def _nothing(value: Cursor) -> Cursor:
    """Return the null that stands for an item which nothing says."""
    start = value.node.start
    return replace(value, node=ScalarNode("null", "", "", "", start, start), said="")


def _passed(below: Cursor, graft: Graft) -> Cursor:
    return replace(below, grafts=(*below.grafts, replace(graft, keys=graft.keys[1:])))


def _named(value: Cursor, replaced: Cursor | None) -> Cursor:
    """Return a value under the key of what it replaces, which stands in another file, else under its operation's."""
    if replaced is None or replaced.key is None:
        return value if value.key_source is not None else replace(value, key=None)
    return replace(value, key=replaced.key, key_source=replaced.key_source or replaced.source)


def _index(key: str) -> int:
    return int(key) if key.isdecimal() and len(key) < 6 else 1 << 30  # noqa: PLR2004 - no list is longer
