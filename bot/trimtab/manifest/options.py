"""An engine's flags written as keys: `max-model-len`, `max_model_len`, `maxModelLen`; one table serves them all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.flags import dialect, field_of, flag_for, switch_for, switch_of
from trimtab.manifest.hit import Draft, Hit, Writer
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.write import add_pair, replace_scalar

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def take_options(draft: Draft, at: Cursor, engine: str, via: str = "field") -> None:
    """Add the fields that a mapping of options says, and how to write those that it does not.

    Args:
        draft: The serving.
        at: The mapping.
        engine: Whose options they are.
        via: As in `fleet.Setting`.
    """
    draft.add(options_of(at, engine, via))
    for field in sorted({*dialect(engine).flags.values(), *_switched(engine)} - {"model", "revision"}):
        draft.adders[field] = _adder(at, field, engine)


def _switched(engine: str) -> frozenset[str]:
    return frozenset(field for field, _ in dialect(engine).switches.values())


def options_of(at: Cursor, engine: str, via: str = "field") -> Mapping[str, Hit]:
    """Return what a mapping of options says, by field."""
    found: dict[str, Hit] = {}
    for key, cursor in at.entries().items():
        if cursor.scalar is None or not cursor.string:
            continue
        flag = "--" + _HUMP.sub("-", key).replace("_", "-").lower()
        switch = switch_of(flag, engine)
        if switch is not None:
            found[switch[0]] = _switch_hit(switch, cursor, via)
        elif field := field_of(flag, engine):
            found[field] = field_hit(field, vocabulary.read(field, cursor.string), cursor, via=via)
    return found


def _switch_hit(switch: tuple[str, bool], cursor: Cursor, via: str) -> Hit:
    """Return the hit of an option that is a switch; `no-enable-prefix-caching: true` says false."""
    field, means = switch
    said = vocabulary.read(field, cursor.string)
    hit = field_hit(field, said if means else said is False, cursor, via=via)
    return hit if means else replace(hit, writer=lambda new: (replace_scalar(cursor, not new),))


def _adder(at: Cursor, field: str, engine: str) -> Writer:
    def add(value: Scalar) -> tuple[Splice, ...]:
        flag = switch_for(field, value, engine) if isinstance(value, bool) else flag_for(field, engine)
        plain = (
            flag
            or flag_for(field, engine)
            or next((f for f, (w, _) in dialect(engine).switches.items() if w == field), "")
        )
        if not plain:
            raise RefusedError(f"{engine} has no option for {field}")
        name, said = (plain, True if flag else not value) if isinstance(value, bool) else (plain, value)
        return (add_pair(at, _spelled(name, tuple(at.entries())), said),)

    return add


def _spelled(flag: str, siblings: tuple[str, ...]) -> str:
    """Return a flag as a key, in the way that the other keys are written."""
    words = flag.lstrip("-").replace("_", "-").split("-")
    if any("_" in key for key in siblings):
        return "_".join(words)
    if any(_HUMP.search(key) for key in siblings):
        return words[0] + "".join(word.capitalize() for word in words[1:])
    return "-".join(words)
