"""The servings among what a chart's own templates write, with the places of their settings among the values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trimtab.fleet import Scalar
from trimtab.manifest.charts.chart import Chart
from trimtab.manifest.charts.lookups import ChartContext
from trimtab.manifest.charts.rendering import Rendering, Written, render
from trimtab.manifest.charts.translate import Translator, translated
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing, things_at
from trimtab.manifest.shapes.own import OBJECTS
from trimtab.manifest.source import Cursor

_SHAPES = {kind: shape for shape in reversed(OBJECTS) for kind in shape.kinds}


@dataclass(frozen=True, slots=True)
class Fixed:
    """A setting that no one value says: the templates do, or put it together, or work it out.

    Attributes:
        value: What it says.
        leaves: The values that have a part in it.
    """

    value: Scalar
    leaves: tuple[Cursor, ...]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A serving that a chart's templates write.

    Attributes:
        draft: What it says, each setting where the values say it.
        item: The item of a list or mapping of values that it is written for; None where there is one of it.
        fixed: By field what no one value says.
    """

    draft: Draft
    item: Cursor | None
    fixed: Mapping[str, Fixed]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a chart's templates were read to make of values.

    Attributes:
        servings: Those among the objects.
        rendering: All of it.
    """

    servings: tuple[Rendered, ...]
    rendering: Rendering


def read_chart(chart: Chart, values: Cursor, context: Context, release: str, namespace: str) -> Reading:
    """Return the servings among what a chart becomes.

    Args:
        chart: The chart.
        values: As it gets them, its own already beneath.
        context: Where to look things up.
        release: The release's name.
        namespace: Where it is installed.
    """
    rendering = render(chart, values, release, namespace)
    translator = Translator({one.path: one for one in rendering.written})
    things = [(one, thing) for one in rendering.written for thing in _things(one)]
    known = ChartContext(context, [thing for _, thing in things])
    found = [serving for one, thing in things for serving in _servings(one, thing, known, translator)]
    return Reading(tuple(found), rendering)


def _things(one: Written) -> Iterator[Thing]:
    for source in one.documents:
        root = source.root()
        if root is not None:
            yield from things_at(root)


def _servings(one: Written, thing: Thing, context: Context, translator: Translator) -> Iterator[Rendered]:
    shape = _SHAPES.get((thing.group, thing.kind))
    for draft in shape.servings(thing, context) if shape is not None else ():
        hits = translated(draft.hits, translator)
        others = [hit for field, hit in draft.hits.items() if field not in hits]
        fixed = {hit.field: Fixed(hit.value, translator.leaves(hit)) for hit in others}
        draft.hits = hits
        draft.adders = {field: translator.writer(add) for field, add in draft.adders.items()}
        add = draft.add_selector
        if add is not None:
            draft.add_selector = lambda label, value, add=add: translator.splices(add(label, value))
        draft.group_size = None
        yield Rendered(draft, one.piece(thing.at.real.start).item, fixed)
