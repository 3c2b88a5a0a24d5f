"""Marks: values that are told apart wherever they come out of a template, each of the kind it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from trimtab.manifest import Plain

Leaf: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the top of a chart's values to one scalar."""

MOST = 4_000
_FIRST = 700_000
"""Six digits: templates print greater numbers with an exponent (Helm 3.18 reads all numbers as float64)."""
_FLAG = re.compile(r"(--?[A-Za-z][\w-]*[= ])(.+)", re.DOTALL)
_WHOLE = re.compile(r"\d+")
_FRACTION = re.compile(r"\d*\.\d+")
_QUANTITY = re.compile(r"\d+(?:\.\d+)?(m|[kKMGTP]i?)")
_SEEN = re.compile(r"tm(\d{5})x|(?<![\d.])7(\d{5})(?!\d)|0\.5(\d{5})1(?!\d)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked leaf.

    Attributes:
        leaf: Which.
        number: By which its mark is known again.
        was: Its value.
        says: The mark in its place.
    """

    leaf: Leaf
    number: int
    was: Plain
    says: Plain


def leaves(value: Plain, above: Leaf = ()) -> Iterator[tuple[Leaf, Plain]]:
    """Yield every scalar of a tree of values with the way to it."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, (*above, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from leaves(below, (*above, index))
    else:
        yield above, value


def marks_for(values: Plain) -> tuple[Mark, ...]:
    """Return a mark for each leaf that can bear one; booleans, nothing, and templates in values cannot."""
    found = []
    for number, (leaf, was) in zip(range(MOST), leaves(values), strict=False):
        says = _mark(was, number)
        if says is not None:
            found.append(Mark(leaf, number, was, says))
    return tuple(found)


def _mark(was: Plain, number: int) -> Plain:
    if isinstance(was, bool) or was is None or was == "":
        return None
    if isinstance(was, int):
        return _FIRST + number if was >= 0 else None
    if isinstance(was, float):
        return float(_fraction(number))
    return _text_mark(was, number) if isinstance(was, str) else None


def _text_mark(was: str, number: int) -> str | None:
    if "{{" in was or "\n" in was:
        return None
    flag = _FLAG.fullmatch(was)
    if flag is not None:
        inner = _text_mark(flag[2], number)
        return None if inner is None else f"{flag[1]}{inner}"
    if was.startswith("-"):
        return None
    quantity = _QUANTITY.fullmatch(was)
    if _WHOLE.fullmatch(was) or quantity is not None:
        return f"{_FIRST + number}{quantity[1] if quantity is not None else ''}"
    if _FRACTION.fullmatch(was):
        return _fraction(number)
    return f"/tm{number:05}x" if was.startswith("/") else f"tm{number:05}x"


def _fraction(number: int) -> str:
    return f"0.5{number:05}1"


def seen_in(text: str) -> Iterator[int]:
    """Yield the numbers of the marks in a text."""
    for match in _SEEN.finditer(text):
        yield int(next(group for group in match.groups() if group is not None))


def unmarked(text: str, by_number: Mapping[int, Mark]) -> str:
    """Return a text with the values in place of the marks."""

    def value(match: re.Match[str]) -> str:
        mark = by_number.get(int(next(group for group in match.groups() if group is not None)))
        return match[0] if mark is None else match[0].replace(match[0], str(mark.was))

    return _SEEN.sub(value, text)


def with_leaf(values: Plain, leaf: Leaf, says: Plain) -> Plain:
    """Return values in which one leaf says something else; everything beside the way to it is shared."""
    if not leaf:
        return says
    first, rest = leaf[0], leaf[1:]
    if isinstance(values, dict) and isinstance(first, str):
        return {**values, first: with_leaf(values.get(first), rest, says)}
    if isinstance(values, list) and isinstance(first, int):
        return [with_leaf(item, rest, says) if at == first else item for at, item in enumerate(values)]
    return values


def marked(values: Plain, marks: Sequence[Mark]) -> Plain:
    """Return values with marks in place."""
    for mark in marks:
        values = with_leaf(values, mark.leaf, mark.says)
    return values
