"""How changes are spelled: a scalar replaced, a part of one, an item or a pair added, in the style of what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest.nodes import MappingNode, Node, ScalarNode, SequenceNode
from trimtab.manifest.scalars import Verbatim, is_ambiguous, literal_lines, meaning, rewrite, spell, write_new
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Becomes, Effect, InText, New, NewItem, NewPair, Splice, verify
from trimtab.manifest.text import Text, encode
from trimtab.manifest.within import changed_within

QUOTE = '"'
_SPACE_AT_END = re.compile(r"[ \t]+(?=\r?\n|\Z)")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n\r]*)?(?=\r?\n|\Z)")


def replace_part(path: str, text: Text, new: str) -> Splice:
    """Return the splice that puts `new` in place of a text inside a scalar."""
    start, end = text.span()
    return Splice(path, start, end, text.encode(new), InText(_below_file(text, new)))


def _below_file(text: Text, new: str) -> str:
    """Return `new` as it reads once the file's own YAML is decoded."""
    for layer in reversed(text.layers[1:]):
        new = encode(new, layer)
    return new


def replace_scalar(cursor: Cursor, value: Scalar) -> Splice:
    """Return the splice that makes a scalar mean `value`: text stays text, a number a number.

    Raises:
        RefusedError: It is shared, no scalar, or its style cannot carry the value.
    """
    node = cursor.scalar
    if cursor.why_locked or node is None:
        raise RefusedError(cursor.why_locked or "the value is not a single scalar", "edit it by hand")
    kept = keep_kind(node, value)
    text = cursor.source.text.value
    raw, start, end = rewrite(text, node, kept), node.start, node.end
    if isinstance(kept, str) and (less := changed_within(cursor.source, node, kept, raw)) is not None:
        return placed(cursor, less.start, less.end, less.text, less.effect)
    if start == end and cursor.key is not None and ":" not in text[cursor.key.end : start]:
        raise RefusedError(f"the key `{cursor.key.value}` stands without a value", "write `: null` after it first")
    if start == end and _SPACE_AT_END.match(text, start):
        start = end = start + 1
    elif start == end and not text[:start].endswith((" ", "\n")):
        raw = f" {raw}"
    return placed(cursor, start, end, raw, Becomes(node.start, kept))


def keep_kind(node: ScalarNode, value: Scalar) -> Scalar:
    """Return `value` as the kind of scalar that stands there: text where text stands."""
    was = meaning(node)
    if isinstance(value, Verbatim):
        return value
    if isinstance(was, str):
        return spell(value)
    if isinstance(value, str) and isinstance(was, int | float) and not isinstance(was, bool):
        number = _number(value)
        return value if number is None else number
    return value


def _number(text: str) -> int | float | None:
    """Return the number that is written exactly as `text`, else None."""
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,17})", text):
        return int(text)
    if re.fullmatch(r"-?(?:0|[1-9]\d{0,15})\.\d{1,15}", text):
        return float(text)
    return None


def placed(cursor: Cursor, start: int, end: int, raw: str, effect: Effect) -> Splice:
    """Return a splice at indexes of the cursor's source, which may itself stand inside a scalar."""
    outer = cursor.source.text
    part = outer.cut(start, end)
    at = part.span()
    if not outer.layers:
        return Splice(cursor.source.path, *at, raw, effect)
    inside = Splice(cursor.source.path, start, end, raw, effect)
    verify(outer.value, outer.value[:start] + raw + outer.value[end:], [inside], [cursor.source.document])
    return Splice(cursor.source.path, *at, outer.encode(raw), InText(_below_file(outer, raw)))


def add_pair(cursor: Cursor, key: str, value: New, *, first: bool = False) -> Splice:
    """Return the splice that adds a key to a mapping, in its own style.

    Args:
        cursor: A mapping, an empty one, or null.
        key: The new key.
        value: What it says.
        first: Whether it goes right below the mapping's own key rather than after its last pair.

    Raises:
        RefusedError: The mapping is shared, or its style cannot be followed.
    """
    if cursor.why_locked:
        raise RefusedError(cursor.why_locked, "edit it by hand")
    real = cursor.real
    if isinstance(real, ScalarNode) and meaning(real) is None:
        return _fill_null(cursor, real, {key: value})
    if not isinstance(real, MappingNode):
        raise RefusedError(f"no place for `{key}`: a mapping was expected", "edit it by hand")
    if real.flow:
        return _add_flow_pair(cursor, real, key, value)
    return _add_block_pair(cursor, real, key, value, first=first)


