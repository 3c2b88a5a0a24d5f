"""Servings of a chart whose templates lie in the tree: what they say of a value comes before what its key sounds like.

Where a template writes a value into a field, the value is that setting, whatever it is called. A value that no template
reads is none. Where templates cannot be followed, words decide as for any other chart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, reduce

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest.charts.chart import Chart, load, words_in_actions
from trimtab.manifest.hit import Draft, Hit, Writer
from trimtab.manifest.paths import joined
from trimtab.manifest.shapes.chart_objects import Fixed, Reading, Rendered, read_chart
from trimtab.manifest.shapes.chart_wishes import Wishes
from trimtab.manifest.shapes.owner import Owner
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice

_TELLING = frozenset(
    {
        *("replicas", "min_replicas", "max_replicas", "engine_version"),
        *("cpu_request", "cpu_limit", "memory_request", "memory_limit"),
    }
)
"""Fields that every workload has; a serving of which the values say no other one is the chart's own affair."""
_ITSELF = "the chart's template says it itself, and no value does"
_WISHED = ("replicas", "min_replicas", "max_replicas", "priority_class", "runtime_class", "shm_size")
"""Fields that a chart may have a value for, besides those that an engine and its host have."""
_IDLE = "as the values stand, the chart's templates write it nowhere"
_Place = tuple[str, int, int]


def with_templates(values: Cursor, owner: Owner, guessed: Sequence[Draft]) -> list[Draft]:
    """Return the servings of values, what their chart's templates say of them in the place of what was guessed.

    Args:
        values: The values, or the file that is laid over a chart's own.
        owner: What deploys them.
        guessed: The servings as their words tell them.
    """
    chart = chart_of(owner)
    if chart is None or not (chart.hints or guessed):
        return list(guessed)
    given = replace(values, under=(*values.under, *_defaults(owner)), whole=True)
    reading = read_chart(chart, given, owner.context, owner.name or "release", owner.namespace)
    return list(_Merge(chart, given, owner, reading, is_file=values is owner.at).drafts(guessed))


def chart_of(owner: Owner) -> Chart | None:
    """Return the chart that an owner deploys, where its templates lie in the tree."""
    if not owner.has_chart:
        return None
    return owner.context.index.charts.get(joined(owner.folder, "Chart.yaml"), lambda: load(owner.folder, owner.context))


def _defaults(owner: Owner) -> tuple[Cursor, ...]:
    return (replace(owner.defaults, is_default=True),) if owner.defaults is not None else ()


