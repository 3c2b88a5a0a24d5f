"""Variables that Flux puts into manifests before it applies them: `${NAME}`, `${NAME:=default}`.

Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution (2.6): `substitute`
wins over `substituteFrom`, of which the later wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft, Hit
from trimtab.manifest.objects import Thing
from trimtab.manifest.scalars import spell
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.text import Text
from trimtab.manifest.write import replace_part

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*)(?::[=-](?P<default>[^{}]*))?\}")
_OPEN = "its text is not in the tree"
"""How the reason ends for which a value with a variable in it is locked."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a variable stands for: a scalar, or nothing but its default; and whether a Secret may say otherwise."""

    cursor: Cursor | None
    via: str
    hidden: str


def substitute(draft: Draft, kustomizations: Sequence[Thing], context: Context) -> None:
    """Follow the variables of a serving's settings to where Flux takes them from.

    Args:
        draft: The serving; settings whose variable is found get its value and its place.
        kustomizations: Flux's objects that bring its file, those that substitute.
        context: Where ConfigMaps are looked up.
    """
    for field, hit in draft.hits.items():
        match = _VARIABLE.fullmatch(hit.text.value) if hit.locked.endswith(_OPEN) else None
        if match is None or not kustomizations:
            continue
        found = [_look_up(match["name"], thing, context) for thing in kustomizations]
        if len({_place(one) for one in found}) > 1:
            reason = f"{match[0]} stands for something else in each Kustomization that brings it; edit those"
            draft.hits[field] = replace(hit, locked=reason)
        else:
            draft.hits[field] = _followed(hit, match, found[0])


def substituting(things: Sequence[Thing]) -> tuple[Thing, ...]:
    """Return the Kustomizations that put variables in."""
    return tuple(thing for thing in things if thing.at.get("spec", "postBuild") is not None)


def _look_up(name: str, thing: Thing, context: Context) -> _Found:
    own = thing.at.get("spec", "postBuild", "substitute", name)
    if own is not None:
        return _Found(own if own.string else None, "parameter", "")
    hidden = ""
    for source in reversed(list(_sources(thing))):
        if source.word("kind") == "ConfigMap":
            value = context.configmap_value(thing.path, thing.namespace, source.word("name"), name)
            if value is not None and value.via == "configmap":
                return _Found(value.holder if value.holder.string else None, "configmap", hidden)
        hidden = hidden or f"{source.word('kind')} {source.word('name')}"
    return _Found(None, "", hidden)


def _sources(thing: Thing) -> Iterator[Cursor]:
    yield from thing.at.items("spec", "postBuild", "substituteFrom")


def _place(found: _Found) -> tuple[str, int]:
    cursor = found.cursor
    return (cursor.source.path, cursor.real.start) if cursor is not None else ("", 0)


def _followed(hit: Hit, match: re.Match[str], found: _Found) -> Hit:
    """Return a setting with what its variable stands for."""
    hidden = f"{found.hidden} may set {match['name']}, and is not in the tree" if found.hidden else ""
    if found.cursor is not None:
        value = vocabulary.read(hit.field, found.cursor.string)
        followed = field_hit(hit.field, value, found.cursor, via=found.via)
        return replace(followed, locked=followed.locked or hidden)
    if match["default"] is None:
        return replace(hit, locked=f"{hit.locked}; {hidden}") if hidden else hit
    return _default(hit, hit.text.cut(*match.span("default")), hidden)


def _default(hit: Hit, text: Text, locked: str) -> Hit:
    def writer(new: Scalar) -> tuple[Splice, ...]:
        return (replace_part(hit.path, text, spell(new)),)

    value = vocabulary.read(hit.field, text.value)
    return Hit(hit.field, value, hit.path, hit.document, text, hit.via, writer, locked)
