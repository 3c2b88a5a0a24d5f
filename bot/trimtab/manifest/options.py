"""An engine's flags written as keys: `max-model-len`, `max_model_len`, `maxModelLen`; one table serves them all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.flags import dialect, field_of, flag_for, switch_for, switch_of
from trimtab.manifest.hit import Draft, Hit, Writer
from trimtab.manifest.resources import add_path
from trimtab.manifest.scalars import Quoted, spell
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.write import first_item, replace_scalar

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Schema:
    """How a resource takes options.

    Attributes:
        only: The fields that it has keys for; any flag where there is no schema.
        bare: Whether a switch is a key with an empty text, and not one that is `true`.
    """

    only: frozenset[str] | None = None
    bare: bool = False


FREE = Schema()
"""Any flag as a key, switches as booleans."""


def take_options(draft: Draft, owner: Cursor, key: str, engine: str, via: str = "field", schema: Schema = FREE) -> None:
    """Add the fields that a mapping of options says, and how to write those that it does not.

    Args:
        draft: The serving.
        owner: What has the mapping.
        key: The key of the mapping, which is made where it is missing.
        engine: Whose options they are.
        via: As in `fleet.Setting`.
        schema: What keys there are, and how switches are said.
    """
    at = owner.get(key)
    if at is not None:
        draft.add(options_of(at, engine, via))
    every = {*dialect(engine).flags.values(), *_switched(engine)} - {"model", "revision"}
    for field in sorted(every if schema.only is None else every & schema.only):
        draft.adders[field] = _adder(owner, key, field, engine, bare=schema.bare)


def take_first_argument(draft: Draft, owner: Cursor, key: str, engine: str) -> None:
    """Add how to say the engine's flags as the first item of a list that is missing or empty."""

    def adder(field: str) -> Writer:
        return lambda value: (first_item(owner, key, flag_word(field, value, engine)),)

    for field in {*dialect(engine).flags.values(), *_switched(engine)} - {"model", "revision"}:
        draft.adders[field] = adder(field)


def flag_word(field: str, value: Scalar, engine: str) -> str:
    """Return one word that says a field: `--flag=value` or a switch.

    Raises:
        RefusedError: The engine has none.
    """
    if isinstance(value, bool):
        word = switch_for(field, value, engine)
    else:
        word = f"{name}={spell(value)}" if (name := flag_for(field, engine)) else ""
    if not word:
        raise RefusedError(f"{engine} has no flag that says {field}={spell(value)}")
    return word


def _switched(engine: str) -> frozenset[str]:
    return frozenset(field for field, _ in dialect(engine).switches.values())


def options_of(at: Cursor, engine: str, via: str = "field") -> Mapping[str, Hit]:
    """Return what a mapping of options says, by field."""
    found: dict[str, Hit] = {}
    for key, cursor in at.entries().items():
        if cursor.scalar is None:
            continue
        flag = "--" + _HUMP.sub("-", key).replace("_", "-").lower()
        switch = switch_of(flag, engine)
        if switch is not None:
            found[switch[0]] = _switch_hit(switch, cursor, via) if cursor.string else _bare_hit(switch, cursor, via)
        elif cursor.string and (field := field_of(flag, engine)):
            found[field] = field_hit(field, vocabulary.read(field, cursor.string), cursor, via=via)
    return found


def _switch_hit(switch: tuple[str, bool], cursor: Cursor, via: str) -> Hit:
    """Return the hit of an option that is a switch; `no-enable-prefix-caching: true` says false."""
    field, means = switch
    said = vocabulary.read(field, cursor.string)
    hit = field_hit(field, said if means else said is False, cursor, via=via)
    return hit if means else replace(hit, writer=lambda new: (replace_scalar(cursor, not new),))


def _bare_hit(switch: tuple[str, bool], cursor: Cursor, via: str) -> Hit:
    """Return the hit of a switch that is written as a key without a value: its key says it."""
    named = Cursor(cursor.source, cursor.path, cursor.key, cursor.locked) if cursor.key is not None else cursor
    hit = field_hit(switch[0], switch[1], named, via=via)
    return replace(hit, locked=hit.locked or "the switch stands as a key without a value; remove the key by hand")


def _adder(owner: Cursor, key: str, field: str, engine: str, *, bare: bool) -> Writer:
    def add(value: Scalar) -> tuple[Splice, ...]:
        switch = isinstance(value, bool)
        flag = switch_for(field, bool(value), engine) if switch else flag_for(field, engine)
        opposite = switch_for(field, not value, engine) if switch and not bare else ""
        if not flag and not opposite:
            raise RefusedError(f"{engine} has no option for {field}")
        at = owner.get(key)
        name = _spelled(flag or opposite, tuple(at.entries()) if at is not None else ("max_model_len",))
        said: Scalar = (Quoted("") if bare else bool(flag)) if switch else value
        return (add_path(owner, (key, name), said),)

    return add


def _spelled(flag: str, siblings: tuple[str, ...]) -> str:
    """Return a flag as a key, in the way that the other keys are written."""
    words = flag.lstrip("-").replace("_", "-").split("-")
    if any("_" in key for key in siblings):
        return "_".join(words)
    if any(_HUMP.search(key) for key in siblings):
        return words[0] + "".join(word.capitalize() for word in words[1:])
    return "-".join(words)
