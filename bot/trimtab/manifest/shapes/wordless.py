"""Releases of which nothing has a word of a serving: a generator may make hundreds, whose values need not be read."""

from __future__ import annotations

from trimtab.manifest.release import Release
from trimtab.manifest.shapes.owner import Owner
from trimtab.manifest.shapes.values_templates import chart_of
from trimtab.manifest.speaking import speaks


def is_wordless(release: Release, owner: Owner) -> bool:
    """Return whether no file that a release is made of has a word of a serving, nor a template of its chart.

    What patches lie over the object, or over its values, is not looked for: then the answer is no.
    """
    if any(one.under or one.grafts for one in (release.thing.at, *release.layers)):
        return False
    if speaks(f"{release.chart} {release.chart_name}".encode(errors="replace")):
        return False
    said = {release.thing.path, *release.paths, *(one.value.source.path for one in release.parameters)}
    if any(_speaks(path, owner) for path in sorted(said)):
        return False
    chart = chart_of(owner)
    return chart is None or not chart.hints


def _speaks(path: str, owner: Owner) -> bool:
    tree = owner.context.tree
    return owner.context.index.speaking.get(path, lambda: speaks(tree.get(path, b"")))
