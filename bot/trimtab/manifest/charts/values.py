"""What templates work with: values of a chart by their places, and what is made of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from trimtab.fleet import Scalar
from trimtab.manifest.charts.words import Words
from trimtab.manifest.source import Cursor


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that is not known here, such as what a cluster says."""


Value: TypeAlias = "Scalar | Words | Cursor | Opaque | list[Value] | dict[str, Value] | None"


def is_true(value: Value) -> bool:
    """Return whether a value counts as true in a condition: Go's zero values and empty collections do not."""
    if isinstance(value, Opaque):
        return True
    if isinstance(value, Words):
        return bool(value.text)
    if isinstance(value, Cursor):
        return bool(value.entries() or value.items()) if value.scalar is None else bool(value.value)
    return bool(value)


def is_empty_place(value: Value) -> bool:
    """Return whether a value is an empty mapping or list that the values have a key for."""
    return isinstance(value, Cursor) and value.scalar is None and not is_true(value)


def plain(value: Value) -> Scalar | None:
    """Return a scalar's value; None of anything else."""
    if isinstance(value, Words):
        return value.text
    if isinstance(value, Cursor):
        return value.value
    return value if isinstance(value, str | int | float) else None


def written(value: Value) -> Words:
    """Return a value as it is printed."""
    if isinstance(value, Words):
        return value
    if isinstance(value, Opaque):
        return Words.computed(UNKNOWN)
    if isinstance(value, Cursor):
        return _said(value, _printed(value.value)) if value.scalar is not None else Words.computed("map[]")
    if isinstance(value, bool):
        return Words.plain("true" if value else "false")
    if isinstance(value, float) and value.is_integer():
        return Words.plain(str(int(value)))
    return Words.plain("" if value is None or isinstance(value, list | dict) else str(value))


def encoded(value: Value) -> Words:
    """Return a scalar as JSON and YAML have it, whole numbers with all their digits."""
    whole = isinstance(value, Cursor) and isinstance(value.value, int) and not isinstance(value.value, bool)
    return _said(value, str(value.value)) if isinstance(value, Cursor) and whole else written(value)


def _said(leaf: Cursor, text: str) -> Words:
    """Return what a scalar says, worked out where it is printed otherwise than it is spelled."""
    is_number = isinstance(leaf.value, int | float) and not isinstance(leaf.value, bool)
    return Words.computed(text, leaf) if is_number and text != leaf.string else Words.of(leaf)


def _printed(value: Scalar | None) -> str:
    """Return a number of the values as a template prints it.

    Helm reads all of them as 64-bit floats, and Go's `%v` writes those from 1e6 on, and below 1e-4, with an exponent
    (https://pkg.go.dev/strconv#FormatFloat, format `g`).
    """
    try:
        number = float(value) if isinstance(value, int | float) else 0.0
    except OverflowError:
        return str(value)
    if math.isfinite(number) and number and not 1e-4 <= abs(number) < 1e6:  # noqa: PLR2004 - Go's own bounds
        return next(text for at in range(18) if float(text := f"{number:.{at}e}") == number)
    return str(int(number)) if number.is_integer() else str(number)


UNKNOWN = "\ue000"
"""What is printed of what is not known; it stands in no manifest."""


def below(value: Value, key: str) -> Value:
    """Return what stands below a key; None where nothing does."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, Cursor):
        return value.get(key)
    return value if isinstance(value, Opaque) else None


def members(value: Value) -> list[tuple[Value, Value]]:
    """Return the items of a list by their index, or of a mapping by their key, in the order of a `range`."""
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, dict):
        return [(Words.plain(key), value[key]) for key in sorted(value)]
    if isinstance(value, Cursor) and value.is_sequence:
        return list(enumerate(value.items()))
    if isinstance(value, Cursor):
        found = value.entries()
        return [(key_of(found[key], key), found[key]) for key in sorted(found)]
    if isinstance(value, int) and not isinstance(value, bool):
        return [(at, at) for at in range(min(value, 1000))]
    return []


def key_of(value: Cursor, key: str) -> Words:
    """Return the key of a value as text that knows its place."""
    named = value.named
    return Words.of(named) if named is not None and named.string == key else Words.plain(key)


def is_large(value: Value, most: int) -> bool:
    """Return whether a value that was made holds more than `most` characters or members, those of members counted."""
    left, open_values = most, [value]
    while open_values and left > 0:
        one = open_values.pop()
        if isinstance(one, Words):
            left -= sum(len(piece.text) for piece in one.pieces)
        elif isinstance(one, dict | list):
            left -= len(one)
            open_values.extend(one.values() if isinstance(one, dict) else one)
    return left <= 0


def is_mapping(value: Value) -> bool:
    """Return whether a value is a mapping."""
    return isinstance(value, dict) or (isinstance(value, Cursor) and value.is_mapping)


def is_list(value: Value) -> bool:
    """Return whether a value is a list."""
    return isinstance(value, list) or (isinstance(value, Cursor) and value.is_sequence)


def kind_of(value: Value) -> str:
    """Return the kind that Go's reflection names."""
    if is_mapping(value):
        return "map"
    if is_list(value):
        return "slice"
    found = plain(value)
    if found is None:
        return "invalid"
    if isinstance(found, bool):
        return "bool"
    return "string" if isinstance(found, str) else "float64" if isinstance(value, Cursor) else "int"
