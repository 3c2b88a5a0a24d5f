"""Functions of numbers, and how numbers are read from what is given."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from trimtab.manifest.charts.runner import Builtin
from trimtab.manifest.charts.values import (
    Opaque,
    Value,
    plain,
    written,
)
from trimtab.manifest.charts.words import Words
from trimtab.manifest.source import Cursor


def number(value: Value) -> int | float:
    """Return what a value is as a number, zero where it is none."""
    found = plain(value)
    if isinstance(found, str):
        return float(found) if re.search(r"[.eE]", found) else int(found or 0)
    return found if isinstance(found, int | float) else 0


def count(value: Value) -> int:
    """Return what a value is as a whole number."""
    return int(number(value))


def _kept(value: Value, made: float) -> Value:
    """Return a number that a function made, by its place where it is the same."""
    text = str(made)
    words = written(value)
    return words if words.text == text else words.changed(text)


def made_of(text: str, given: list[Value]) -> Words:
    """Return what is worked out of values."""
    return Words.computed(text, *(leaf for one in given for leaf in written(one).leaves))


def _math(made: Callable[..., float]) -> Builtin:
    def function(given: list[Value]) -> Value:
        found = made(*(count(one) for one in given))
        same = next((one for one in given if isinstance(one, Cursor | Words) and count(one) == found), None)
        known = all(not isinstance(one, Cursor | Words | Opaque) for one in given)
        return found if known else made_of(str(found), given) if same is None or len(given) == 1 else _kept(same, found)

    return function


def _worked(made: Callable[..., float]) -> Builtin:
    """Return a function whose result is no argument, though it may equal one."""

    def function(given: list[Value]) -> Value:
        found = made(*(count(one) for one in given))
        known = all(not isinstance(one, Cursor | Words | Opaque) for one in given)
        return found if known else made_of(str(found), given)

    return function


def _int(given: list[Value]) -> Value:
    return _kept(given[0], int(float(number(given[0]))))


def _float(given: list[Value]) -> Value:
    return _kept(given[0], number(given[0]))


def _until(given: list[Value]) -> Value:
    return list(range(min(count(given[0]), 1000)))


def compared(test: Callable[[float, float], bool]) -> Builtin:
    """Return a function that compares two numbers."""
    return lambda given: test(number(given[0]), number(given[1]))


NUMBERS: Mapping[str, Builtin] = {
    "int": _int,
    "int64": _int,
    "atoi": _int,
    "float64": _float,
    "add": _worked(lambda *all_of: sum(all_of)),
    "add1": _worked(lambda one: one + 1),
    "sub": _worked(lambda one, other: one - other),
    "mul": _worked(lambda *all_of: math.prod(all_of)),
    "div": _worked(lambda one, other: one // other),
    "mod": _worked(lambda one, other: one % other),
    "max": _math(lambda *all_of: max(all_of)),
    "min": _math(lambda *all_of: min(all_of)),
    "until": _until,
}
