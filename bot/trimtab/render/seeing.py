"""What a rendering with marks shows, held against the same rendering without."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from trimtab.manifest import Plain
from trimtab.render.compare import compare
from trimtab.render.marks import Mark, seen_in, unmarked
from trimtab.render.objects import ObjectId


@dataclass(frozen=True, slots=True, order=True)
class Driven:
    """A field of a rendered object."""

    object: ObjectId
    pointer: str

    def ways(self) -> Iterator[Driven]:
        """Yield the field and everything that it stands in, the object last."""
        pointer = self.pointer
        yield self
        while pointer:
            pointer = pointer.rpartition("/")[0]
            yield Driven(self.object, pointer)


@dataclass(frozen=True, slots=True)
class Sight:
    """What marks changed.

    Attributes:
        exact: By the mark's number, the fields that hold it and are, without it, what they were.
        shown: By number, fields that hold it in any way: turned into another text, or where nothing stood.
        moved: Fields that differ, marks taken out.
    """

    exact: Mapping[int, frozenset[Driven]]
    shown: Mapping[int, frozenset[Driven]]
    moved: frozenset[Driven]


def look(
    before: Mapping[ObjectId, Plain],
    after: Mapping[ObjectId, Plain],
    marks: Mapping[int, Mark],
    restless: Collection[Driven] = (),
) -> Sight:
    """Return what a rendering with marks shows.

    Args:
        before: Without the marks.
        after: With them.
        marks: By number.
        restless: Fields that differ each time.
    """
    known = _known(after, marks)
    places = _places(after, marks, known)
    plain = {known[key]: unmarked(one, marks) for key, one in after.items()}
    moved = {Driven(one.object, one.pointer) for one in compare(before, plain)} - set(restless)
    exact = {number: frozenset(one for one in fields if not _in(one, moved)) for number, fields in places.items()}
    shown = {number: frozenset(_settled(_in(one, moved) or one) for one in fields) for number, fields in places.items()}
    exact = {number: fields for number, fields in exact.items() if fields}
    return Sight(exact, shown, frozenset(map(_settled, moved)))


def _in(field: Driven, moved: Collection[Driven]) -> Driven | None:
    """Return the difference that a field is part of; None where it is, without its mark, what it was."""
    return next((way for way in field.ways() if way in moved), None)


def _settled(field: Driven) -> Driven:
    """Return the field above the first key that only a mark made, which is empty without it."""
    parts = field.pointer.split("/")
    return replace(field, pointer="/".join(parts[: parts.index("", 1)])) if "" in parts[1:] else field


def _places(
    objects: Mapping[ObjectId, Plain], marks: Mapping[int, Mark], known: Mapping[ObjectId, ObjectId]
) -> Mapping[int, set[Driven]]:
    found: dict[int, set[Driven]] = defaultdict(set)
    for key, one in objects.items():
        for pointer, number in _marks_in(one, marks):
            found[number].add(Driven(known[key], pointer))
    return found


def _marks_in(value: Plain, marks: Mapping[int, Mark], above: str = "") -> Iterator[tuple[str, int]]:
    """Yield the numbers of the marks in every scalar and key of an object, with its JSON pointer without marks."""
    if isinstance(value, dict):
        for key, below in value.items():
            named = str(unmarked(key, marks)).replace("~", "~0").replace("/", "~1")
            pointer = f"{above}/{named}"
            yield from ((pointer, number) for number in seen_in(str(key)) if number in marks)
            yield from _marks_in(below, marks, pointer)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _marks_in(below, marks, f"{above}/{index}")
    elif value is not None and not isinstance(value, bool):
        yield from ((above, number) for number in seen_in(str(value)) if number in marks)


def _known(objects: Iterable[ObjectId], marks: Mapping[int, Mark]) -> Mapping[ObjectId, ObjectId]:
    """Return what objects are called without marks; namesakes are counted in their order, as in any rendering."""
    known: dict[ObjectId, ObjectId] = {}
    seen: Counter[ObjectId] = Counter()
    for key in objects:
        name, namespace = (str(unmarked(text, marks)) for text in (key.name, key.namespace))
        plain = replace(key, name=name, namespace=namespace, ordinal=0)
        known[key] = replace(plain, ordinal=seen[plain])
        seen[plain] += 1
    return known


def numbers_in(objects: Mapping[ObjectId, Plain]) -> frozenset[int]:
    """Return the numbers that would be taken for marks in what holds none."""
    return frozenset(number for one in objects.values() for number in seen_in(json.dumps(one, default=str)))
