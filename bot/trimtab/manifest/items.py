"""Items of a sequence added or removed, in the style of those that stand there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from trimtab.errors import RefusedError
from trimtab.manifest.nodes import MappingNode, Node, ScalarNode, SequenceNode, child
from trimtab.manifest.scalars import write_new
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Effect, Gone, New, NewItem, Splice
from trimtab.manifest.write import (
    QUOTE,
    Style,
    column_indent,
    end_of_line,
    first_item,
    flow,
    indent_step,
    item_lines,
    line_break,
    placed,
    quote_beside,
)

_COMMENT_AFTER = re.compile(r"[ \t]*(?P<comma>,?)[ \t]*#[^\n\r]*")
_ENDS_LINE = re.compile(r"[ \t]*,?[ \t]*(?:#[^\n\r]*)?(?=\r?\n)")


def add_items(cursor: Cursor, values: Sequence[tuple[str, str]], at: int | None = None) -> tuple[Splice, ...]:
    """Return the splices that add texts to a sequence, in its own style.

    Args:
        cursor: The sequence.
        values: The new items, each with the quote to use, empty for none where none is needed.
        at: The index before which they go; after the last where it is None.

    Raises:
        RefusedError: The sequence is shared, or its style cannot be followed.
    """
    real = _sequence(cursor)
    index = len(real.items) if at is None else at
    if not 0 < index <= len(real.items):
        raise RefusedError("no item stands before the new one, so it has no style to follow", "edit it by hand")
    words = [write_new(value, quote) for value, quote in values]
    effects = [NewItem(real.start, index, value) for value, _ in values]
    text = cursor.source.text.value
    if real.flow:
        gaps = [_flow_gap(text, real, _last_flag(real)), *([_flow_gap(text, real)] * (len(words) - 1))]
        return _into_flow(cursor, real.items[index - 1], list(zip(gaps, words, effects, strict=True)))
    gap = f"{line_break(text)}{column_indent(text, dash_before(text, real.items[index - 1]))}- "
    place = end_of_line(text, real.items[index - 1])
    return tuple(placed(cursor, place, place, gap + word, one) for word, one in zip(words, effects, strict=True))


def add_mapping(cursor: Cursor, value: dict[str, str]) -> Splice:
    """Return the splice that appends a mapping of texts to a sequence, all values but the first quoted.

    Raises:
        RefusedError: The sequence is shared or empty, or its style cannot be followed.
    """
    real = _sequence(cursor)
    text = cursor.source.text.value
    quotes = [_quote_of(real, key) for key in value]
    pairs = [
        f"{key}: {write_new(item, quote if at == 0 else quote or QUOTE)}"
        for at, ((key, item), quote) in enumerate(zip(value.items(), quotes, strict=True))
    ]
    effect = NewItem(real.start, len(real.items), dict(value))
    last = real.items[-1]
    pad = _padding(text, last)
    inline = "{" + pad + ", ".join(pairs) + pad + "}"
    if real.flow:
        return _into_flow(cursor, last, [(_flow_gap(text, real), inline, effect)])[0]
    indent = column_indent(text, dash_before(text, last))
    at = end_of_line(text, last)
    newline = line_break(text)
    body = inline if isinstance(last, MappingNode) and last.flow else f"{newline}{indent}  ".join(pairs)
    return placed(cursor, at, at, f"{newline}{indent}- {body}", effect)


def append(owner: Cursor, key: str, item: dict[str, New]) -> Splice:
    """Return the splice that appends a mapping to the list below a mapping's key, the list too where there is none.

    A patch gets a list of its own, whose items Kubernetes' strategic merge lays over those beneath.

    Raises:
        RefusedError: The list is shared, or its style cannot be followed.
    """
    listed = owner.get(key)
    beneath = listed is not None and owner.under and listed.source is not owner.source
    if listed is None or beneath or not listed.items():
        return first_item(owner, key, item)
    return append_item(listed, item)


def append_item(listed: Cursor, item: dict[str, New]) -> Splice:
    """Return the splice that appends a mapping to a list of mappings.

    Raises:
        RefusedError: The list is shared, or its style cannot be followed.
    """
    real = _sequence(listed)
    text = listed.source.text.value
    last = real.items[-1]
    effect = NewItem(real.start, len(real.items), item)
    pad = _padding(text, last)
    if real.flow:
        return _into_flow(listed, last, [(_flow_gap(text, real), flow(item, "", pad), effect)])[0]
    if not isinstance(last, MappingNode):
        raise RefusedError("no item stands before the new one, so it has no style to follow", "edit it by hand")
    style = Style(indent_step(text, last), "  ", quote_beside(last))
    newline, indent = line_break(text), column_indent(text, dash_before(text, last))
    lines = [f"{indent}- {flow(item, style.quote, pad)}"] if last.flow else item_lines(item, indent, style)
    at = end_of_line(text, last)
    return placed(listed, at, at, newline + newline.join(lines), effect)


def _padding(text: str, item: Node) -> str:
    """Return the space inside the braces of an item in flow style."""
    return " " if text.startswith("{ ", item.start) else ""


def _sequence(cursor: Cursor) -> SequenceNode:
    real = cursor.real
    if cursor.why_locked or not isinstance(real, SequenceNode) or not real.items:
        raise RefusedError(cursor.why_locked or "no list with items to follow", "edit it by hand")
    return real


def _quote_of(node: SequenceNode, key: str) -> str:
    """Return the quote that most of the items' values of a key use, the latest of those used as often."""
    found = [child(item, key) for item in node.items if isinstance(item, MappingNode)]
    styles = [one.style for one in found if isinstance(one, ScalarNode) and one.style in {"'", '"', ""}]
    quoted = [style for style in styles if style] if key != "name" else styles
    counts = Counter(quoted)
    return next((style for style in reversed(quoted) if counts[style] == max(counts.values())), "")


