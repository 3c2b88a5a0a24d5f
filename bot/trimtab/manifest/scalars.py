"""What a scalar means, and how a new value is written in the style of the old one.

A plain scalar means what YAML 1.2's core schema says (YAML 1.2.2, section 10.3.2). Kubernetes, Helm and kustomize read
with go-yaml, which keeps much of YAML 1.1: what either would not read as text is quoted when text is written.
"""

from __future__ import annotations

import json
import re
from typing import TypeAlias

from trimtab.errors import UsageError
from trimtab.fleet import Scalar
from trimtab.manifest.decoded import block_header, block_indent
from trimtab.manifest.nodes import ScalarNode

Value: TypeAlias = Scalar | None


class Verbatim(str):
    """Characters to be written plain, as they are, and to mean what YAML reads in them."""

    __slots__ = ()


class Quoted(str):
    """Text to be written in quotes, whatever it reads as: Kubernetes takes nothing but text there."""

    __slots__ = ()


_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}|0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_YAML_1_1 = {
    "boolean": re.compile(r"(?i:y|yes|n|no|on|off|true|false)"),
    "null": re.compile(r"(?i:null|~)"),
    "key": re.compile(r"=|<<"),
    "number": re.compile(
        r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
        r"|[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+)"
        r"|[-+]?\.?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]*)?"
        r"|[-+]?\.(?i:inf|nan)"
    ),
    "date": re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"),
}
"""What YAML 1.1 reads in plain text, by kind (https://yaml.org/type/), as loosely as any of its parsers."""
_PLAIN = re.compile(
    r"(?:[^\s\x00-\x1f\x7f-\x9f\ufeff\-?:,\[\]{}#&*!|>'\"%@`=]|-(?=[^\s]))[^\n\r\t#:,\[\]{}\x00-\x1f\x7f-\x9f\ufeff\u2028\u2029]*"
)
_HEADER = re.compile(r"(?P<style>[|>])(?P<marks>[-+1-9]*)")
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_PLAIN_COLON = re.compile(r"(?:[^ ]:(?=[^ ])|[^ :]|(?<! ) (?! ))*")


def meaning(node: ScalarNode) -> Value:
    """Return what a scalar means."""
    if node.style or node.tag in {"!", "!!str", "tag:yaml.org,2002:str"}:
        return node.value
    return read_plain(node.value)


def read_plain(text: str) -> Value:
    """Return what plain text means under YAML 1.2's core schema; a number too long to be one stays text."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        digits = text.lstrip("+-")
        return int(text, {"0o": 8, "0x": 16}.get(digits[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL_FLOAT.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def check_text(value: str) -> None:
    """Refuse text that no file can hold: bytes of the command line that are no UTF-8, halves of a character in JSON.

    Raises:
        UsageError: It is such text.
    """
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise UsageError(f"{value!a} is no text: a character of it is none of Unicode", "write it in UTF-8")


def is_ambiguous(text: str) -> bool:
    """Return whether YAML 1.1 or 1.2 would read plain text as something other than text."""
    return not isinstance(read_plain(text), str) or bool(old_kind(text))


def old_kind(text: str) -> str:
    """Return what YAML 1.1 reads in plain text other than text: `boolean`, `number`, `date` …; empty for text."""
    return next((kind for kind, pattern in _YAML_1_1.items() if pattern.fullmatch(text)), "")


def spell(value: Scalar) -> str:
    """Return the plain characters of a value: `true`, `8192`, `0.9`, or the text itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def write_new(value: Scalar, quote: str = "") -> str:
    """Return a new scalar: `quote` where one is given, else plain where that is safe, else double quotes."""
    text = spell(value)
    if isinstance(value, Verbatim):
        return text
    if quote == "'" and not _UNPRINTED.search(text.replace("\t", "")):
        return "'" + text.replace("'", "''") + "'"
    if not quote and not isinstance(value, Quoted) and (not isinstance(value, str) or is_safe_plain(text)):
        return text
    return _double_quoted(text)


