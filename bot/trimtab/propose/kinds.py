"""The schemas of the built-in kinds that settings end up in, in the form that definitions of custom resources have.

`kinds.json` holds the fields of their types; its `source` says what it was made from. Quantities, and what may be a
number or a text, have no type there.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from trimtab.manifest import Plain
from trimtab.propose.schemas import Schemas

_SIMPLE = frozenset({"string", "integer", "number", "boolean"})


class _Type(BaseModel):
    """One type: its fields, each a simple type, another type's name, a `list` or `map` of one, or anything at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    required: tuple[str, ...]
    fields: dict[str, str]


class _Document(BaseModel):
    """The whole file; kinds are named `apps/v1 Deployment`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    kinds: dict[str, str]
    types: dict[str, _Type]


@cache
def built_in() -> Schemas:
    """Return the schemas by apiVersion and kind."""
    document = _Document.model_validate_json(Path(__file__).with_name("kinds.json").read_bytes())
    made: dict[str, dict[str, Plain]] = {}
    named = {tuple(kind.split(" ")): _of(document, name, made) for kind, name in document.kinds.items()}
    return {(api, kind): schema for (api, kind), schema in named.items()}


def _of(document: _Document, spelled: str, made: dict[str, dict[str, Plain]]) -> dict[str, Plain]:
    """Return the schema of a type as it is spelled; those of types are made once, and shared."""
    how, _, of = spelled.rpartition(" ")
    if how == "list":
        return {"type": "array", "items": _of(document, of, made)}
    if how == "map":
        return {"type": "object", "additionalProperties": _of(document, of, made) or True}
    if of in _SIMPLE:
        return {"type": of}
    if of and of not in made:
        kind = document.types[of]
        made[of] = {"type": "object", "required": list(kind.required), "properties": {}}
        made[of]["properties"] = {name: _of(document, one, made) for name, one in kind.fields.items()}
    return made.get(of, {})