def first_item(cursor: Cursor, key: str, item: New) -> Splice:
    """Return the splice that gives a mapping's key a list of one item: the key is absent, null or an empty list.

    Raises:
        RefusedError: The mapping or the list is shared, or something stands there already.
    """
    found = next((value for name, value in cursor.pairs() if name.value == key), None)
    if found is None:
        return add_pair(cursor, key, [item])
    real = found.real
    if found.why_locked:
        raise RefusedError(found.why_locked, "edit it by hand")
    if isinstance(real, ScalarNode) and meaning(real) is None:
        return _fill_null(found, real, [item])
    if not isinstance(real, SequenceNode) or real.items:
        raise RefusedError(f"`{key}` is no empty list", "edit it by hand")
    return placed(found, real.start, real.end, f"[{flow(item)}]", NewItem(real.start, 0, item))


def _fill_null(cursor: Cursor, node: ScalarNode, value: New) -> Splice:
    """Return the splice that gives an empty value its first content, on the same line."""
    lead = " " if node.start == node.end else ""
    return placed(cursor, node.start, node.end, lead + flow(value), Becomes(node.start, value))


def flow(value: New, quote: str = "", pad: str = "") -> str:
    """Return a value in flow style; `quote` is put around text, `pad` inside braces."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{write_new(key)}: {flow(item, quote, pad)}" for key, item in value.items())
        return f"{{{pad}{pairs}{pad}}}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item, quote, pad) for item in value) + "]"
    return write_new(value, quote if isinstance(value, str) else "")


def _add_flow_pair(cursor: Cursor, node: MappingNode, key: str, value: New) -> Splice:
    body = f"{write_new(key)}: {flow(value, quote_beside(node))}"
    effect = NewPair(node.start, len(node.pairs), key, value)
    if not node.pairs:
        return placed(cursor, node.start, node.end, "{" + body + "}", effect)
    at = node.pairs[-1][1].end
    return placed(cursor, at, at, f", {body}", effect)


def _add_block_pair(cursor: Cursor, node: MappingNode, key: str, value: New, *, first: bool) -> Splice:
    text = cursor.source.text.value
    indent = column_indent(text, node.pairs[0][0].start)
    lines = block_lines(key, value, indent, Style(indent_step(text, node), dash_step(cursor, node), quote_beside(node)))
    newline = line_break(text)
    if first and (at := _below_parent(cursor, node)) is not None:
        return placed(cursor, at, at, newline + newline.join(lines), NewPair(node.start, 0, key, value))
    at = end_of_line(text, node.pairs[-1][1])
    return placed(cursor, at, at, newline + newline.join(lines), NewPair(node.start, len(node.pairs), key, value))


def _below_parent(cursor: Cursor, node: MappingNode) -> int | None:
    """Return the end of the line that holds the mapping's own key, where the mapping begins on a later line."""
    if cursor.key is None or node.anchor:
        return None
    text = cursor.source.text.value
    end = text.find("\n", cursor.key.end)
    if end < 0 or end > node.start or node.start == node.end:
        return None
    return end - 1 if text[end - 1] == "\r" else end


@dataclass(frozen=True, slots=True)
class Style:
    """How a file is written.

    Attributes:
        keys: How much deeper than its key a mapping's keys stand, as spaces.
        dashes: How much deeper than its key a list's dashes stand, as spaces.
        quote: What stands around text, empty where text is plain.
    """

    keys: str
    dashes: str
    quote: str = ""


def block_lines(key: str, value: New, indent: str, style: Style) -> list[str]:
    """Return the lines of a pair in block style."""
    name = write_new(key)
    if isinstance(value, dict) and value:
        lines = [f"{indent}{name}:"]
        for inner, item in value.items():
            lines += block_lines(inner, item, indent + style.keys, style)
        return lines
    if isinstance(value, list) and value:
        deeper = indent + style.dashes
        return [f"{indent}{name}:", *(line for item in value for line in item_lines(item, deeper, style))]
    if isinstance(value, str) and (lines := literal_lines(value)):
        return [f"{indent}{name}: {lines[0]}", *(f"{indent}{style.keys}{line}" if line else "" for line in lines[1:])]
    return [f"{indent}{name}: {flow(value, style.quote)}"]


