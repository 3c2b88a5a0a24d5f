"""A text changed only where it differs: the folds, escapes and blank lines of the rest stay as they are written."""

from __future__ import annotations

import re

from trimtab.errors import RefusedError
from trimtab.manifest.decoded import scalar_text
from trimtab.manifest.diff import common_ends
from trimtab.manifest.nodes import ScalarNode
from trimtab.manifest.scalars import is_safe_plain
from trimtab.manifest.source import Source
from trimtab.manifest.splice import Becomes, Splice, verify
from trimtab.manifest.text import Text

_MOST_CHARACTERS = 100_000
"""Of how long a text the place of each character is worked out, which takes some hundred times its memory."""
_SPACE_AT_END = re.compile(r"[ \t](?=[\r\n]|\Z)")


def changed_within(source: Source, node: ScalarNode, value: str, raw: str) -> Splice | None:
    """Return the splice, at indexes of the source's text, that makes a text say `value`; None where `raw` is as good.

    Args:
        source: Where the scalar stands.
        node: The scalar, which is text.
        value: What it is to say.
        raw: What would be written in place of the whole scalar.
    """
    text = source.text.value
    written = text[node.start : node.end]
    if (node.style == "|" and raw.startswith("|")) or node.value in written or len(written) > _MOST_CHARACTERS:
        return None
    if not node.style and not is_safe_plain(value.replace("\n", " ")):
        return None
    decoded = scalar_text(Text.whole(text), node)
    return _smallest(source, node, value, decoded) if decoded is not None else None


def _smallest(source: Source, node: ScalarNode, value: str, decoded: Text) -> Splice | None:
    """Return the splice between what a text and its new value share at their beginning and at their end."""
    old = decoded.value
    head, tail = common_ends(old, value)
    if (not head and not tail) or _last_breaks(old) != _last_breaks(value):
        return None
    part = decoded.cut(head, len(old) - tail)
    start, end = part.span()
    new = part.encode(value[head : len(value) - tail])
    splice = Splice(source.path, start, end, new, Becomes(node.start, value))
    text = source.text.value
    was, becomes = text[node.start : node.end], text[node.start : start] + new + text[end : node.end]
    if len(_SPACE_AT_END.findall(becomes)) > len(_SPACE_AT_END.findall(was)):
        return None
    try:
        verify(text, text[:start] + new + text[end:], [splice])
    except RefusedError:
        return None
    return splice


def _last_breaks(text: str) -> int:
    """Return how many line breaks a text ends in, which a block scalar's header and the lines after it tell."""
    return len(text) - len(text.rstrip("\n"))
