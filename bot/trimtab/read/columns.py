"""Turns the records of the contract into columns and back, by their types alone.

A field that the contract gains later, with a default, is written from then on, read as its default from older files,
and left out of the canonical form while it has that default: digests outlive it.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar, get_args, get_origin, get_type_hints

import pyarrow as pa

from trimtab.fleet import Scalar

R_co = TypeVar("R_co", covariant=True)


class Codec(Protocol):
    """How values of one type are held in a column."""

    arrow: pa.DataType

    def encode(self, value: object) -> object:
        """Return what Arrow takes."""
        ...

    def decode(self, held: object) -> object:
        """Return the value that `encode` took.

        Raises:
            TypeError, ValueError: A column holds something else.
        """
        ...

    def canonical(self, value: object) -> object:
        """Return what JSON takes, the same for equal values."""
        ...


class Atom:
    """Text, numbers and booleans, as they are."""

    def __init__(self, kind: type) -> None:
        """Choose the column's type."""
        self._kind = kind
        self.arrow = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}[kind]

    def encode(self, value: object) -> object:
        """Return the value; a whole number where a float belongs becomes one."""
        return float(value) if self._kind is float and isinstance(value, int) else value

    def decode(self, held: object) -> object:
        """Return the value."""
        if not isinstance(held, self._kind):
            raise TypeError(f"{held!r} stands where {self._kind.__name__} belongs")
        return held

    def canonical(self, value: object) -> object:
        """Return the value."""
        return self.encode(value)


class Text:
    """A scalar of any type, kept as JSON so that `1`, `1.0`, `"1"` and `true` stay apart."""

    arrow = pa.string()

    def encode(self, value: object) -> object:
        """Return JSON text."""
        return json.dumps(value)

    def decode(self, held: object) -> object:
        """Return the scalar."""
        value = json.loads(str(held))
        if not isinstance(value, str | int | float | bool):
            raise TypeError(f"{held!r} is no scalar")
        return value

    def canonical(self, value: object) -> object:
        """Return JSON text."""
        return self.encode(value)


class Many:
    """A tuple of one type."""

    def __init__(self, item: Codec) -> None:
        """Keep how an item is held."""
        self._item = item
        self.arrow = pa.list_(item.arrow)

    def encode(self, value: object) -> object:
        """Return a list."""
        return [self._item.encode(item) for item in _tuple(value)]

    def decode(self, held: object) -> object:
        """Return a tuple."""
        return tuple(self._item.decode(item) for item in _list(held))

    def canonical(self, value: object) -> object:
        """Return a list."""
        return [self._item.canonical(item) for item in _tuple(value)]


class Figures:
    """A tuple of floats: the bulk of all facts, so without a call for each."""

    arrow = pa.list_(pa.float64())

    def encode(self, value: object) -> object:
        """Return the tuple."""
        return value

    def decode(self, held: object) -> object:
        """Return a tuple."""
        return tuple(_list(held))

    def canonical(self, value: object) -> object:
        """Return the tuple."""
        return value


class Pairs:
    """A tuple of pairs of text, in its order."""

    arrow = pa.map_(pa.string(), pa.string())

    def encode(self, value: object) -> object:
        """Return the pairs."""
        return value

    def decode(self, held: object) -> object:
        """Return a tuple of pairs."""
        return tuple(_list(held))

    def canonical(self, value: object) -> object:
        """Return the pairs."""
        return value


class Named:
    """A mapping by text, in its order."""

    def __init__(self, item: Codec) -> None:
        """Keep how a value is held."""
        self._item = item
        self.arrow = pa.map_(pa.string(), item.arrow)

    def encode(self, value: object) -> object:
        """Return pairs."""
        return [(key, self._item.encode(item)) for key, item in _mapping(value).items()]

    def decode(self, held: object) -> object:
        """Return a dictionary."""
        pairs = (_tuple(pair) for pair in _list(held))
        return {str(key): self._item.decode(item) for key, item in pairs}

    def canonical(self, value: object) -> object:
        """Return an object."""
        return {key: self._item.canonical(item) for key, item in _mapping(value).items()}


class Record(Generic[R_co]):
    """A frozen dataclass."""

    def __init__(self, kind: type[R_co], without: frozenset[str] = frozenset()) -> None:
        """Find out how each field is held.

        Args:
            kind: The dataclass.
            without: Fields that are kept elsewhere.
        """
        hints = get_type_hints(kind)
        self._kind = kind
        self.fields = {
            field.name: (codec_of(hints[field.name]), field)
            for field in dataclasses.fields(kind)  # type: ignore[arg-type]  # every record of the contract is one
            if field.name not in without
        }
        self.schema = pa.schema([(name, codec.arrow) for name, (codec, _) in self.fields.items()])
        self.arrow = pa.struct(list(self.schema))

    def encode(self, value: object) -> dict[str, object]:
        """Return a row."""
        return {name: codec.encode(getattr(value, name)) for name, (codec, _) in self.fields.items()}

    def decode(self, held: object, **more: object) -> R_co:
        """Return the record; fields that are not held have their defaults."""
        row = _row(held)
        given = {name: codec.decode(row[name]) for name, (codec, _) in self.fields.items() if name in row}
        return self._kind(**given, **more)

    def canonical(self, value: object) -> dict[str, object]:
        """Return an object of the fields that are not at their defaults."""
        return {
            name: codec.canonical(found)
            for name, (codec, field) in self.fields.items()
            for found in (getattr(value, name),)
            if not _is_default(found, field)
        }


@functools.cache
def codec_of(hint: object) -> Codec:
    """Return how values of an annotated type are held.

    Raises:
        TypeError: The contract has a type that no column was made for.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and hint in {str, int, float, bool}:
        return Atom(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return Record(hint)
    if hint == Scalar:
        return Text()
    if origin is tuple and arguments[1:] == (...,):
        if arguments[0] is float:
            return Figures()
        return Pairs() if arguments[0] == tuple[str, str] else Many(codec_of(arguments[0]))
    if origin is Mapping:
        return Named(codec_of(arguments[1]))
    raise TypeError(f"facts hold {hint}, which has no column")


def _is_default(value: object, field: dataclasses.Field[object]) -> bool:
    """Return whether a field is at its default."""
    if field.default_factory is not dataclasses.MISSING:
        return bool(value == field.default_factory())
    return field.default is not dataclasses.MISSING and bool(value == field.default)


def _tuple(value: object) -> tuple[object, ...]:
    """Return a tuple of the contract."""
    return value if isinstance(value, tuple) else tuple(_list(value))


def _list(held: object) -> list[object]:
    """Return a list that a column held."""
    if not isinstance(held, list):
        raise TypeError(f"{held!r} stands where a list belongs")
    return held


def _mapping(value: object) -> Mapping[str, object]:
    """Return a mapping of the contract."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} stands where a mapping belongs")
    return value


def _row(held: object) -> Mapping[str, object]:
    """Return a row that a table held."""
    return _mapping(held)