def item_lines(item: New, indent: str, style: Style) -> list[str]:
    """Return the lines of a sequence's item in block style; lists of plain values inside it in flow style."""
    if not isinstance(item, dict):
        return [f"{indent}- {flow(item, style.quote)}"]
    lines: list[str] = []
    for key, value in item.items():
        short = isinstance(value, list) and not any(isinstance(one, dict) for one in value)
        inner = f"{indent}  "
        lines += [f"{inner}{key}: {flow(value, style.quote)}"] if short else block_lines(key, value, inner, style)
    return [f"{indent}- {lines[0].lstrip()}", *lines[1:]]


def quote_beside(node: MappingNode) -> str:
    """Return the quote around text in a mapping and one level below it, where plain text would say the same."""
    values = [value for _, value in node.pairs]
    values += [inner for value in values if isinstance(value, MappingNode) for _, inner in value.pairs]
    styles = {one.style for one in values if isinstance(one, ScalarNode) and not is_ambiguous(one.value)}
    return styles.pop() if len(styles) == 1 and styles <= {"'", '"'} else ""


def dash_step(cursor: Cursor, node: MappingNode) -> str:
    """Return how much deeper the dashes of lists stand: as beside the new key, else as last in the file before it."""
    text = cursor.source.text.value
    beside = [step for pair in node.pairs if (step := _dash_of(text, *pair)) is not None]
    root = cursor.source.document.root
    found = beside or [step for at, step in _dash_style(text, root) if at < node.end] if root is not None else beside
    return " " * found[-1] if found else "  "


def _dash_style(text: str, root: Node) -> Iterator[tuple[int, int]]:
    """Yield where each list of a document begins, and how much deeper than its key; in the order of the file."""
    open_nodes = [root]
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, SequenceNode):
            open_nodes.extend(reversed(node.items))
        elif isinstance(node, MappingNode):
            open_nodes.extend(value for _, value in reversed(node.pairs))
            for key, value in node.pairs:
                if (step := _dash_of(text, key, value)) is not None:
                    yield value.start, step


def _dash_of(text: str, key: Node, value: Node) -> int | None:
    """Return how many columns after its key the dashes of a list stand, None where the value is no such list."""
    if not isinstance(value, SequenceNode) or value.flow or not value.items:
        return None
    dash = text.rfind("-", key.end, value.items[0].start)
    return len(column_indent(text, dash)) - len(column_indent(text, key.start)) if dash > 0 else None


def column_indent(text: str, index: int) -> str:
    """Return spaces up to the column of a character; a dash before it counts as a column."""
    start = text.rfind("\n", 0, index) + 1
    return " " * (index - start)


def indent_step(text: str, node: MappingNode) -> str:
    """Return how much deeper this mapping's children stand, or two spaces where none tells."""
    own = len(column_indent(text, node.pairs[0][0].start))
    for _, value in node.pairs:
        if isinstance(value, MappingNode) and not value.flow and value.pairs:
            deeper = len(column_indent(text, value.pairs[0][0].start)) - own
            if deeper > 0:
                return " " * deeper
    return "  "


def line_break(text: str) -> str:
    """Return the line break that the text uses."""
    index = text.find("\n")
    return "\r\n" if index > 0 and text[index - 1] == "\r" else "\n"


def last_leaf(node: Node) -> Node:
    """Return the last node written inside a collection."""
    while True:
        if isinstance(node, MappingNode) and not node.flow and node.pairs:
            node = node.pairs[-1][1]
        elif isinstance(node, SequenceNode) and not node.flow and node.items:
            node = node.items[-1]
        else:
            return node


def end_of_line(text: str, node: Node) -> int:
    """Return the end of the line on which a value ends, before the line break, comments on the line included.

    Raises:
        RefusedError: Something else stands on that line.
    """
    leaf = last_leaf(node)
    end = leaf.end
    if isinstance(leaf, ScalarNode) and leaf.style in {"|", ">"}:
        end = leaf.start + len(text[leaf.start : leaf.end].rstrip())
    match = _REST_OF_LINE.match(text, end)
    if match is None:
        raise RefusedError("something else stands on the line where the new one would go", "edit it by hand")
    return match.end()


def replace_key(cursor: Cursor, value: Scalar) -> Splice:
    """Return the splice that gives a value's key another name.

    Raises:
        RefusedError: The key is shared, quoted in a way that cannot be kept, or no key.
    """
    named = cursor.named
    key = named.scalar if named is not None else None
    if named is None or key is None or named.locked:
        raise RefusedError(named.locked if named is not None else "the value has no key", "edit it by hand")
    raw = write_new(spell(value), key.style)
    return placed(named, key.start, key.end, raw, Becomes(key.start, spell(value)))
