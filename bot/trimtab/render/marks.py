"""Marks: values that are told apart wherever they come out of a template, each of the kind it stands for."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from trimtab.manifest import Plain

Leaf: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the top of a chart's values to one scalar, or to one empty mapping or list."""

MOST = 4_000
_FIRST = 700_000
"""Six digits: templates print greater numbers with an exponent (Helm 3.18 reads all numbers as float64)."""
_FLAG = re.compile(r"(--?[A-Za-z][\w-]*[= ])(.+)", re.DOTALL)
_WHOLE = re.compile(r"\d+")
_FRACTION = re.compile(r"\d*\.\d+")
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|[kKMGTP]i?)")
_SEEN = re.compile(r"tm(\d{5})x|(?<![\d.])7(\d{5})(?!\d)|0\.5(\d{5})1(?!\d)")


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked leaf.

    Attributes:
        leaf: Which.
        number: By which its mark is known again.
        was: Its value.
        says: The mark in its place.
        stood: The part of the value that the bare mark stands for: of `--seed=7` the 7, of `16Gi` the 16.
    """

    leaf: Leaf
    number: int
    was: Plain
    says: Plain
    stood: str = ""

    @property
    def is_filling(self) -> bool:
        """Return whether it fills what is empty, so that nothing stands in its place without it."""
        return is_empty(self.was)


def is_empty(value: Plain) -> bool:
    """Return whether a value is nothing, an empty text, an empty mapping or an empty list."""
    return value is None or value in ("", {}, [])


def leaves(value: Plain, above: Leaf = ()) -> Iterator[tuple[Leaf, Plain]]:
    """Yield every scalar of a tree of values, and every empty mapping and list, with the way to it."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, (*above, key))
    elif isinstance(value, list) and value:
        for index, below in enumerate(value):
            yield from leaves(below, (*above, index))
    else:
        yield above, value


def marks_for(values: Plain, taken: Container[int] = ()) -> tuple[Mark, ...]:
    """Return a mark for each leaf that can bear one; booleans cannot.

    Args:
        values: The tree.
        taken: Numbers that would not be told apart from what is there without marks.
    """
    free = (number for number in range(2 * MOST) if number not in taken)
    found = (_mark(leaf, was, number) for number, (leaf, was) in zip(free, leaves(values), strict=False))
    return tuple(mark for mark in found if mark is not None)


def _mark(leaf: Leaf, was: Plain, number: int) -> Mark | None:
    if isinstance(was, bool) or (isinstance(was, int) and was < 0):
        return None
    if isinstance(was, int):
        return Mark(leaf, number, was, _FIRST + number, str(was))
    if isinstance(was, float):
        return Mark(leaf, number, was, float(_fraction(number)), str(int(was) if was.is_integer() else was))
    if isinstance(was, str) and was:
        return Mark(leaf, number, was, *_text_mark(was, number))
    return Mark(leaf, number, was, fillings(was, number)[0])


def fillings(was: Plain, number: int) -> tuple[Plain, ...]:
    """Return what may stand where nothing stands, each with the mark in it."""
    word = f"tm{number:05}x"
    mapping: Plain = {word: word}
    items: tuple[Plain, ...] = ([word], [{"name": word, "value": word}])
    if isinstance(was, dict):
        return (mapping, {word: {"name": word}})
    if isinstance(was, list):
        return items
    return (word, _FIRST + number, mapping, *items)


def _text_mark(was: str, number: int) -> tuple[str, str]:
    """Return the mark for a text, and what the bare mark in it stands for."""
    bare = f"tm{number:05}x"
    if "{{" in was or "\n" in was:
        return bare, was
    flag = _FLAG.fullmatch(was)
    if flag is not None:
        says, stood = _text_mark(flag[2], number)
        return f"{flag[1]}{says}", stood
    if was.startswith("-"):
        dashes = len(was) - len(was.lstrip("-"))
        return f"{was[:dashes]}{bare}", was[dashes:]
    quantity = _QUANTITY.fullmatch(was)
    if quantity is not None or _WHOLE.fullmatch(was):
        return f"{_FIRST + number}{quantity[2] if quantity else ''}", quantity[1] if quantity else was
    if _FRACTION.fullmatch(was):
        return _fraction(number), was
    return (f"/{bare}", was[1:]) if was.startswith("/") else (bare, was)


def _fraction(number: int) -> str:
    return f"0.5{number:05}1"


def seen_in(text: str) -> Iterator[int]:
    """Yield the numbers of the marks in a text."""
    for match in _SEEN.finditer(text):
        yield _number(match)


def _number(match: re.Match[str]) -> int:
    return int(next(group for group in match.groups() if group is not None))


def unmarked(value: Plain, by_number: Mapping[int, Mark]) -> Plain:
    """Return a tree, keys included, with what stood there in place of the marks."""
    if isinstance(value, dict):
        return {str(unmarked(key, by_number)): unmarked(below, by_number) for key, below in value.items()}
    if isinstance(value, list):
        return [unmarked(below, by_number) for below in value]
    if value is None or isinstance(value, bool):
        return value

    def stood(match: re.Match[str]) -> str:
        mark = by_number.get(_number(match))
        return match[0] if mark is None else mark.stood

    text = _SEEN.sub(stood, str(value))
    return text if isinstance(value, str) else value if text == str(value) else _as_number(text)


def _as_number(text: str) -> Plain:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


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
