"""The charts that a chart is built on: in its `charts/` folder, beside it in the repository, or on the shelf."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from trimtab.listing import entries
from trimtab.manifest import Plain, Tree, documents_of
from trimtab.manifest.paths import joined, within
from trimtab.render.fence import Tools
from trimtab.render.fetched import Wanted, have
from trimtab.render.plainly import mappings, word

_NEAR = "file://"
_PACKAGES = (".tgz", ".tar.gz")


def fill(chart: str, tree: Tree, folder: Path, tools: Tools, values: Mapping[str, Plain]) -> str:
    """Put what a chart needs into its `charts/` folder, and return what cannot be had; empty where all is there.

    What the values switch off is not needed: an empty chart of its name satisfies helm, which drops it again.

    Args:
        chart: The chart's folder in the repository.
        tree: The repository's files.
        folder: A copy of them that may be written to.
        tools: Where charts from elsewhere lie.
        values: What the chart is given, its own defaults included.
    """
    reasons = (_put(chart, need, tree, folder, tools, values) for need in needs(chart, tree))
    return next(filter(None, reasons), "")


def _put(
    chart: str, need: dict[str, Plain], tree: Tree, folder: Path, tools: Tools, values: Mapping[str, Plain]
) -> str:
    """Put one chart that is needed in its place, and return why it cannot be had; empty where it is there."""
    charts = folder / chart / "charts"
    name, version, source = word(need, "name"), word(need, "version"), word(need, "repository")
    _drop_stand_in(charts / name, name)
    if _has(charts, name):
        return ""
    if _is_off(word(need, "condition"), values):
        _stand_in(charts / name, name)
        return ""
    near = joined(chart, source.removeprefix(_NEAR)) if source.startswith(_NEAR) else ""
    if near and joined(near, "Chart.yaml") in tree:
        return _copy_near(chart, near, charts / name, tree, folder, tools)
    found = have(tools, Wanted(source, name, version))
    if found is None:
        where = f" of {source}" if source else ""
        return (
            f"chart {chart or '.'} is built on {name} {version}{where}, which is not in its charts/ folder; "
            "`helm dependency build` puts it there, and a folder named by charts.path is looked in, too"
        )
    charts.mkdir(parents=True, exist_ok=True)
    if found.path.is_dir():
        _copy(found.path, charts / name)
    else:
        shutil.copyfile(found.path, charts / f"{name}-{found.version}.tgz")
    return ""


def _copy_near(chart: str, near: str, place: Path, tree: Tree, folder: Path, tools: Tools) -> str:
    """Copy a chart of the same repository, with what it needs itself, and return what that lacks."""
    inside = within(chart, near)
    missing = "" if inside else fill(near, tree, folder, tools, {})
    if not missing:
        left_out = shutil.ignore_patterns("charts") if inside else None
        shutil.copytree(folder / near, place, dirs_exist_ok=True, ignore=left_out)
    return missing


def _copy(chart: Path, place: Path) -> None:
    """Copy a chart's regular files; links, which may lead anywhere or nowhere, and files not to be read stay out."""
    for entry in entries(chart):
        if entry.is_file:
            target = place / entry.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):
                shutil.copyfile(chart / entry.path, target, follow_symlinks=False)


def needs(chart: str, tree: Tree) -> Iterator[dict[str, Plain]]:
    """Yield the dependencies that a chart names."""
    for file in ("Chart.yaml", "requirements.yaml"):
        path = joined(chart, file)
        for document in documents_of(tree, path) if path in tree else ():
            if isinstance(document, dict):
                yield from mappings(document, "dependencies")


def _is_off(condition: str, values: Mapping[str, Plain]) -> bool:
    """Return whether the first path of a condition that leads to a boolean leads to `false`.

    Source: Helm 3.18 pkg/chartutil/dependencies.go, `processDependencyConditions`.
    """
    for path in filter(None, (one.strip() for one in condition.split(","))):
        here: Plain = dict(values)
        for part in path.split("."):
            here = here.get(part) if isinstance(here, dict) else None
        if isinstance(here, bool):
            return not here
    return False


def _stand_in(place: Path, name: str) -> None:
    """Write a chart without templates, of a version that any range takes for its own."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "Chart.yaml").write_text(_empty_chart(name))


def _drop_stand_in(place: Path, name: str) -> None:
    """Remove an empty chart of an earlier rendering: other values may switch the real one on."""
    file = place / "Chart.yaml"
    if file.is_file() and file.read_text(errors="replace") == _empty_chart(name):
        shutil.rmtree(place)


def _empty_chart(name: str) -> str:
    return json.dumps({"apiVersion": "v2", "name": name, "version": "0.0.0", "description": "stands in for none"})


def _has(charts: Path, name: str) -> bool:
    """Return whether a folder of charts holds one of a name, unpacked or packed."""
    if (charts / name / "Chart.yaml").is_file():
        return True
    packed = (one.name for one in charts.glob("*") if one.name.endswith(_PACKAGES)) if charts.is_dir() else ()
    return any(one.startswith(f"{name}-") and one[len(name) + 1 : len(name) + 2].isdigit() for one in packed) or any(
        one.name != name and _named(one) == name for one in charts.glob("*/Chart.yaml")
    )


def _named(file: Path) -> str:
    lines = file.read_text(errors="replace").splitlines()
    return next((line.partition(":")[2].strip(" \"'") for line in lines if line.startswith("name:")), "")
