"""The release of a chart that Flux's HelmRelease declares.

Sources: https://fluxcd.io/flux/components/helm/helmreleases/#values-references (2.7): `values` over `valuesFrom` in
order over the chart's own, or over `valuesFiles`, which stand in for it and start where the source does;
github.com/fluxcd/pkg, chartutil `ChartValuesFromReferences`: a `targetPath` is set where it stands in the order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.manifest.objects import Thing
from trimtab.manifest.patches import walk
from trimtab.manifest.paths import joined
from trimtab.manifest.release import Parameter, Release, chart_folder, keys_of, last, locked, own_values, roots
from trimtab.manifest.source import Cursor

if TYPE_CHECKING:
    from trimtab.manifest.context import Context

FLUX = "helm.toolkit.fluxcd.io"
_SOURCES = "source.toolkit.fluxcd.io"


def flux_releases(thing: Thing, context: Context) -> Iterator[Release]:
    """Yield the release that a HelmRelease declares; none where it is none."""
    spec = thing.at.get("spec") if (thing.group, thing.kind) == (FLUX, "HelmRelease") else None
    if spec is None:
        return
    chart = _chart(thing, spec, context)
    name = chart.word("chart") if chart is not None else spec.word("chartRef", "name")
    folder = chart_folder(name, context) if chart is not None and _is_from_git(chart) else ""
    release = Release(thing, folder, last(name), spec.word("targetNamespace") or thing.namespace, ())
    release = replace(release, layers=tuple(_beneath(chart, folder, context)))
    for source in spec.items("valuesFrom"):
        release = _laid(release, source, context)
    values = spec.get("values")
    after = tuple(one for item in spec.items("postRenderers") if (one := item.get("kustomize")) is not None)
    own = [values] if values is not None and values.is_mapping else []
    set_by_name = tuple(_unsure(one, values) for one in release.parameters)
    yield replace(release, layers=(*release.layers, *own), parameters=set_by_name, after=after)


def _chart(thing: Thing, spec: Cursor, context: Context) -> Cursor | None:
    """Return what says which chart it is: a part of the object, or the HelmChart of the tree that it refers to."""
    if spec.word("chartRef", "kind") != "HelmChart":
        return spec.get("chart", "spec")
    namespace = spec.word("chartRef", "namespace") or thing.namespace
    found = context.things_named("HelmChart", spec.word("chartRef", "name"))
    same = (one for one in found if one.group == _SOURCES and one.namespace in {"", namespace})
    return next((one.at.get("spec") for one in same), None)


def _is_from_git(chart: Cursor) -> bool:
    return chart.word("sourceRef", "kind") in {"GitRepository", "Bucket"}


def _beneath(chart: Cursor | None, folder: str, context: Context) -> list[Cursor]:
    """Return the values that a chart of the tree begins with."""
    files = [one.string for one in chart.items("valuesFiles")] if chart is not None and folder else []
    single = chart.word("valuesFile") if chart is not None and folder else ""
    named = [joined("", one) for one in (*files, single) if one]
    return roots(named, context) if named else own_values(folder, context)


def _laid(release: Release, source: Cursor, context: Context) -> Release:
    """Return a release with one more entry of `valuesFrom`."""
    found, path = _referred(release.thing, source, context), source.word("targetPath")
    inner = found if found is None or path or found.is_mapping else found.inner()
    if inner is None:
        reason = f"{source.word('kind')} {source.word('name')}, which is not in the tree, may win over it"
        if path:
            return replace(release, hidden={**release.hidden, path: reason})
        return replace(release, layers=tuple(locked(one, reason) for one in release.layers))
    if path:
        return replace(release, parameters=(*release.parameters, Parameter(path, inner)))
    left = tuple(one for one in release.parameters if walk(inner, keys_of(one.name)) is None)
    return replace(release, layers=(*release.layers, inner), parameters=left)


def _unsure(one: Parameter, values: Cursor | None) -> Parameter:
    """Return what is set by name, locked where the object's own values say it too: either may win."""
    if values is None or walk(values, keys_of(one.name)) is None:
        return one
    return replace(
        one, value=locked(one.value, f"`values` and the targetPath {one.name} both say it; leave one of them")
    )


def _referred(thing: Thing, source: Cursor, context: Context) -> Cursor | None:
    """Return the text, or the file, of a ConfigMap that `valuesFrom` names; Secrets are not read."""
    key, name = source.word("valuesKey") or "values.yaml", source.word("name")
    if source.word("kind") != "ConfigMap" or not name:
        return None
    if source.word("targetPath"):
        variable = context.configmap_value(thing.path, thing.namespace, name, key)
        return variable.holder if variable is not None and variable.via == "configmap" else None
    return context.configmap_file(thing.path, thing.namespace, name, key)
