"""The charts that a chart is built on: in its `charts/` folder, beside it in the repository, or on the shelf."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from trimtab.manifest import Tree, documents_of
from trimtab.manifest.paths import joined
from trimtab.render.plainly import mappings, word
from trimtab.render.shelf import find

_NEAR = "file://"
_PACKAGES = (".tgz", ".tar.gz")


def fill(chart: str, tree: Tree, folder: Path, shelf: str) -> str:
    """Put what a chart needs into its `charts/` folder, and return what cannot be had; empty where all is there.

    Args:
        chart: The chart's folder in the repository.
        tree: The repository's files.
        folder: A copy of them that may be written to.
        shelf: The operator's charts; empty for none.
    """
    charts = folder / chart / "charts"
    for name, version, source in _needs(chart, tree):
        if _has(charts, name):
            continue
        near = joined(chart, source.removeprefix(_NEAR)) if source.startswith(_NEAR) else ""
        if near and joined(near, "Chart.yaml") in tree:
            missing = fill(near, tree, folder, shelf)
            if missing:
                return missing
            shutil.copytree(folder / near, charts / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns("charts"))
            continue
        found = find(shelf, name, version)
        if found is None:
            where = f" of {source}" if source else ""
            return (
                f"chart {chart or '.'} is built on {name} {version}{where}, which is not in its charts/ folder; "
                "`helm dependency build` puts it there, and a folder named by charts.path is looked in, too"
            )
        charts.mkdir(parents=True, exist_ok=True)
        if found.path.is_dir():
            shutil.copytree(found.path, charts / name, dirs_exist_ok=True)
        else:
            shutil.copyfile(found.path, charts / found.path.name)
    return ""


def _needs(chart: str, tree: Tree) -> Iterator[tuple[str, str, str]]:
    """Yield name, version and repository of the charts that a chart names."""
    for file in ("Chart.yaml", "requirements.yaml"):
        path = joined(chart, file)
        for document in documents_of(tree, path) if path in tree else ():
            for one in mappings(document, "dependencies") if isinstance(document, dict) else ():
                yield word(one, "name"), word(one, "version"), word(one, "repository")


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