class _Merge:
    """Puts together what words tell and what templates say."""

    def __init__(self, chart: Chart, values: Cursor, owner: Owner, reading: Reading, *, is_file: bool) -> None:
        self._chart = chart
        self._values = values
        self._owner = owner
        self._reading = reading
        self._is_file = is_file
        self._is_whole = reading.rendering.is_whole
        self._wishes = Wishes(chart, values, owner, reading, is_file=is_file)

    def drafts(self, guessed: Sequence[Draft]) -> Iterator[Draft]:
        """Yield the servings, those that were guessed first and by their names."""
        left = [one for one in self._reading.servings if self._own(one)]
        names: set[str] = set()
        for draft in guessed:
            best = max(left, key=lambda one: _shared(one.draft, draft), default=None)
            if best is not None and _shared(best.draft, draft):
                left.remove(best)
                names.add(draft.container)
                yield self._told(draft, best)
            elif draft.hits and not self._is_idle(draft):
                self._forget(draft)
                names.add(draft.container)
                yield draft
        yield from self._new(self._apart([one for one in left if self._tells(self._own(one))]), names)

    def _apart(self, left: Sequence[Rendered]) -> list[Rendered]:
        """Return the servings of which a value is theirs alone; others are copies of what is told already."""
        again = {id(one) for one in left}
        others = (one for one in self._reading.servings if id(one) not in again)
        told = {_place(hit) for one in others for hit in one.draft.hits.values()}
        found: list[Rendered] = []
        for one in left:
            places = {_place(hit) for hit in self._own(one).values()}
            found += [one] if places - told else []
            told |= places
        return found

    def _tells(self, own: Mapping[str, Hit]) -> bool:
        """Return whether settings make a serving that no words tell of; of a chart's own values an image does."""
        return not _TELLING.issuperset(own) or (self._owner.defaults is None and "engine_version" in own)

    def _own(self, one: Rendered) -> dict[str, Hit]:
        """Return the settings that stand in the values themselves: of a file that is laid over others, in that file."""
        path = self._owner.at.source.path
        return {field: hit for field, hit in one.draft.hits.items() if not self._is_file or hit.path == path}

    def _told(self, draft: Draft, one: Rendered) -> Draft:
        """Return a guessed serving with what the templates say."""
        own = self._own(one)
        for field, hit in list(draft.hits.items()):
            other = own.get(field)
            if other is not None and _place(other) == _place(hit):
                write = _first(other.writer, hit.writer) if other.writer is not None else hit.writer
                own[field] = replace(hit, locked=hit.locked or other.locked, writer=write)
            elif field == "model" and self._is_named(hit, other):
                own[field] = hit
            elif field in one.fixed and _place(hit) not in {_place_of(leaf) for leaf in one.fixed[field].leaves}:
                self._fix(draft, hit, one.fixed[field])
            elif self._is_said_nowhere(hit):
                del draft.hits[field]
            elif other is None and self._is_whole and not self._is_written(hit):
                draft.hits[field] = replace(hit, locked=hit.locked or _IDLE)
        draft.hits.update(own)
        draft.engine = one.draft.engine or draft.engine
        self._take_rest(draft, one)
        return draft

    def _is_named(self, guessed: Hit, told: Hit | None) -> bool:
        """Return whether a value that some template writes names the model, and what is served is but where it lies."""
        lies = told is None or (str(told.value).startswith("/") and not str(guessed.value).startswith("/"))
        return lies and self._is_written(guessed)

    def _fix(self, draft: Draft, hit: Hit, fixed: Fixed) -> None:
        """Say of a value that only sounds like what the templates say themselves that it is not to be edited."""
        if hit.value == fixed.value:
            draft.hits[hit.field] = replace(hit, locked=hit.locked or _ITSELF)
        else:
            del draft.hits[hit.field]

    def _take_rest(self, draft: Draft, one: Rendered) -> None:
        """Take how to say what is not said: where the chart has a value for it, where its templates let one be put."""
        other = one.draft
        for field in one.fixed.keys() - draft.hits.keys():
            draft.adders.pop(field, None)
            draft.refusals[field] = _ITSELF
            draft.told[field] = one.fixed[field].value
        for field in sorted({*other.adders, *draft.adders, *_WISHED}):
            if field not in draft.hits and field not in draft.refusals:
                wish = self._wishes.writer(one, field)
                draft.adders[field] = reduce(_first, (other.adders.get(field), draft.adders.get(field)), wish)
        draft.annotations = {**other.annotations, **draft.annotations}
        draft.bound, draft.devices = draft.bound or other.bound, draft.devices or other.devices
        draft.image = draft.image or other.image
        draft.add_selector = draft.add_selector or other.add_selector

    def _new(self, found: Sequence[Rendered], taken: set[str]) -> Iterator[Draft]:
        """Yield servings that no words tell of; `taken` are the names of others."""
        for one, name in zip(found, self._names(found, taken), strict=True):
            draft = self._owner.draft(name, one.draft.engine)
            draft.name = self._owner.name if self._owner.kind else name
            draft.hits = self._own(one)
            draft.refusals = dict(one.draft.refusals)
            draft.selector_key = one.draft.selector_key
            self._take_rest(draft, one)
            yield draft

    def _names(self, found: Sequence[Rendered], taken: set[str]) -> list[str]:
        """Return names that differ: of items, of the values as a whole, of parts of them, or of containers."""
        if len(found) == 1 and not taken and found[0].item is None:
            return [self._owner.name_of(self._values)]
        for names in ([self._part(one) for one in found], [one.draft.container for one in found]):
            if len({*names}) == len(names) and not taken & {*names}:
                return names
        return [f"{self._part(one)}-{at}" for at, one in enumerate(found)]

    def _part(self, one: Rendered) -> str:
        """Return the name of the item that a serving is written for, else of the part of the values that says most."""
        item = one.item
        if item is not None and item.path:
            key = str(item.path[-1])
            return item.word("name") or (f"{item.path[-2]}-{key}" if key.isdigit() and len(item.path) > 1 else key)
        keys = Counter(self._keys[place][0] for hit in one.draft.hits.values() if (place := _place(hit)) in self._keys)
        return keys.most_common(1)[0][0] if keys else one.draft.container

    def _forget(self, draft: Draft) -> None:
        """Take away what was guessed of values that nothing reads."""
        for field in [field for field, hit in draft.hits.items() if self._is_said_nowhere(hit)]:
            del draft.hits[field]

    def _is_idle(self, draft: Draft) -> bool:
        """Return whether no template reads what was guessed to be a serving, or none writes it, and others serve."""
        served = {_place(hit) for one in self._reading.servings for hit in one.draft.hits.values()}
        own = [hit for hit in draft.hits.values() if _place(hit) not in served]
        if any(self._is_written(hit) for hit in own) or not self._is_whole:
            return False
        return bool(self._reading.servings) or all(self._is_said_nowhere(hit) for hit in draft.hits.values())

    def _is_said_nowhere(self, hit: Hit) -> bool:
        """Return whether a value surely is read by nothing: every template is known, and none names its keys."""
        if not self._is_whole or self._is_written(hit):
            return False
        keys, below = self._keys.get(_place(hit), ()), self._chart.below
        while one := next((one for one in below if one.key in keys[:1]), None):
            keys, below = keys[1:], one.below
        return any(key not in self._said for key in keys[:1])

    @cached_property
    def _said(self) -> frozenset[str]:
        """Return the words of all actions, those of the values included, which may be templates too."""
        texts = {layer.source.path: layer.source.text.value for layer in (self._values, *self._values.under)}
        return self._chart.said.union(*(words_in_actions(text.encode()) for text in texts.values()))

    def _is_written(self, hit: Hit) -> bool:
        """Return whether some template writes, or asks for, the scalar that a setting stands in."""
        path, start, end = _place(hit)
        return any(one[0] == path and one[1] <= start and end <= one[2] for one in self._written)

    @cached_property
    def _written(self) -> frozenset[_Place]:
        """Return the places of the values that some template writes, or asks for to know what to write."""
        rendering = self._reading.rendering
        leaves = {id(leaf): leaf for one in rendering.written for leaf in one.leaves}
        leaves |= {id(leaf): leaf for leaf in rendering.judged}
        return frozenset(place for leaf in leaves.values() if (place := _place_of(leaf)) is not None)

    @cached_property
    def _keys(self) -> dict[_Place, tuple[str, ...]]:
        """Return the keys to each scalar and key of the values, by its place."""
        found: dict[_Place, tuple[str, ...]] = {}
        for leaf, keys in _leaves(self._values, ()):
            place = _place_of(leaf)
            if place is not None:
                found[place] = keys
        return found


