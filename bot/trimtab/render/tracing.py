"""Which value of a chart drives which field of what it becomes, found out by rendering it with marks.

All leaves are marked at once; where a template or the chart's schema rejects a mark, or a value turns out to choose
what is rendered at all, halving finds which, and it keeps its value. What left no trace is changed by itself and looked
for. So nothing needs to be known of a chart, and nothing is taken from names.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from trimtab.manifest import Plain
from trimtab.render.compare import compare
from trimtab.render.layers import effective
from trimtab.render.marks import Leaf, Mark, leaves, marked, marks_for, seen_in, unmarked, with_leaf
from trimtab.render.objects import ObjectId, Rendered, Unrendered
from trimtab.render.target import Target
from trimtab.render.workspace import Workspace

_BULK_TRIES = 80
_SINGLE_TRIES = 48
"""A rendering takes about 0.1 s; a chart of thousands of leaves is traced in bounded time, and what is left is said."""


@dataclass(frozen=True, slots=True, order=True)
class Driven:
    """A field of a rendered object."""

    object: ObjectId
    pointer: str


@dataclass(frozen=True, slots=True)
class Traced:
    """What was found out of a chart.

    Attributes:
        drives: By leaf, the fields that change with it.
        silent: Leaves that changed nothing.
        untried: Leaves that left no trace and of which no other value was tried: too many, or the chart takes none.
        marked: The objects with marks in place of values.
        marks: The marks in them, by number.
    """

    drives: Mapping[Leaf, tuple[Driven, ...]]
    silent: tuple[Leaf, ...]
    untried: tuple[Leaf, ...]
    marked: Mapping[ObjectId, Plain] = field(default_factory=dict)
    marks: Mapping[int, Mark] = field(default_factory=dict)


def trace(workspace: Workspace, target: Target) -> Traced | Unrendered:
    """Return what drives what in a chart, or why that cannot be told."""
    base = workspace.render(target)
    if isinstance(base, Unrendered):
        return base
    chart = workspace.chart_of(target)
    if isinstance(chart, Unrendered):
        return chart
    values = effective(target, workspace.tree, chart, workspace.helm)
    return _Tracer(workspace, target, base, values).traced()


class _Tracer:
    def __init__(self, workspace: Workspace, target: Target, base: Rendered, values: dict[str, Plain]) -> None:
        self._workspace = workspace
        self._target = target
        self._base = base
        self._values = values
        self._marks = {mark.number: mark for mark in marks_for(values)}
        self._shape = _skeleton(base.objects, {})
        self._tries = _BULK_TRIES

    def traced(self) -> Traced:
        kept = self._grown((), tuple(self._marks.values()))
        found = self._tolerates(kept) if kept else self._base
        objects = found.objects if isinstance(found, Rendered) else {}
        drives: dict[Leaf, set[Driven]] = defaultdict(set)
        in_place = {mark.number: mark for mark in kept}
        for (key, _), one in zip(self._base.objects.items(), objects.values(), strict=False):
            for pointer, number in _marks_in(one):
                if number in in_place:
                    drives[in_place[number].leaf].add(Driven(key, pointer))
        silent, untried = self._alone(drives, {mark.leaf for mark in kept})
        told = {leaf: tuple(sorted(fields)) for leaf, fields in sorted(drives.items(), key=repr)}
        return Traced(told, silent, untried, objects, in_place)

    def _tolerates(self, marks: Sequence[Mark]) -> Rendered | None:
        """Return what comes out with marks, or None where nothing does or something else."""
        values = marked(self._values, marks)
        found = self._workspace.with_values(self._target, values if isinstance(values, dict) else {})
        same = isinstance(found, Rendered) and _skeleton(found.objects, self._marks) == self._shape
        return found if same and isinstance(found, Rendered) else None

    def _grown(self, kept: tuple[Mark, ...], more: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """Return the marks that are tolerated together: all, else those of either half that are."""
        if not more or self._tries <= 0:
            return kept
        self._tries -= 1
        if self._tolerates((*kept, *more)) is not None:
            return (*kept, *more)
        if len(more) == 1:
            return kept
        half = len(more) // 2
        return self._grown(self._grown(kept, more[:half]), more[half:])

    def _alone(self, drives: dict[Leaf, set[Driven]], kept: set[Leaf]) -> tuple[tuple[Leaf, ...], tuple[Leaf, ...]]:
        """Change each leaf that left no trace by itself; return those that change nothing, and those not tried.

        Leaves whose mark was taken and came out nowhere are the last: most of them drive nothing.
        """
        silent: list[Leaf] = []
        untried: list[Leaf] = []
        tries = _SINGLE_TRIES
        for leaf, was in sorted(leaves(self._values), key=lambda one: one[0] in kept):
            other = _other(was)
            if leaf in drives:
                continue
            if other is None or tries <= 0:
                untried.append(leaf)
                continue
            tries -= 1
            changed = self._changed(leaf, other)
            if changed:
                drives[leaf] = set(changed)
            else:
                (untried if changed is None else silent).append(leaf)
        return tuple(silent), tuple(untried)

    def _changed(self, leaf: Leaf, other: Plain) -> frozenset[Driven] | None:
        """Return the fields that change with a leaf; None where the chart takes no other value."""
        values = with_leaf(self._values, leaf, other)
        found = self._workspace.with_values(self._target, values if isinstance(values, dict) else {})
        if isinstance(found, Unrendered):
            return None
        changes = compare(self._base.objects, found.objects)
        return frozenset(Driven(change.object, change.pointer) for change in changes)


def _other(was: Plain) -> Plain:
    """Return another value of the same kind; None where there is no telling one."""
    if isinstance(was, bool):
        return not was
    if isinstance(was, int | float):
        return was + 1
    return f"{was}1" if isinstance(was, str) and was and "{{" not in was else None


def _skeleton(objects: Mapping[ObjectId, Plain], marks: Mapping[int, Mark]) -> tuple[str, ...]:
    """Return which objects there are and which fields they have, whatever they say and whatever they are called."""
    found = []
    for key, one in objects.items():
        pointers = sorted(unmarked(json.dumps(leaf), marks) for leaf, _ in leaves(one))
        found.append(json.dumps([key.api_version, key.kind, pointers]))
    return tuple(found)


def _marks_in(value: Plain) -> Iterator[tuple[str, int]]:
    """Yield JSON pointer and number of every mark in an object, in its values and in its keys."""
    for leaf, said in leaves(value):
        pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in leaf)
        for number in (*seen_in(str(said)), *seen_in(pointer)):
            yield pointer, number
