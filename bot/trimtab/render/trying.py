"""Renderings of a chart with values changed, counted, and what each change of a value changes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from trimtab.manifest import Plain
from trimtab.render.marks import Leaf, Mark, fillings, marked, with_leaf
from trimtab.render.objects import ObjectId, Unrendered
from trimtab.render.seeing import Driven, Sight, look
from trimtab.render.target import Target
from trimtab.render.workspace import Workspace

_MOST = 400
"""Renderings for one chart; each takes 0.1 to 0.2 s. What is left then is said not to have been tried."""
_FEW = 3
"""So many are tried one by one: halving them would cost no less."""
_ENOUGH = 8
"""A part of so few marks that changes something is given up rather than cut further, where quiet ones are wanted."""

Choices: TypeAlias = Mapping[Leaf, tuple[Plain, ...]]
Told: TypeAlias = tuple[Leaf, frozenset[Driven]]
"""A leaf with what it drives; nothing where it is silent."""


@dataclass(frozen=True, slots=True)
class World:
    """Values, and what they become."""

    values: Plain
    objects: Mapping[ObjectId, Plain]


class Trial:
    """Renders one chart with values changed, as often as is allowed."""

    def __init__(
        self, workspace: Workspace, target: Target, restless: frozenset[Driven], choices: Choices, until_s: float
    ) -> None:
        """Render nothing yet.

        Args:
            workspace: Renders.
            target: The chart.
            restless: Fields that differ each time.
            choices: What a leaf may say where it takes no mark.
            until_s: By the monotonic clock, when it is enough.
        """
        self._workspace = workspace
        self._target = target
        self._restless = restless
        self._choices = choices
        self._until_s = until_s
        self._left = _MOST

    @property
    def restless(self) -> frozenset[Driven]:
        """Return the fields that differ each time."""
        return self._restless

    @property
    def is_spent(self) -> bool:
        """Return whether nothing more may be rendered."""
        return self._left <= 0 or self.is_late

    @property
    def is_late(self) -> bool:
        """Return whether its time is up."""
        return time.monotonic() >= self._until_s

    def render(self, values: Plain) -> Mapping[ObjectId, Plain] | Unrendered:
        """Return the objects that values become."""
        if self.is_spent:
            return Unrendered("it was rendered often enough")
        self._left -= 1
        found = self._workspace.with_values(self._target, values if isinstance(values, dict) else {})
        return found if isinstance(found, Unrendered) else found.objects

    def see(self, world: World, values: Plain, marks: Sequence[Mark] = ()) -> Sight | Unrendered:
        """Return what other values with marks in them show."""
        found = self.render(values)
        if isinstance(found, Unrendered):
            return found
        return look(world.objects, found, {mark.number: mark for mark in marks}, self._restless)

    def resolve(self, world: World, group: Sequence[Mark]) -> Iterator[Told]:
        """Yield the leaves of marks with what they drive; not those whose marks and other values are all rejected."""
        if not group:
            return
        sight = self.see(world, marked(world.values, group), group)
        if self.is_spent:
            return
        if isinstance(sight, Unrendered):
            yield from self._rejected(world, group, sight)
            return
        told = dict(_told(group, sight))
        rest = [mark for mark in group if mark.leaf not in told]
        yield from told.items()
        if not sight.moved:
            yield from ((mark.leaf, frozenset()) for mark in rest)
        elif len(rest) < len(group):
            yield from self.resolve(world, rest)
        else:
            for part in _parts(rest):
                yield from self.resolve(world, part)

    def _rejected(self, world: World, group: Sequence[Mark], why: Unrendered) -> Iterator[Told]:
        """Go on with what was rejected together: first without the marks that the reason names."""
        named = [mark for mark in group if _is_named(mark.leaf, why.said)] if len(group) > 1 else list(group)
        if not named:
            for part in _parts(group):
                yield from self.resolve(world, part)
            return
        yield from self.resolve(world, [mark for mark in group if mark not in named])
        for mark in named:
            for other in (*self._choices.get(mark.leaf, ()), *_others(mark)):
                sight = self.see(world, with_leaf(world.values, mark.leaf, other), [mark])
                if not isinstance(sight, Unrendered):
                    yield mark.leaf, _all_of(sight)
                    break

    def quiet(self, world: World, group: Sequence[Mark]) -> tuple[Mark, ...]:
        """Return the marks of a group that change nothing together."""
        sight = self.see(world, marked(world.values, group), group) if group else None
        if sight is None or (isinstance(sight, Sight) and not (sight.moved or sight.shown)):
            return tuple(group)
        if len(group) <= _ENOUGH or self.is_spent:
            return ()
        half = len(group) // 2
        return (*self.quiet(world, group[:half]), *self.quiet(world, group[half:]))


def _told(group: Sequence[Mark], sight: Sight) -> Iterator[Told]:
    """Yield the marks of a group of which a rendering tells what they drive, whatever the others do."""
    if len(group) == 1 and (fields := _all_of(sight)):
        yield group[0].leaf, fields
        return
    for mark in group:
        found = (sight.shown if mark.is_filling else sight.exact).get(mark.number)
        if found:
            yield mark.leaf, found


def _all_of(sight: Sight) -> frozenset[Driven]:
    return sight.moved.union(*sight.exact.values())


def _parts(group: Sequence[Mark]) -> list[Sequence[Mark]]:
    if len(group) <= _FEW:
        return [[mark] for mark in group]
    half = len(group) // 2
    return [group[:half], group[half:]]


def _is_named(leaf: Leaf, said: str) -> bool:
    """Return whether helm names a value that it does not take: by its pointer, its path or its word in a template.

    Source: Helm 3.18 pkg/chartutil/jsonschema.go: `- at '/decode/replicas': got string, want integer`, below the name
    of the chart, whose values a parent holds under that name; before 3.18 `- decode.replicas: Invalid type.`
    """
    for way in (leaf, leaf[1:]):
        pointer, path = "".join(f"/{part}" for part in way), ".".join(map(str, way))
        if way and (f"at '{pointer}': " in said or f"- {path}: " in said or f".Values.{path}>" in said):
            return True
    return False


def _others(mark: Mark) -> tuple[Plain, ...]:
    """Return values to try where a chart takes no mark."""
    was = mark.was
    if mark.is_filling:
        return fillings(was, mark.number)[1:]
    if isinstance(was, int | float):
        return (was + 1, was - 1) if was > 0 else (was + 1,)
    return (f"{was}1",) if isinstance(was, str) and "{{" not in was else ()
