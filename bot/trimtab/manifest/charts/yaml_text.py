"""Values as YAML text, as `toYaml` writes them, with the place of each."""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.charts.values import Value, encoded, is_list, is_mapping, members, plain, written
from trimtab.manifest.charts.words import Piece, Words, joined
from trimtab.manifest.scalars import is_ambiguous, write_new
from trimtab.manifest.source import Cursor


def to_yaml(value: Value) -> Words:
    """Return a value in block style, its keys in order; an empty collection is a mark alone."""
    if is_mapping(value) or is_list(value):
        return joined([_mark(value), joined(list(_lines(value)), "\n")])
    return _scalar(value)


def to_flow(value: Value) -> Words:
    """Return a value in flow style, which is JSON but for its quotes."""
    if is_mapping(value):
        pairs = [joined((_key(key), Words.plain(": "), to_flow(one))) for key, one in members(value)]
        return joined((_mark(value), Words.plain("{"), joined(pairs, ", "), Words.plain("}")))
    if is_list(value):
        items = [to_flow(one) for _, one in members(value)]
        return joined((_mark(value), Words.plain("["), joined(items, ", "), Words.plain("]")))
    return _scalar(value)


def _mark(value: Value) -> Words:
    return Words((Piece("", opens=value),)) if isinstance(value, Cursor) else Words()


def _lines(value: Value) -> Iterator[Words]:
    for key, one in members(value):
        lead = Words.plain("- ") if is_list(value) else joined((_key(key), Words.plain(":")))
        if not members(one) or not (is_mapping(one) or is_list(one)):
            yield joined((lead, Words.plain("" if is_list(value) else " "), _inline(one)))
        elif is_list(value):
            first, *rest = to_yaml(one).lines()
            yield joined([joined((lead, first)), *(joined((Words.plain("  "), line)) for line in rest)], "\n")
        else:
            yield joined([lead, to_yaml(one).indented(2)], "\n")


def _inline(value: Value) -> Words:
    if is_mapping(value) or is_list(value):
        return to_flow(value)
    words = written(value)
    if isinstance(plain(value), str) and "\n" in words.text.rstrip("\n"):
        keep = "" if words.text.endswith("\n") else "-"
        body = words.cut(0, len(words.text.rstrip("\n")))
        return joined((Words.plain(f"|{keep}"), body.indented(2)), "\n")
    return _scalar(value)


def _key(key: Value) -> Words:
    return quoted(written(key)) if is_ambiguous(written(key).text) else written(key)


def _scalar(value: Value) -> Words:
    """Return a scalar, text in quotes where it would read as something else without."""
    if value is None or (isinstance(value, Cursor) and value.value is None):
        return Words.plain("null")
    words = encoded(value)
    if isinstance(plain(value), str) and write_new(words.text) != words.text:
        return quoted(words)
    return words


def quoted(words: Words) -> Words:
    """Return text in quotes: single ones where double ones would have to escape; what is escaped is worked out."""
    text = words.text
    quote = "'" if {'"', "\\"} & set(text) and not {"'", "\n"} & set(text) else '"'
    body = words if quote == "'" else words.changed(write_new(text, '"')[1:-1])
    return joined((Words.plain(quote), body, Words.plain(quote)))
