"""A release of a chart: which trees of values it lays over one another, and what it sets one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from trimtab.manifest.grafts import Graft, made
from trimtab.manifest.nodes import Document, ScalarNode, SequenceNode
from trimtab.manifest.objects import Thing
from trimtab.manifest.patches import locked as locked_below
from trimtab.manifest.patches import walk
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor, Source

if TYPE_CHECKING:
    from trimtab.manifest.context import Context

_MOST_SET = 300
"""How many values that are set by name are followed."""
_NAMES = re.compile(r"(?:\\.|[^.\[\]\\])+|\[\d+\]")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that is set by its dotted name, over all values."""

    name: str
    value: Cursor


@dataclass(frozen=True, slots=True)
class Release:
    """One release.

    Attributes:
        thing: The object that declares it.
        chart: The chart's folder; empty where it is not in the tree.
        chart_name: The chart's name, empty where nothing tells.
        namespace: Where it is installed, empty where nothing tells.
        layers: Trees of values, the lowest first; the chart's own is the first where it is in the tree.
        parameters: What is set over them.
        made: Whether a generator made it of a template, so that its object stands for several.
        hidden: Why the value of a dotted name is not what the layers say, where something unseen sets it.
        after: Fields of a kustomization, laid over what is rendered.
    """

    thing: Thing
    chart: str
    chart_name: str
    namespace: str
    layers: tuple[Cursor, ...]
    parameters: tuple[Parameter, ...] = ()
    made: bool = False
    hidden: Mapping[str, str] = field(default_factory=dict)
    after: tuple[Cursor, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """Return the files that the values stand in."""
        return frozenset(layer.source.path for layer in self.layers)

    def values(self) -> Cursor | None:
        """Return the values as the chart gets them, each with its own place; lists are replaced whole."""
        if not self.layers:
            return None
        *beneath, top = (replace(one, is_default=self._is_default(one)) for one in self.layers)
        found = replace(top, under=(*top.under, *reversed(beneath)), whole=True)
        if len(self.parameters) > _MOST_SET:
            return locked_below(found, "more is set by name than is followed here")
        grafts = [graft for one in self.parameters if keys_of(one.name) for graft in self._set(one)]
        grafts = [one for at, one in enumerate(grafts) if not _is_made_again(one, grafts[:at])]
        for name, reason in self.hidden.items():
            standing = walk(found, keys_of(name)) if keys_of(name) else None
            grafts += [Graft("set", keys_of(name), locked(standing, reason))] if standing is not None else []
        return replace(found, grafts=tuple(grafts))

    def holds(self, path: str, start: int, end: int) -> bool:
        """Return whether characters of a file are among the values as the chart gets them."""
        values = self.values()
        found = _scalars(values) if values is not None else ()
        texts = (one.text() for one in found if one.source.path == path)
        return any(text is not None and text.span()[0] <= start and end <= text.span()[1] for text in texts)

    def _is_default(self, layer: Cursor) -> bool:
        """Return whether a layer is the chart's own values."""
        return bool(self.chart) and layer.source.path == joined(self.chart, "values.yaml")

    def _set(self, one: Parameter) -> Iterator[Graft]:
        """Yield what a parameter does; an item of a list that only the chart has takes the place of the whole list."""
        keys = keys_of(one.name)
        given = [layer for layer in self.layers if not self._is_default(layer)]
        listed = next((at for at, key in enumerate(keys) if key.isdecimal()), 0)
        if listed and all(walk(layer, keys[:listed]) is None for layer in given):
            yield Graft("set", keys[:listed], made(one.value, listed=True))
        yield Graft("remove" if one.value.string == "null" else "set", keys, _braced(one.value))


def _braced(value: Cursor) -> Cursor:
    """Return a value, or the list that `{a,b}` stands for.

    Source: https://helm.sh/docs/intro/using_helm/#the-format-and-limitations-of---set (v3.18).
    """
    text = value.text()
    if text is None or not (text.value.startswith("{") and text.value.endswith("}")):
        return value
    items = [
        ScalarNode(one[0], "", "", "", one.start() + 1, one.end() + 1)
        for one in re.finditer(r"(?:\\.|[^,\\])+", text.value[1:-1])
    ]
    node = SequenceNode(tuple(items), True, "", "", 0, len(text.value))  # noqa: FBT003 - flow
    source = Source(value.source.path, Document(0, node, 0), text, value.source.number)
    return Cursor(
        source, (), node, value.locked or "it is part of a list that is set in one text; edit it there by hand"
    )


def _scalars(at: Cursor) -> Iterator[Cursor]:
    """Yield every key and scalar below a value."""
    for below in (*at.entries().values(), *at.items()):
        if below.named is not None:
            yield below.named
        if below.scalar is not None:
            yield below
        else:
            yield from _scalars(below)


def _is_made_again(graft: Graft, before: Sequence[Graft]) -> bool:
    """Return whether a list is made in the place of one that was made before."""
    made_here = graft.value is not None and graft.value.is_sequence
    return made_here and any(one.keys == graft.keys for one in before)


def keys_of(name: str) -> tuple[str, ...]:
    r"""Return the keys and indexes of a name as `helm --set` has it: `a.b[0].c\.d`."""
    return tuple(re.sub(r"\\(.)", r"\1", part.strip("[]")) for part in _NAMES.findall(name))


def locked(at: Cursor, reason: str) -> Cursor:
    """Return a value, or a tree of values, that is not to be edited, with the reason."""
    return replace(at, locked=at.locked or reason)


def chart_folder(path: str, context: Context) -> str:
    """Return a chart's folder where it, or at least its values, is in the tree, else empty."""
    folder = joined("", path.lstrip("/"))
    return folder if any(joined(folder, name) in context.tree for name in ("Chart.yaml", "values.yaml")) else ""


def own_values(folder: str, context: Context) -> list[Cursor]:
    """Return the values that a chart in a folder has of its own; none where it is not in the tree."""
    return roots([joined(folder, "values.yaml")] if folder else [], context)


def roots(paths: Sequence[str], context: Context, *, scalars: bool = False) -> list[Cursor]:
    """Return the tops of files that are mappings, with `scalars` those that are one scalar too."""
    found = [source.root() for path in paths for source in context.tree.readable(path)]
    return [root for root in found if root is not None and (root.is_mapping or (scalars and root.scalar is not None))]


def last(path: str) -> str:
    """Return the last part of a path."""
    return path.rstrip("/").rsplit("/", 1)[-1]
