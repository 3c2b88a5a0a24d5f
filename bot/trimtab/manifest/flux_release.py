"""The release of a chart that Flux's HelmRelease declares.

Source: https://fluxcd.io/flux/components/helm/helmreleases/#values-references (2.6): `values` over `valuesFrom` in
order over the chart's own, or over `valuesFiles`, which stand in for it; a `targetPath` over all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trimtab.manifest.objects import Thing
from trimtab.manifest.paths import joined
from trimtab.manifest.release import Parameter, Release, chart_folder, last, locked, own_values, roots
from trimtab.manifest.source import Cursor

if TYPE_CHECKING:
    from trimtab.manifest.context import Context

FLUX = "helm.toolkit.fluxcd.io"


def flux_releases(thing: Thing, context: Context) -> Iterator[Release]:
    """Yield the release that a HelmRelease declares; none where it is none."""
    spec = thing.at.get("spec") if (thing.group, thing.kind) == (FLUX, "HelmRelease") else None
    if spec is None:
        return
    name = spec.word("chart", "spec", "chart") or spec.word("chartRef", "name")
    from_git = spec.word("chart", "spec", "sourceRef", "kind") in {"GitRepository", "Bucket"}
    folder = chart_folder(name, context) if from_git else ""
    files = [joined(folder, one.string) for one in spec.items("chart", "spec", "valuesFiles")] if folder else []
    layers = roots(files, context) if files else own_values(folder, context)
    set_by_name: list[Parameter] = []
    hidden: dict[str, str] = {}
    for source in spec.items("valuesFrom"):
        found, path = _referred(thing, source, context), source.word("targetPath")
        inner = found if found is None or path or found.is_mapping else found.inner()
        if inner is None:
            reason = f"{source.word('kind')} {source.word('name')}, which is not in the tree, may win over it"
            layers = layers if path else [locked(one, reason) for one in layers]
            hidden |= {path: reason} if path else {}
        elif path:
            set_by_name.append(Parameter(path, inner))
        else:
            layers.append(inner)
    values = spec.get("values")
    namespace = spec.word("targetNamespace") or thing.namespace
    own = [values] if values is not None and values.is_mapping else []
    yield Release(thing, folder, last(name), namespace, (*layers, *own), tuple(set_by_name), hidden=hidden)


def _referred(thing: Thing, source: Cursor, context: Context) -> Cursor | None:
    """Return the text, or the file, of a ConfigMap that `valuesFrom` names; Secrets are not read."""
    key, name = source.word("valuesKey") or "values.yaml", source.word("name")
    if source.word("kind") != "ConfigMap" or not name:
        return None
    if source.word("targetPath"):
        variable = context.configmap_value(thing.path, thing.namespace, name, key)
        return variable.holder if variable is not None and variable.via == "configmap" else None
    return context.configmap_file(thing.path, thing.namespace, name, key)
