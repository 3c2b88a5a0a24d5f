"""Where a chart would read a setting that nothing says yet: a value that is empty, off, or not there at all.

The templates are run again with something in the place of each such value. A setting that then appears, and that the
new value says, has found its place. An edit asks for it, inspection does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.charts.chart import Chart
from trimtab.manifest.grafts import Graft
from trimtab.manifest.hit import Draft, Writer
from trimtab.manifest.parse import parse
from trimtab.manifest.paths import joined
from trimtab.manifest.resources import add_path
from trimtab.manifest.shapes.chart_objects import Reading, Rendered, read_chart
from trimtab.manifest.shapes.owner import Owner
from trimtab.manifest.source import Cursor, Source
from trimtab.manifest.splice import Splice
from trimtab.manifest.text import Text
from trimtab.manifest.write import replace_scalar

_MOST = 200
"""How many values are tried at once."""
_MOST_SWITCHES = 30
"""How many are turned on, one after the other."""
_TRIED = "tried "
"""How the paths begin that tell what was tried."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A value that says nothing.

    Attributes:
        keys: The keys to it.
        leaf: The scalar that stands there; None where there is none.
    """

    keys: tuple[str, ...]
    leaf: Cursor | None = None

    @property
    def name(self) -> str:
        """Return its dotted name."""
        return ".".join(self.keys)


class Wishes:
    """Finds the places of settings that a chart's values do not say."""

    def __init__(self, chart: Chart, values: Cursor, owner: Owner, reading: Reading, *, is_file: bool) -> None:
        """Take the chart, the values as it gets them, what deploys them, and what it makes of them.

        Args:
            chart: The chart.
            values: As it gets them.
            owner: What deploys them.
            reading: What it makes of them.
            is_file: Whether they are those of a file, which may be added to, and not a release's layers.
        """
        self._chart = chart
        self._values = values
        self._owner = owner
        self._reading = reading
        self._is_file = is_file

    def writer(self, one: Rendered, field: str) -> Writer:
        """Return a writer of a setting of a serving where the chart has a value for it; it refuses elsewhere."""

        def writer(value: Scalar) -> tuple[Splice, ...]:
            tried = self._switched if field in vocabulary.BOOLEANS else self._filled
            found = next((blank for drafts in tried for blank in self._said(drafts, one.draft, field)), None)
            if found is None:
                raise RefusedError("the chart has no value for it", "add it to the chart's templates")
            return (self._written(found, value),)

        return writer

    def _written(self, blank: Blank, value: Scalar) -> Splice:
        at, own = self._owner.at, joined(self._chart.folder, "values.yaml")
        standing = blank.leaf.source.path if blank.leaf is not None else own
        if blank.leaf is not None and (standing == at.source.path or (not self._is_file and standing != own)):
            return replace_scalar(blank.leaf, value)
        if not self._is_file:
            raise RefusedError("what the release lays over the chart has no value for it", f"set {blank.name} there")
        return add_path(at, blank.keys, value)

    @cached_property
    def _filled(self) -> list[tuple[Draft, ...]]:
        """Return what is served where every blank says something."""
        blanks = [one for one in self._blanks if one.leaf is None or not isinstance(one.leaf.value, bool)]
        return [self._tried(blanks[:_MOST], "8")]

    @property
    def _switched(self) -> Iterator[tuple[Draft, ...]]:
        """Yield what is served where one switch more is on, each in turn."""
        switches = [one for one in self._blanks if one.leaf is None or one.leaf.value is False]
        for one in switches[:_MOST_SWITCHES]:
            yield self._tried([one], "true")

    @cached_property
    def _blanks(self) -> tuple[Blank, ...]:
        """Return the values that say nothing, and those that templates ask for and are not there."""
        own = {layer.source.path for layer in (self._values, *self._values.under)}
        absent = [keys for path, keys in self._reading.rendering.absent if path in own]
        named = (Blank(tuple(str(key) for key in keys)) for keys in absent)
        return (*_blanks(self._values, ()), *(one for one in named if not any(key.isdigit() for key in one.keys)))

    def _tried(self, blanks: Sequence[Blank], text: str) -> tuple[Draft, ...]:
        grafts = [Graft("set", one.keys, _made(text, at)) for at, one in enumerate(blanks)]
        values = replace(self._values, grafts=(*self._values.grafts, *grafts))
        owner = self._owner
        reading = read_chart(self._chart, values, owner.context, owner.name or "release", owner.namespace)
        self._last = tuple(blanks)
        return tuple(one.draft for one in reading.servings)

    def _said(self, drafts: Sequence[Draft], wanted: Draft, field: str) -> Iterator[Blank]:
        """Yield the blank that says a field of the serving that is meant."""
        for draft in drafts:
            same = (draft.kind, draft.container) == (wanted.kind, wanted.container)
            hit = draft.hits.get(field)
            if same and hit is not None and hit.path.startswith(_TRIED):
                yield self._last[int(hit.path.removeprefix(_TRIED))]


def _blanks(at: Cursor, keys: tuple[str, ...]) -> Iterator[Blank]:
    for key, below in at.entries().items():
        if below.is_mapping:
            yield from _blanks(below, (*keys, key))
        elif below.scalar is not None and not below.value:
            yield Blank((*keys, key), below)


def _made(text: str, index: int) -> Cursor:
    """Return a scalar that stands in no file."""
    source = Source(f"{_TRIED}{index}", parse(text)[0], Text.whole(text))
    root = source.root()
    if root is None:
        raise ValueError(text)
    return root
