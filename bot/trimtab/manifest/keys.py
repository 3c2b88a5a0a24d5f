"""Settings that a chart or a custom resource has as keys of its own, by a table of key and field."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.flags import dialect, flag_for, variable_for
from trimtab.manifest.hit import Draft, Writer
from trimtab.manifest.resources import add_path
from trimtab.manifest.scalars import Quoted, spell
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.write import first_item

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


def take_variables(draft: Draft, at: Cursor, engine: str, *, listed: bool) -> None:
    """Add how to say the engine's settings by variables, where the object has no `env` yet.

    Args:
        draft: The serving.
        at: The mapping that has, or would have, `env`.
        engine: Whose variables they are.
        listed: Whether `env` is a list of names and values here, not a mapping.
    """
    env = at.get("env")
    if env is not None and (env.entries() or env.items()):
        return
    for name, field in dialect(engine).variables.items():
        if variable_for(field, engine) == name and field not in {"model", "revision"}:
            adder = _variable_adder(at, name, listed=listed)
            draft.adders[field] = draft.adders.get(field, adder) if flag_for(field, engine) else adder


def _variable_adder(at: Cursor, name: str, *, listed: bool) -> Writer:
    def add(value: Scalar) -> tuple[Splice, ...]:
        said = Quoted(spell(value))
        return (first_item(at, "env", {"name": name, "value": said}) if listed else add_path(at, ("env", name), said),)

    return add


def key_adder(at: Cursor, chain: tuple[str, ...], *, as_text: bool = False) -> Writer:
    """Return the writer that adds a chain of keys."""

    def add(value: Scalar) -> tuple[Splice, ...]:
        return (add_path(at, chain, str(value) if as_text else value),)

    return add
