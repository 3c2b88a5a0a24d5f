"""The decoded characters of a YAML scalar, each with the place that wrote it.

The parser decodes; here its result is laid beside the source, so that a shell string or a text of YAML inside a scalar
of any style can be edited in place. Where the two do not line up, there is no answer, and nothing is edited.
"""

from __future__ import annotations

import re

from trimtab.manifest.nodes import ScalarNode
from trimtab.manifest.text import Layer, Text

_FOLD = re.compile(r"[ \t]*(?:\r\n|\r|\n)[ \t]*(?:(?:\r\n|\r|\n)[ \t]*)*")
_BREAK = re.compile(r"\r\n|\r|\n")
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_FIRST_LINE = re.compile(r"(?<![^\r\n])(?P<indent> *)[^ \r\n]")
_ESCAPED_BREAK = re.compile(r"\\(?:\r\n|\r|\n)[ \t]*")
_STYLES = {"": "plain", "'": "single", '"': "double", "|": "literal", ">": "folded"}


def scalar_text(text: Text, node: ScalarNode) -> Text | None:
    """Return the decoded scalar with the places of its characters, or None where they cannot be told.

    Args:
        text: The text that the node's indexes count in.
        node: The scalar.
    """
    style = _STYLES[node.style]
    if style == "plain" and text.value.startswith("*", node.start):
        return None  # an alias in place of a key
    if style in {"literal", "folded"}:
        return _block(text, node, style)
    quote = 1 if node.style else 0
    start, end = node.start + quote, node.end - quote
    if text.value[start:end] == node.value and not (style == "double" and "\\" in node.value):
        return text.cut(start, end, Layer(style))
    spans = _flow_spans(text.value[start:end], style)
    return _build(text, start, spans, node.value, Layer(style))


def _build(text: Text, offset: int, spans: list[tuple[int, int]], value: str, layer: Layer) -> Text | None:
    """Return a text from spans relative to `offset`, one for each character of `value`."""
    if len(spans) < len(value) or not value:
        return None
    spans = spans[: len(value)]
    starts = [text.starts[offset + start] for start, _ in spans]
    ends = [text.ends[offset + end - 1] for _, end in spans]
    return Text(value, starts, ends, starts[0], (*text.layers, layer))


def _flow_spans(raw: str, style: str) -> list[tuple[int, int]]:
    """Return the span in `raw` of each decoded character of a plain or quoted scalar."""
    spans: list[tuple[int, int]] = []
    index = 0
    while index < len(raw):
        if style == "double" and (skip := _ESCAPED_BREAK.match(raw, index)):
            index = skip.end()
            continue
        end = _unit(raw, index, style)
        breaks = len(_BREAK.findall(raw, index, end))
        spans.extend([(index, end)] * max(1, breaks - 1))
        index = end
    return spans


def _unit(raw: str, index: int, style: str) -> int:
    """Return where the source of the next decoded character ends."""
    if raw[index] in " \t\r\n" and (fold := _FOLD.match(raw, index)):
        return fold.end()
    if style == "double" and (escape := _ESCAPE.match(raw, index)):
        return escape.end()
    if style == "single" and raw.startswith("''", index):
        return index + 2
    return index + 1


def _block(text: Text, node: ScalarNode, style: str) -> Text | None:
    """Return the decoded characters of a literal or folded block."""
    raw = text.value[node.start : node.end]
    header = _BREAK.search(raw)
    if header is None or not node.value:
        return None
    body = raw[header.end() :]
    indent = block_indent(text.value, node)
    layer = Layer(style, header.group() + indent)
    spans = _literal_spans(body, len(indent)) if style == "literal" else _folded_spans(body, len(indent), node.value)
    found = _build(text, node.start + header.end(), spans, node.value, layer)
    if found is None or not _agrees(found, body, spans):
        return None
    return found


def _agrees(found: Text, body: str, spans: list[tuple[int, int]]) -> bool:
    """Return whether every character that is no white space reads the same in the source."""
    pairs = zip(found.value, spans, strict=False)
    return all(char.isspace() or body[start:end] == char for char, (start, end) in pairs)


def block_header(raw: str) -> tuple[str, str]:
    """Return the first line of a block scalar, and the line break after it, empty where nothing follows."""
    found = _BREAK.search(raw)
    return (raw[: found.start()], found.group()) if found else (raw, "")


def block_indent(text: str, node: ScalarNode) -> str:
    """Return the white space that each line of a block scalar starts with."""
    raw = text[node.start : node.end]
    header, line_end = block_header(raw)
    first_line = _FIRST_LINE.search(raw, len(header + line_end))
    explicit = re.search(r"[1-9]", header.partition("#")[0])
    if first_line is None:
        return "  "
    if explicit is None:
        return first_line["indent"]
    first = node.value.lstrip("\n").split("\n", 1)[0]
    return first_line["indent"][: len(first_line["indent"]) - (len(first) - len(first.lstrip(" ")))]


def _literal_spans(body: str, indent: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    index = 0
    for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", body):
        content = line.rstrip("\r\n")
        spans.extend((at, at + 1) for at in range(index + indent, index + len(content)))
        if content != line:
            spans.append((index + len(content), index + len(line)))
        index += len(line)
    return spans


def _folded_spans(body: str, indent: int, value: str) -> list[tuple[int, int]]:
    """Return the spans of a folded block; the decoded value tells a folded break from a kept one."""
    spans: list[tuple[int, int]] = []
    index = 0
    while len(spans) < len(value) and index < len(body):
        index += indent
        stop = _BREAK.search(body, min(index, len(body)))
        end = stop.start() if stop else len(body)
        spans.extend((at, at + 1) for at in range(index, end))
        after = _FOLD_BLANKS.match(body, end)
        index = after.end() if after else len(body)
        spans.extend([(end, index)] * _white(value, len(spans)))
    return spans


_NEWLINES = re.compile(r"\n+")
_FOLD_BLANKS = re.compile(r"(?:(?:\r\n|\r|\n) *(?=[\r\n]|$))*(?:\r\n|\r|\n)?")


def _white(value: str, at: int) -> int:
    """Return how many decoded characters a break became: newlines, or one space."""
    found = _NEWLINES.match(value, at)
    return found.end() - at if found else int(value.startswith(" ", at))
