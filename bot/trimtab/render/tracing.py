"""Which value of a chart drives which field of what it becomes, found out by rendering it with marks.

All leaves are marked at once. A mark that comes out where, without it, everything is as before, tells its leaf's field.
What is left is looked for in smaller and smaller parts: marks that the chart takes and that change nothing are silent
together, one rendering for all of them; of those that a template or the chart's schema rejects, and of those whose
effect is no copy (sums, hashes, branches), halving finds which. Empty mappings, lists and texts are filled. Switches
are turned one at a time with the silent marks in place: what then comes out stands behind the switch. So nothing needs
to be known of a chart, and nothing is taken from names.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from trimtab.manifest import Plain
from trimtab.render.choices import choices
from trimtab.render.layers import effective
from trimtab.render.marks import Leaf, Mark, leaves, marked, marks_for, with_leaf
from trimtab.render.objects import Rendered, Unrendered
from trimtab.render.seeing import Driven, look, numbers_in
from trimtab.render.target import Target
from trimtab.render.trying import Choices, Trial, World
from trimtab.render.workspace import Workspace

_LONGEST_S = 120.0
"""For one chart; most end by the number of renderings, which depends on no clock."""
_CHOICES = 40
"""Other words that are tried to see what stands behind them; a rendering each."""
_DEPTH = 3
"""Switches behind switches behind switches; what is deeper is said to be silent."""

Turn: TypeAlias = tuple[Leaf, Plain]
"""A leaf with what else it is made to say."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What a leaf drives once a switch is turned.

    Attributes:
        switch: The leaf that must say otherwise; of several that were turned the nearest.
        fields: What comes to depend on the leaf.
    """

    switch: Leaf
    fields: tuple[Driven, ...]


@dataclass(frozen=True, slots=True)
class Traced:
    """What was found out of a chart.

    Attributes:
        drives: By leaf, the fields that change with it.
        silent: Leaves that changed nothing.
        untried: Leaves of which no other value was tried: too many, or the chart takes none.
        behind: By leaf that is silent as things are, what it waits for.
        is_whole: Whether no clock cut it short; another time, more may be found.
    """

    drives: Mapping[Leaf, tuple[Driven, ...]]
    silent: tuple[Leaf, ...]
    untried: tuple[Leaf, ...]
    behind: Mapping[Leaf, Behind] = field(default_factory=dict)
    is_whole: bool = True


def trace(workspace: Workspace, target: Target) -> Traced | Unrendered:
    """Return what drives what in a chart, or why that cannot be told."""
    base, chart = workspace.render(target), workspace.chart_of(target)
    if isinstance(base, Unrendered):
        return base
    if isinstance(chart, Unrendered):
        return chart
    again = workspace.again(target)
    later = again.objects if isinstance(again, Rendered) else base.objects
    restless = look(base.objects, later, {}).moved
    if whole := sorted(f"{one.object}" for one in restless if not one.pointer):
        return Unrendered(f"{whole[0]} comes out under another name each time, so nothing can be compared")
    values = effective(target, workspace.tree, chart, workspace.helm)
    others = choices(values, chart)
    trial = Trial(workspace, target, restless, others, time.monotonic() + _LONGEST_S)
    return _Tracer(trial, World(values, base.objects), others).traced()


class _Tracer:
    def __init__(self, trial: Trial, world: World, others: Choices) -> None:
        self._trial = trial
        self._world = world
        self._marks = marks_for(world.values, numbers_in(world.objects))
        self._switches: list[Turn] = [(leaf, not was) for leaf, was in leaves(world.values) if isinstance(was, bool)]
        self._choices = [(leaf, other) for leaf, several in others.items() for other in several][:_CHOICES]
        self._drives: dict[Leaf, frozenset[Driven]] = {}
        self._behind: dict[Leaf, Behind] = {}
        self._tried: set[Leaf] = set()

    def traced(self) -> Traced:
        """Return what is found, by leaf."""
        full = [mark for mark in self._marks if not mark.is_filling]
        empty = [mark for mark in self._marks if mark.is_filling]
        for leaf, fields in (*self._trial.resolve(self._world, full), *self._trial.resolve(self._world, empty)):
            self._say(leaf, fields, ())
        self._turn(self._world, self._choices, ())
        turned = self._turn(self._world, self._switches, ())
        for _ in range(_DEPTH):
            world = self._with(turned)
            if not turned or world is self._world:
                break
            for leaf, fields in tuple(self._trial.resolve(world, self._waiting())):
                self._say(leaf, fields, turned)
            left = [turn for turn in self._switches if turn[0] not in self._told]
            more = self._turn(world, left, turned)
            turned = (*turned, *more)
            if not more:
                break
        return self._answer()

    def _say(self, leaf: Leaf, fields: frozenset[Driven], turned: Sequence[Turn]) -> None:
        """Keep what was found of a leaf in the world in which some switches are turned."""
        self._tried.add(leaf)
        if fields and turned and leaf not in self._drives:
            nearest = max((one for one, _ in turned), key=lambda one: (_shared(one, leaf), repr(one)))
            self._behind.setdefault(leaf, Behind(nearest, tuple(sorted(fields))))
        elif fields:
            self._drives.setdefault(leaf, fields)

    def _waiting(self) -> list[Mark]:
        """Return the marks that changed nothing so far."""
        return [mark for mark in self._marks if mark.leaf in self._tried and mark.leaf not in self._told]

    @property
    def _told(self) -> set[Leaf]:
        return {*self._drives, *self._behind}

    def _turn(self, world: World, turns: Sequence[Turn], turned: Sequence[Turn]) -> tuple[Turn, ...]:
        """Turn switches one at a time, and return those that bring something into sight."""
        opening: list[Turn] = []
        waiting = self._trial.quiet(world, self._waiting())
        marks = {mark.number: mark for mark in waiting}
        quiet = World(marked(world.values, waiting), world.objects)
        for leaf, other in turns:
            sight = self._trial.see(quiet, with_leaf(quiet.values, leaf, other), waiting)
            if isinstance(sight, Unrendered):
                opening += self._turn_plainly(world, (leaf, other), turned)
                continue
            self._say(leaf, sight.moved, turned)
            for number, shown in sight.shown.items():
                self._say(marks[number].leaf, shown, ((leaf, other),))
            opening += [(leaf, other)] if sight.shown else []
        return tuple(opening)

    def _turn_plainly(self, world: World, turn: Turn, turned: Sequence[Turn]) -> list[Turn]:
        """Turn a switch behind which a mark stands that the chart rejects: without marks, then with those near it."""
        leaf = turn[0]
        values = with_leaf(world.values, *turn)
        found = self._trial.render(values)
        if isinstance(found, Unrendered):
            return []
        fields = look(world.objects, found, {}, self._trial.restless).moved
        self._say(leaf, fields, turned)
        near = [mark for mark in self._waiting() if _shared(mark.leaf, leaf)] if fields else []
        for other, shown in tuple(self._trial.resolve(World(values, found), near)):
            self._say(other, shown, (turn,))
        return [turn] if fields else []

    def _with(self, turns: Sequence[Turn]) -> World:
        """Return the world with switches turned: all that can be turned together, in their order."""
        world = self._world
        every = world.values
        for turn in turns:
            every = with_leaf(every, *turn)
        found = self._trial.render(every) if turns else world.objects
        if not isinstance(found, Unrendered):
            return World(every, found)
        for turn in turns:
            values = with_leaf(world.values, *turn)
            found = self._trial.render(values)
            world = world if isinstance(found, Unrendered) else World(values, found)
        return world

    def _answer(self) -> Traced:
        every = sorted((leaf for leaf, _ in leaves(self._world.values)), key=repr)
        told = self._told
        return Traced(
            {leaf: tuple(sorted(self._drives[leaf])) for leaf in every if leaf in self._drives},
            tuple(leaf for leaf in every if leaf in self._tried and leaf not in told),
            tuple(leaf for leaf in every if leaf not in self._tried),
            {leaf: self._behind[leaf] for leaf in every if leaf in self._behind and leaf not in self._drives},
            not self._trial.is_late,
        )


def _shared(one: Leaf, other: Leaf) -> int:
    """Return how many steps two leaves have in common."""
    same = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        same += 1
    return same