def _leaves(at: Cursor, keys: tuple[str, ...]) -> Iterator[tuple[Cursor, tuple[str, ...]]]:
    """Yield each scalar and each key of values, with the keys to it."""
    for key, below in (*at.entries().items(), *((str(index), one) for index, one in enumerate(at.items()))):
        if below.named is not None:
            yield below.named, (*keys, key)
        if below.scalar is not None:
            yield below, (*keys, key)
        else:
            yield from _leaves(below, (*keys, key))


def _place(hit: Hit) -> _Place:
    return (hit.path, *hit.text.span())


def _place_of(leaf: Cursor) -> _Place | None:
    text = leaf.text()
    return (leaf.source.path, *text.span()) if text is not None else None


def _shared(one: Draft, other: Draft) -> int:
    """Return how many settings of two servings stand at the same places; few count only where their engines agree."""
    mine = {_place(hit) for hit in one.hits.values()}
    both = sum(_place(hit) in mine for hit in other.hits.values())
    return both if one.engine in {"", other.engine} or both * 2 >= len(other.hits) else 0


def _first(write: Writer, otherwise: Writer | None) -> Writer:
    """Return a writer that does what one does, and what another does where the first refuses."""
    if otherwise is None:
        return write

    def writer(value: Scalar) -> tuple[Splice, ...]:
        try:
            return write(value)
        except RefusedError:
            return otherwise(value)

    return writer
