"""Settings that a chart or a custom resource has as keys of its own, by a table of key and field."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.hit import Draft, Writer
from trimtab.manifest.resources import add_path
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice

Keys = Mapping[str, tuple[str, ...]]
"""The chain of keys, below one mapping, that says each field."""


def take_keys(draft: Draft, at: Cursor, keys: Keys, *, text: frozenset[str] = frozenset()) -> None:
    """Add the fields that stand under their keys, and how to write those that do not.

    Args:
        draft: The serving.
        at: The mapping that the chains of keys begin at.
        keys: Chains by field.
        text: Fields that the schema wants as text although they are numbers.
    """
    for field, chain in keys.items():
        found = at.get(*chain)
        if found is not None and found.scalar is not None and found.string:
            draft.add({field: field_hit(field, vocabulary.read(field, found.string), found)})
        else:
            draft.adders[field] = key_adder(at, chain, as_text=field in text)


def key_adder(at: Cursor, chain: tuple[str, ...], *, as_text: bool = False) -> Writer:
    """Return the writer that adds a chain of keys."""

    def add(value: Scalar) -> tuple[Splice, ...]:
        return (add_path(at, chain, str(value) if as_text else value),)

    return add