def _into_flow(cursor: Cursor, before: Node, new: Sequence[tuple[str, str, Effect]]) -> tuple[Splice, ...]:
    """Return splices after an item of a flow sequence; a comment on its line stays with it."""
    text = cursor.source.text.value
    comment = _COMMENT_AFTER.match(text, before.end)
    if comment is None:
        return tuple(placed(cursor, before.end, before.end, gap + word, effect) for gap, word, effect in new)
    comma = comment["comma"]
    bodies = [(gap[1:] + word + ("," if comma or at < len(new) - 1 else "")) for at, (gap, word, _) in enumerate(new)]
    first = ("" if comma else ",") + comment.group() + bodies[0]
    head = placed(cursor, before.end, comment.end(), first, new[0][2])
    rest = zip(bodies[1:], new[1:], strict=True)
    return (head, *(placed(cursor, comment.end(), comment.end(), body, one[2]) for body, one in rest))


def _last_flag(node: SequenceNode) -> int:
    """Return the index of the last item that begins with a hyphen, or of the last one."""
    last = len(node.items) - 1
    flags = (at for at, item in enumerate(node.items) if isinstance(item, ScalarNode) and item.value.startswith("-"))
    return max(flags, default=last)


def _flow_gap(text: str, node: SequenceNode, at: int = -1) -> str:
    """Return what stands between an item of a flow sequence and the one before: a comma, with any new line."""
    at = at if at > 0 else len(node.items) - 1
    if at > 0:
        between = re.sub(r"[ \t]*#[^\n\r]*", "", text[node.items[at - 1].end : node.items[at].start])
        if "\n" in between:
            return "," + line_break(text) + between.rpartition("\n")[2]
        if re.fullmatch(r"\s*,\s*", between):
            return between
    first = text[node.start + 1 : node.items[0].start]
    return "," + (first if "\n" in first and not first.strip() else " ")


def dash_before(text: str, item: Node) -> int:
    """Return the index of the dash of a block sequence's item.

    Raises:
        RefusedError: No dash stands before it on its line.
    """
    start = text.rfind("\n", 0, item.start) + 1
    dash = text.rfind("- ", start, item.start)
    before = text[start:dash] if dash >= 0 else "?"
    if before.replace("- ", "").strip():
        raise RefusedError("the list's style cannot be followed", "edit it by hand")
    return dash


def remove_items(cursor: Cursor, first: int, last: int) -> tuple[Splice, ...]:
    """Return the splices that remove the items `first` to `last` of a sequence, with the comments on their lines.

    Comments on lines of their own stay.

    Raises:
        RefusedError: The sequence is shared, or its style cannot be followed.
    """
    real = _sequence(cursor)
    if first == 0 and last == len(real.items) - 1:
        return (_emptied(cursor, real),)
    if real.flow:
        return tuple(_out_of_flow(cursor, real, first, last))
    return tuple(_line_out(cursor, real, at) for at in range(first, last + 1))


def _emptied(cursor: Cursor, node: SequenceNode) -> Splice:
    """Return the splice that leaves an empty sequence, on the line of its key."""
    effect = Gone(node.start, 0, len(node.items) - 1)
    if node.flow:
        return placed(cursor, node.start, node.end, "[]", effect)
    text = cursor.source.text.value
    if cursor.key is None or not re.fullmatch(r":\s*-\s+", text[cursor.key.end : node.items[0].start]):
        raise RefusedError("nothing would be left of the list", "edit it by hand")
    return placed(cursor, cursor.key.end, node.items[-1].end, ": []", effect)


def _line_out(cursor: Cursor, node: SequenceNode, at: int) -> Splice:
    """Return the splice that removes the line of a block sequence's item."""
    text = cursor.source.text.value
    item = node.items[at]
    line = text.rfind("\n", 0, item.start) + 1
    end = end_of_line(text, item)
    if text[line : dash_before(text, item)].strip() or not isinstance(item, ScalarNode):
        raise RefusedError("the item does not stand on a line of its own", "edit it by hand")
    effect = Gone(node.start, at, at)
    if line == 0:
        return placed(cursor, 0, end + len(line_break(text)), "", effect)
    return placed(cursor, line - (2 if text[line - 2 : line] == "\r\n" else 1), end, "", effect)


def _out_of_flow(cursor: Cursor, node: SequenceNode, first: int, last: int) -> Iterator[Splice]:
    """Yield the splices that remove items of a flow sequence: whole lines where they stand on lines of their own."""
    text = cursor.source.text.value
    effect = Gone(node.start, first, last)
    start, end = node.items[first].start, node.items[last].end
    line = text.rfind("\n", 0, start) + 1
    after = _ENDS_LINE.match(text, end)
    is_last = last == len(node.items) - 1
    if after is not None and not text[line:start].strip() and line > node.start:
        comma = re.compile(r"[ \t]*,").match(text, node.items[first - 1].end) if is_last and first else None
        if comma is not None and "," not in after.group().partition("#")[0]:
            yield placed(cursor, comma.start(), comma.end(), "", Gone(node.start, 1, 0))
        yield placed(cursor, line - (2 if text[line - 2 : line] == "\r\n" else 1), after.end(), "", effect)
    elif is_last:
        yield placed(cursor, node.items[first - 1].end, end, "", effect)
    elif "#" in text[end : node.items[last + 1].start]:
        raise RefusedError("a comment stands between the items of the list", "edit it by hand")
    else:
        yield placed(cursor, start, node.items[last + 1].start, "", effect)
