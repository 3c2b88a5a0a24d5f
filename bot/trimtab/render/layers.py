"""The values that a chart is rendered with, layer by layer, as Helm lays them over one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from trimtab.errors import UsageError
from trimtab.manifest import BrokenYamlError, Plain, Tree, documents_of, plain_documents
from trimtab.manifest.paths import joined
from trimtab.render.fence import run
from trimtab.render.inline import inline_values
from trimtab.render.objects import Unrendered
from trimtab.render.plainly import mappings, word
from trimtab.render.target import Target


def effective(target: Target, tree: Tree, chart: Path, helm: str) -> dict[str, Plain]:
    """Return the values a chart sees, parameters aside: its own and its dependencies', the files, the inline ones.

    Args:
        target: The release.
        tree: The repository.
        chart: The chart's folder or package.
        helm: Path of helm, which alone opens packages.
    """
    return _merged([*_defaults(chart, helm), given(target, tree)])


def given(target: Target, tree: Tree) -> dict[str, Plain]:
    """Return what a release's files in the tree say of values: the chart's own, its values files, the inline ones."""
    own = () if target.missing else (joined(target.path, "values.yaml"),)
    files = [_first(documents_of(tree, path)) for path in (*own, *target.values_files) if path in tree]
    return _merged([*files, inline_values(target, tree).values])


def _merged(layers: Iterable[Mapping[str, Plain]]) -> dict[str, Plain]:
    merged: dict[str, Plain] = {}
    for layer in layers:
        merged = overlaid(merged, layer)
    return merged


def overlaid(under: Mapping[str, Plain], over: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return one mapping laid over another: mappings merge, lists are replaced, null removes, as in Helm.

    Where nothing is removed, null stays: a place that nothing fills yet.
    """
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if value is None and below is not None:
            del merged[key]
        elif isinstance(value, dict) and isinstance(below, dict):
            merged[key] = overlaid(below, value)
        else:
            merged[key] = value
    return merged


def _defaults(chart: Path, helm: str) -> Iterator[dict[str, Plain]]:
    """Yield the defaults of the charts a chart is built on, each under its name, then its own."""
    if chart.is_dir():
        for name, inside in _parts(chart):
            below: dict[str, Plain] = {}
            for layer in _defaults(inside, helm):
                below = overlaid(below, layer)
            yield {name: below}
    yield _shown(chart, helm)


def _parts(chart: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and place of the charts in a chart's `charts/` folder; an alias is a name of its own."""
    here = {}
    for place in sorted((chart / "charts").glob("*")):
        name = place.name if place.is_dir() else place.name.rpartition("-")[0]
        here[name] = place
    try:
        said = _first(plain_documents((chart / "Chart.yaml").read_bytes()))
    except (OSError, BrokenYamlError, UsageError):
        return
    for one in mappings(said, "dependencies"):
        if word(one, "name") in here:
            yield word(one, "alias") or word(one, "name"), here[word(one, "name")]


def _shown(chart: Path, helm: str) -> dict[str, Plain]:
    printed = run([helm, "show", "values", str(chart)], chart.parent)
    try:
        return {} if isinstance(printed, Unrendered) else _first(plain_documents(printed))
    except (BrokenYamlError, UsageError):
        return {}


def _first(documents: tuple[Plain, ...]) -> dict[str, Plain]:
    return documents[0] if documents and isinstance(documents[0], dict) else {}
