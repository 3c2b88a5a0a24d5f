"""Names that kustomize makes from content: a ConfigMap's suffix changes with its data, and so does every mention."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from trimtab.manifest import Plain
from trimtab.render import ObjectId

_SUFFIX = re.compile(r"(?P<base>.+)-[a-z0-9]{10}")
"""kustomize 5.7: ten characters of the content's hash behind the name of a generated ConfigMap or Secret."""
_GENERATED = frozenset({"ConfigMap", "Secret"})


def settled(
    before: Mapping[ObjectId, Plain], after: Mapping[ObjectId, Plain]
) -> tuple[Mapping[ObjectId, Plain], tuple[str, ...]]:
    """Return the old objects under the new generated names, and a line for each name that only follows content."""
    names = dict(_pairs(before, after))
    if not names:
        return before, ()
    renamed = {_key(key, names): _mentioned(value, _texts(names)) for key, value in before.items()}
    lines = tuple(f"{key} is named {name} now, after its content" for key, name in sorted(names.items()))
    return renamed, lines


def _pairs(before: Mapping[ObjectId, Plain], after: Mapping[ObjectId, Plain]) -> list[tuple[ObjectId, str]]:
    """Return each generated object that is gone, with the name of the one that came in its place."""
    gone = {_base(key): key for key in before if key not in after and _base(key) is not None}
    came = {_base(key): key for key in after if key not in before and _base(key) is not None}
    return [(gone[base], came[base].name) for base in gone if base in came]


def _base(key: ObjectId) -> tuple[str, str, str] | None:
    match = _SUFFIX.fullmatch(key.name)
    return (key.kind, key.namespace, match["base"]) if match and key.kind in _GENERATED else None


def _key(key: ObjectId, names: Mapping[ObjectId, str]) -> ObjectId:
    return replace(key, name=names[key]) if key in names else key


def _texts(names: Mapping[ObjectId, str]) -> Mapping[str, str]:
    return {key.name: name for key, name in names.items()}


def _mentioned(value: Plain, texts: Mapping[str, str]) -> Plain:
    """Return a value in which every whole string that is an old name is the new one."""
    if isinstance(value, dict):
        return {key: _mentioned(below, texts) for key, below in value.items()}
    if isinstance(value, list):
        return [_mentioned(below, texts) for below in value]
    return texts.get(value, value) if isinstance(value, str) else value
