"""What an object would say otherwise after an edit: its differences, and the JSON patch (RFC 6902) that makes them.

A patch is tied to what it was written for: it tests the name of each container that it counts off, and the old text of
each argument, so that a base that moved them fails the build rather than have another one changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trimtab.errors import RefusedError
from trimtab.manifest.diff import common_ends
from trimtab.manifest.scalars import Verbatim, is_ambiguous
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import New

_MOST_NODES = 50_000
_LAST = "-"
NULL = Verbatim("null")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which an object differs.

    Attributes:
        verb: `add`, `replace` or `remove`.
        keys: Keys and indexes from the object on, as text; `-` stands for the end of a list.
        new: What is to stand there; null for `remove`.
    """

    verb: str
    keys: tuple[str, ...]
    new: New = NULL

    @property
    def pointer(self) -> str:
        """Return its place as a JSON pointer (RFC 6901)."""
        return pointer_of(self.keys)


def pointer_of(keys: Sequence[str]) -> str:
    """Return keys as a JSON pointer (RFC 6901)."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def said(at: Cursor) -> New:
    """Return what an object says as plain data, its layers merged.

    Raises:
        RefusedError: Aliases make it too large.
    """
    return _Reader().read(at)


class _Reader:
    """Reads nodes up to a number of them."""

    def __init__(self) -> None:
        self._left = _MOST_NODES

    def read(self, at: Cursor) -> New:
        self._left -= 1
        if self._left < 0:
            raise RefusedError("the object is too large to be compared", "edit it by hand")
        if at.is_mapping:
            return {key: self.read(below) for key, below in at.entries().items()}
        if at.is_sequence:
            return [self.read(item) for item in at.items()]
        node = at.scalar
        if at.said or node is None or node.style or node.tag or not is_ambiguous(node.value):
            return at.string
        return Verbatim(node.value)


def differences(before: New, after: New, keys: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Yield what makes one state of an object the other; later items of a list come first, so that indexes hold."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from (Difference("remove", (*keys, key)) for key in before if key not in after)
        for key, value in after.items():
            if key in before:
                yield from differences(before[key], value, (*keys, key))
            else:
                yield Difference("add", (*keys, key), value)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after, keys)
    elif (before, type(before)) != (after, type(after)):
        yield Difference("replace", keys, after)


def _of_lists(before: list[New], after: list[New], keys: tuple[str, ...]) -> Iterator[Difference]:
    """Yield what makes one list the other: an edit changes, adds or takes away items in one place."""
    head, tail = common_ends([repr(one) for one in before], [repr(one) for one in after])
    stop, new_stop = len(before) - tail, len(after) - tail
    shared = min(stop, new_stop)
    yield from (Difference("remove", (*keys, str(at))) for at in reversed(range(shared, stop)))
    place, new = str(shared) if shared < len(before) else _LAST, after[shared:new_stop]
    yield from (Difference("add", (*keys, place), one) for one in (new if place == _LAST else reversed(new)))
    for at in reversed(range(head, shared)):
        yield from differences(before[at], after[at], (*keys, str(at)))


def operations(before: New, found: Sequence[Difference]) -> Iterator[dict[str, New]]:
    """Yield the operations of a JSON patch that make differences, each after the tests of what it rests on.

    Args:
        before: What the object says.
        found: Its differences, in their order.
    """
    tested: set[str] = set()
    for one in found:
        for keys, old in _bases(before, one):
            if (pointer := pointer_of(keys)) not in tested:
                tested.add(pointer)
                yield {"op": "test", "path": pointer, "value": old}
        if one.verb == "remove":
            yield {"op": "remove", "path": one.pointer}
        elif _ends_line(one.new):
            yield {"op": one.verb, "value": one.new, "path": one.pointer}
        else:
            yield {"op": one.verb, "path": one.pointer, "value": one.new}


def _ends_line(value: New) -> bool:
    """Return whether a value ends in a line break, which kustomize strips where it is the last of a patch."""
    while value and isinstance(value, dict | list):
        value = [*value.values()][-1] if isinstance(value, dict) else value[-1]
    return isinstance(value, str) and value.endswith("\n")


def _bases(before: New, found: Difference) -> Iterator[tuple[tuple[str, ...], New]]:
    """Yield the places that a difference rests on: names of the items on its way, else the old value itself."""
    here, unnamed = before, False
    for at, key in enumerate(found.keys):
        name = here.get("name") if at and isinstance(here, dict) and found.keys[at - 1].isdecimal() else None
        if isinstance(name, str):
            yield (*found.keys[:at], "name"), name
        if isinstance(here, list) and key != _LAST:
            unnamed = not (isinstance(item := here[int(key)], dict) and isinstance(item.get("name"), str))
            before_it = here[int(key) - 1] if key != "0" and isinstance(item, str) else ""
            if isinstance(before_it, str) and before_it.startswith("-") and not str(item).startswith("-"):
                yield (*found.keys[:at], str(int(key) - 1)), before_it
        here = _below(here, key)
    if found.verb == "remove" or (unnamed and here is not NULL):
        yield found.keys, here


def _below(here: New, key: str) -> New:
    if isinstance(here, dict):
        return here.get(key, NULL)
    return here[int(key)] if isinstance(here, list) and key != _LAST else NULL
