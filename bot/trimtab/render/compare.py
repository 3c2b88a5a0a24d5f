"""Two renderings, object by object and field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trimtab.manifest import Plain
from trimtab.render.objects import ObjectId

ABSENT = "(absent)"
"""Stands for a field or an object that is not there."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs.

    Attributes:
        object: Of which object.
        pointer: Its JSON pointer (RFC 6901); empty for the object as a whole.
        before: As JSON, or `(absent)`.
        after: As JSON, or `(absent)`.
    """

    object: ObjectId
    pointer: str
    before: str
    after: str


def compare(before: Mapping[ObjectId, Plain], after: Mapping[ObjectId, Plain]) -> tuple[FieldChange, ...]:
    """Return what differs, ordered by object and by place in it."""
    changes: list[FieldChange] = []
    for key in sorted({*before, *after}):
        if key not in before:
            changes.append(FieldChange(key, "", ABSENT, _json(after[key])))
        elif key not in after:
            changes.append(FieldChange(key, "", _json(before[key]), ABSENT))
        else:
            changes.extend(FieldChange(key, *difference) for difference in _differences("", before[key], after[key]))
    return tuple(changes)


def _differences(pointer: str, before: Plain, after: Plain) -> Iterator[tuple[str, str, str]]:
    """Yield pointer, before and after of every leaf that differs; a longer list differs at its end."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            below = f"{pointer}/{_escaped(key)}"
            if key not in after:
                yield below, _json(before[key]), ABSENT
            elif key not in before:
                yield below, ABSENT, _json(after[key])
            else:
                yield from _differences(below, before[key], after[key])
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_differences(pointer, before, after)
    elif type(before) is not type(after) or before != after:
        yield pointer, _json(before), _json(after)


def _list_differences(pointer: str, before: list[Plain], after: list[Plain]) -> Iterator[tuple[str, str, str]]:
    """Yield the differences of two lists; what was put in or taken out in one place counts once for each item."""
    shared = min(len(before), len(after))
    head = 0
    while head < shared and _same(before[head], after[head]):
        head += 1
    if len(before) == len(after):
        for index in range(head, shared):
            yield from _differences(f"{pointer}/{index}", before[index], after[index])
        return
    tail = 0
    while tail < shared - head and _same(before[-1 - tail], after[-1 - tail]):
        tail += 1
    for index in range(head, len(before) - tail):
        yield f"{pointer}/{index}", _json(before[index]), ABSENT
    for index in range(head, len(after) - tail):
        yield f"{pointer}/{index}", ABSENT, _json(after[index])


def _same(one: Plain, other: Plain) -> bool:
    """Return whether two values are equal; 1 and true are not."""
    return _json(one) == _json(other)


def _escaped(key: str) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def _json(value: Plain) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
