"""Releases that a kustomization declares in `helmCharts`.

Source: https://kubectl.docs.kubernetes.io/references/kustomize/builtins/#_helmchartinflationgenerator_ (5.7): a file of
values stands over the chart's own; `valuesInline` over both (`override`), under the file (`merge`), or in the file's
place (`replace`); more files over all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trimtab.manifest.links import KUSTOMIZATIONS
from trimtab.manifest.objects import Thing
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.release import Release, chart_folder, locked, own_values, roots
from trimtab.manifest.source import Cursor

if TYPE_CHECKING:
    from trimtab.manifest.context import Context


def may_inflate(path: str) -> bool:
    """Return whether a file is named as kustomizations are."""
    return path.rsplit("/", 1)[-1] in KUSTOMIZATIONS


def inflated_releases(path: str, context: Context) -> Iterator[Release]:
    """Yield the releases of a kustomization's charts; none where the file is no kustomization."""
    if not may_inflate(path) or b"helmChart" not in context.tree.get(path, b""):
        return
    for root in roots([path], context):
        for at in (*root.items("helmCharts"), *root.items("helmChartInflationGenerator")):
            yield _release(at, root, path, context)


def _release(at: Cursor, kustomization: Cursor, path: str, context: Context) -> Release:
    here = folder_of(path)
    chart = at.word("name") or at.word("chartName")
    home = kustomization.word("helmGlobals", "chartHome") or at.word("chartHome") or "charts"
    inside = joined(joined(here, home), chart)
    folder = next((one for one in (inside, f"{inside}-{at.word('version')}/{chart}") if chart_folder(one, context)), "")
    own = own_values(folder, context)
    inline = at.get("valuesInline") or at.get("values")
    inlined = [inline] if inline is not None and inline.is_mapping else []
    merge = at.word("valuesMerge") or "override"
    file = at.word("valuesFile") or at.word("values")
    if inlined and merge == "replace":
        layers = [*own, *inlined]
    elif inlined and merge == "merge":
        layers = _laid([*own, *inlined], [file] if file else [], path, context)
    else:
        layers = [*_laid(own, [file] if file else [], path, context), *inlined]
    layers = _laid(layers, [one.string for one in at.items("additionalValuesFiles")], path, context)
    name = at.word("releaseName") or chart
    namespace = at.word("namespace") or at.word("releaseNamespace") or kustomization.word("namespace")
    thing = Thing(at, "", "chart", namespace, name)
    return Release(thing, folder, chart, namespace, tuple(layers))


def _laid(layers: list[Cursor], files: Sequence[str], path: str, context: Context) -> list[Cursor]:
    """Return layers with files of values over them; what lies under one that is not in the tree is locked."""
    for file in files:
        found = roots([joined(folder_of(path), file)], context)
        reason = f"{file}, which {path} lays over it, is not in the tree and may win"
        layers = [*(layers if found else [locked(one, reason) for one in layers]), *found]
    return layers
