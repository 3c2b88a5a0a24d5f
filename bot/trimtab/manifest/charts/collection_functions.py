"""Functions of mappings and lists."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.manifest.charts.number_functions import count
from trimtab.manifest.charts.runner import Builtin
from trimtab.manifest.charts.values import (
    Opaque,
    Value,
    below,
    is_list,
    is_mapping,
    is_true,
    members,
    plain,
    written,
)


def same(left: Value, right: Value) -> bool:
    """Return whether two values are equal; a number and a text that reads like it are."""
    one, other = plain(left), plain(right)
    if one is None or other is None:
        return one is other and not (is_mapping(left) or is_mapping(right) or is_list(left) or is_list(right))
    return one == other if isinstance(one, str) == isinstance(other, str) else str(one) == str(other)


def _dict(given: list[Value]) -> Value:
    return {written(key).text: value for key, value in zip(given[::2], given[1::2], strict=False)}


def _set(given: list[Value]) -> Value:
    if isinstance(given[0], dict):
        given[0][written(given[1]).text] = given[2]
        return given[0]
    return Opaque()


def _index(given: list[Value]) -> Value:
    found = given[0]
    for key in given[1:]:
        listed = members(found) if is_list(found) else []
        found = listed[count(key)][1] if is_list(found) else below(found, written(key).text)
    return found


def _dig(given: list[Value]) -> Value:
    *keys, default, value = given
    found = _index([value, *keys])
    return default if found is None else found


def _has_key(given: list[Value]) -> Value:
    return Opaque() if isinstance(given[0], Opaque) else below(given[0], written(given[1]).text) is not None


def _copy(given: list[Value]) -> Value:
    """Return a mapping that may be changed while the values stay as they are."""
    return {written(key).text: value for key, value in members(given[0])} if is_mapping(given[0]) else given[0]


def _merged(given: list[Value]) -> Value:
    """Return mappings as one; a mapping of the values that stands alone stays itself."""
    full = [one for one in given if is_true(one)]
    if len(full) < 2:  # noqa: PLR2004 - nothing to merge
        return full[0] if full else {}
    found: dict[str, Value] = {}
    for one in reversed(full):
        for key, value in members(one):
            name = written(key).text
            below_it = found.get(name)
            both = is_mapping(below_it) and is_mapping(value)
            found[name] = _merged([value, below_it]) if both else value
    return found


def _picked(*, out: bool) -> Builtin:
    def function(given: list[Value]) -> Value:
        names = {written(one).text for one in given[1:]}
        return {
            key: value
            for key, value in ((written(key).text, value) for key, value in members(given[0]))
            if (key in names) != out
        }

    return function


def _length(given: list[Value]) -> Value:
    if isinstance(given[0], Opaque):
        return given[0]
    return len(members(given[0])) if is_list(given[0]) or is_mapping(given[0]) else len(written(given[0]).text)


def _has(given: list[Value]) -> Value:
    return any(same(given[0], one) for _, one in members(given[1]))


def _listed(given: list[Value]) -> list[Value]:
    return [value for one in given for _, value in members(one)]


def _keys(given: list[Value]) -> Value:
    return [key for one in given for key, _ in members(one)]


def _ends(value: Value, *, last: bool) -> Value:
    found = members(value)
    return found[-1 if last else 0][1] if found else None


COLLECTIONS: Mapping[str, Builtin] = {
    "dict": _dict,
    "list": list,
    "tuple": list,
    "set": _set,
    "get": lambda given: below(given[0], written(given[1]).text),
    "index": _index,
    "dig": _dig,
    "hasKey": _has_key,
    "has": _has,
    "mustHas": _has,
    "len": _length,
    "keys": _keys,
    "values": lambda given: [value for _, value in members(given[0])],
    "pluck": lambda given: [found for one in given[1:] if (found := below(one, written(given[0]).text)) is not None],
    "merge": _merged,
    "mergeOverwrite": lambda given: _merged(list(reversed(given))),
    "mustMerge": _merged,
    "mustMergeOverwrite": lambda given: _merged(list(reversed(given))),
    "deepCopy": _copy,
    "mustDeepCopy": _copy,
    "pick": _picked(out=False),
    "omit": _picked(out=True),
    "concat": _listed,
    "append": lambda given: [*_listed(given[:1]), given[1]],
    "prepend": lambda given: [given[1], *_listed(given[:1])],
    "first": lambda given: _ends(given[0], last=False),
    "last": lambda given: _ends(given[0], last=True),
    "rest": lambda given: _listed(given[:1])[1:],
    "uniq": lambda given: given[0],
    "compact": lambda given: [one for one in _listed(given[:1]) if is_true(one)],
    "sortAlpha": lambda given: sorted(_listed(given[:1]), key=lambda one: written(one).text),
    "without": lambda given: [one for one in _listed(given[:1]) if not any(same(one, other) for other in given[1:])],
}
