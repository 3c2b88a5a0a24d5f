"""New items of a kustomization's own lists, in the style of what stands there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from trimtab.errors import RefusedError
from trimtab.manifest.items import append_item
from trimtab.manifest.nodes import MappingNode, ScalarNode
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Becomes, New, NewItem, Splice
from trimtab.manifest.write import Style, add_pair, block_lines, column_indent, dash_step, line_break, placed

_NOTHING = re.compile(r":[ \t]*(?:\[[ \t]*\]|~|null)?[ \t]*(?=\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A new item of one of a kustomization's lists."""

    key: str
    item: dict[str, New]


Piece: TypeAlias = Splice | Entry
"""A part of what is written: something that stands is changed, or a list has a new item."""


def written(at: Cursor, pieces: Iterable[Piece]) -> Iterator[Splice]:
    """Yield the splices of pieces; the new items of a list stand one after the other."""
    added: dict[str, list[dict[str, New]]] = {}
    for piece in pieces:
        if isinstance(piece, Entry):
            added.setdefault(piece.key, []).append(piece.item)
        else:
            yield piece
    for key, items in added.items():
        yield from _appended(at, key, items)


def _appended(at: Cursor, key: str, items: Sequence[dict[str, New]]) -> Iterator[Splice]:
    listed = at.get(key)
    if listed is not None and listed.items():
        yield from (append_item(listed, item) for item in items)
    elif listed is None:
        yield add_pair(at, key, list(items))
    else:
        yield from _begun(at, key, items)


def _begun(at: Cursor, key: str, items: Sequence[dict[str, New]]) -> Iterator[Splice]:
    """Yield what puts items in place of nothing, or of empty brackets."""
    name, value = next(pair for pair in at.pairs() if pair[0].value == key)
    text, node, real = at.source.text.value, at.real, value.real
    gap = _NOTHING.match(text, name.end)
    if gap is None or value.why_locked or not isinstance(node, MappingNode):
        raise RefusedError(f"`{key}` is no empty list", "edit it by hand")
    style = Style("  ", dash_step(at, node))
    lines = block_lines(key, list(items), column_indent(text, name.start), style)[1:]
    raw = line_break(text).join(("", *lines))
    if isinstance(real, ScalarNode):
        yield placed(at, name.end + 1, gap.end(), raw, Becomes(real.start, list(items)))
        return
    yield placed(at, name.end + 1, gap.end(), raw, NewItem(real.start, 0, items[0]))
    yield from (placed(at, gap.end(), gap.end(), "", NewItem(real.start, 0, item)) for item in items[1:])
