"""Where a leaf of a chart's values is written, and where it would be: in the layer that wins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest import Tree, documents_of
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import New, unify
from trimtab.manifest.write import add_pair, replace_scalar
from trimtab.render.marks import Leaf
from trimtab.render.plainly import mappings, word
from trimtab.render.target import Target

_NEAR = "file://"
_DEEP = 8
"""Charts built on charts built on charts; Helm itself sets no limit, real ones end at three."""


@dataclass(frozen=True, slots=True)
class Written:
    """A leaf in a file.

    Attributes:
        at: Its scalar.
        is_default: Whether it stands in a chart that the release's own is built on: the release's values may say
            otherwise, and that chart's file is not the place to change it.
    """

    at: Cursor
    is_default: bool = False


def files_of(target: Target) -> Iterator[str]:
    """Yield the files that a release's values stand in, the one that wins first."""
    if target.values[0]:
        yield target.values[0]
    yield from _values_files(target)


def _values_files(target: Target) -> Iterator[str]:
    """Yield the files of values that a release names, the one that wins first, and the chart's own."""
    yield from reversed(target.values_files)
    if not target.missing:
        yield joined(target.path, "values.yaml")


def written(target: Target, tree: Tree, leaf: Leaf) -> Written | None:
    """Return where a leaf of the values is written: in the layer that wins; None where in none of the tree."""
    for top in _layers(target, tree):
        found = _at(top, leaf)
        if found is not None and found.scalar is not None:
            return Written(found)
    for chart, rest in _built_on(tree, target.path, leaf) if not target.missing else ():
        found = _at(_top(tree, joined(chart, "values.yaml")), rest)
        if found is not None and found.scalar is not None:
            return Written(found, is_default=True)
    return None


def with_value(target: Target, tree: Tree, leaf: Leaf, value: Scalar) -> dict[str, bytes]:
    """Return the files in which a leaf says a value: where it is written, else put into the layer that wins.

    Raises:
        RefusedError: The place cannot be written to, or there is none.
    """
    found = written(target, tree, leaf)
    if found is not None and not found.is_default:
        return unify(tree, [replace_scalar(found.at, value)])
    tops = list(_layers(target, tree))
    below = max(tops, key=lambda top: len(_way(top, leaf)), default=None)
    if below is None:
        raise RefusedError("no file of values takes what the chart's defaults say", "add a values file")
    way = _way(below, leaf)
    rest = leaf[len(way) - 1 :]
    if not all(isinstance(part, str) for part in rest):
        raise RefusedError("the value stands in a list that only the chart's defaults hold", "copy the list by hand")
    new: New = value
    for part in reversed(rest[1:]):
        new = {str(part): new}
    return unify(tree, [add_pair(way[-1], str(rest[0]), new)])


def _way(top: Cursor, leaf: Leaf) -> list[Cursor]:
    """Return the cursors on the way to a leaf as far as it is written, the top included."""
    way = [top]
    for part in leaf[:-1]:
        below = _below(way[-1], part)
        if below is None:
            break
        way.append(below)
    return way


def _at(top: Cursor | None, leaf: Leaf) -> Cursor | None:
    for part in leaf:
        top = _below(top, part) if top is not None else None
    return top


def _layers(target: Target, tree: Tree) -> Iterator[Cursor]:
    """Yield the tops of the values that a release is given, the one that wins first."""
    path, document = target.values
    sources = tree.readable(path) if path else ()
    spec = root.get("spec") if document < len(sources) and (root := sources[document].root()) is not None else None
    if spec is not None:
        yield from _inline(spec, target.source)
    for file in _values_files(target):
        if (top := _top(tree, file)) is not None:
            yield top


def _top(tree: Tree, file: str) -> Cursor | None:
    return next((source.root() for source in tree.readable(file)[:1]), None)


def _inline(spec: Cursor, index: int) -> Iterator[Cursor]:
    charts = [one for one in spec.items("sources") if not one.word("ref")]
    source = charts[index] if index < len(charts) else spec.get("source")
    helm = source.get("helm") if source is not None else None
    text = helm.get("values") if helm is not None else None
    for found in (
        spec.get("values"),
        helm.get("valuesObject") if helm is not None else None,
        text.inner() if text is not None else None,
    ):
        if found is not None:
            yield found


def _below(at: Cursor, part: str | int) -> Cursor | None:
    if isinstance(part, str):
        return at.get(part)
    items = at.items()
    return items[part] if part < len(items) else None


def _built_on(tree: Tree, chart: str, leaf: Leaf, deep: int = 0) -> Iterator[tuple[str, Leaf]]:
    """Yield the charts of the tree whose values stand below a leaf's first step, and the leaf as they know it.

    Under its alias where it has one; `global` is seen by all (https://helm.sh/docs/chart_template_guide/, Helm 3.18).
    """
    for file in (joined(chart, "Chart.yaml"), joined(chart, "requirements.yaml")) if deep < _DEEP else ():
        for document in documents_of(tree, file) if file in tree else ():
            for need in mappings(document, "dependencies") if isinstance(document, dict) else ():
                name, source = word(need, "name"), word(need, "repository")
                if leaf[0] in {word(need, "alias") or name, "global"}:
                    near = joined(chart, source.removeprefix(_NEAR)) if source.startswith(_NEAR) else ""
                    below = joined(chart, f"charts/{name}")
                    place = below if joined(below, "Chart.yaml") in tree or not near else near
                    rest = leaf if leaf[0] == "global" else leaf[1:]
                    yield place, rest
                    yield from _built_on(tree, place, rest, deep + 1) if rest else ()