def _double_quoted(text: str) -> str:
    """Return text in double quotes; what YAML does not print, or takes for a line break, is escaped (5.1, 5.4, 5.7)."""
    return _UNPRINTED.sub(lambda found: _escaped(found.group()), json.dumps(text, ensure_ascii=False))


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - two digits


def is_safe_plain(text: str) -> bool:
    """Return whether text can be written without quotes anywhere, and every parser reads text in it."""
    plain = text.replace(":", "")
    colons_inside = _PLAIN_COLON.fullmatch(text) is not None and not text.endswith(":")
    safe = _PLAIN.fullmatch(plain) is not None and colons_inside and text == text.strip()
    return safe and not text.startswith(("---", "...", ":")) and not is_ambiguous(text)


def rewrite(text: str, node: ScalarNode, value: Scalar) -> str:
    """Return what stands in place of a scalar when it means `value`, in the scalar's own style.

    Args:
        text: The text that the node's indexes count in.
        node: The scalar as it is.
        value: A string for a scalar that is text; a number or boolean only for a plain one.
    """
    if node.style in {"|", ">"}:
        return _rewrite_block(text, node, spell(value))
    if node.style:
        return write_new(spell(value), node.style)
    if isinstance(value, str) and value and node.tag in {"!!str", "tag:yaml.org,2002:str"} and is_ambiguous(value):
        return value
    return write_new(value)


def _rewrite_block(text: str, node: ScalarNode, value: str) -> str:
    """Return a block scalar with a new body, or double quotes where no block can carry it; comment and gap stay."""
    raw = text[node.start : node.end]
    header, line_end = block_header(raw)
    gap = raw[len(raw.rstrip("\r\n")) :]
    lines = _block_lines(value, folded=node.style == ">")
    kept = len(value) - len(value.rstrip("\n"))
    indent = block_indent(text, node)
    if not lines or not node.value.strip() or kept > 1 or (kept and not gap) or not indent:
        return _double_quoted(value) + _header_comment(header) + gap
    indicator = _chomp(header) if not gap and _chomp(header) != "+" else "" if kept else "-"
    head = header
    if _chomp(header) != indicator and (parts := _HEADER.match(header)):
        head = f"{parts['style']}{indicator}{re.sub('[-+]', '', parts['marks'])}{header[parts.end() :]}"
    body = line_end.join(f"{indent}{line}" if line else "" for line in lines)
    return f"{head}{line_end}{body}{gap}"


def literal_lines(value: str) -> list[str]:
    """Return the lines of a literal block, its mark first, for text of several lines; none where one cannot say it."""
    ends = len(value) - len(value.rstrip("\n"))
    lines = _block_lines(value, folded=False) if "\n" in value.rstrip("\n") and ends <= 1 else []
    return ["|" if ends else "|-", *lines] if lines else []


def _block_lines(value: str, *, folded: bool) -> list[str]:
    """Return the lines of a block that says a value, none where a block cannot, or only with an indentation mark."""
    content = value.rstrip("\n")
    first = content.lstrip("\n")
    lines = content.split("\n")
    blank = any(line and not line.strip() for line in lines)
    if not first or first[0] in " \t" or blank or _UNPRINTED.search(content.replace("\n", "").replace("\t", "")):
        return []
    if not folded:
        return lines
    if "  " in content or any(line != line.strip() for line in lines) or content != first:
        return []
    return re.sub(r"\n+", lambda found: found.group() + "\n", content).split("\n")


def _header_comment(header: str) -> str:
    """Return the comment on a block scalar's header, with the white space before it."""
    found = re.search(r"[ \t]+#[^\r\n]*", header)
    return found.group() if found else ""


def _chomp(header: str) -> str:
    """Return the chomping indicator of a block scalar's header."""
    indicators = header.partition("#")[0]
    return "-" if "-" in indicators else "+" if "+" in indicators else ""
