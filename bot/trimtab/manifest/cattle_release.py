"""Releases that K3s and RKE2 make of a HelmChart, and Fleet of a `fleet.yaml`.

Sources: https://docs.k3s.io/add-ons/helm (v1.34): `set` over a HelmChartConfig's `valuesContent` over the chart's;
https://fleet.rancher.io/ref-fleet-yaml (0.13) and its `internal/bundlereader`: `valuesFiles` over `values` over
`valuesFrom`; a target's customization over all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from trimtab.manifest.objects import Thing
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.release import Parameter, Release, chart_folder, last, locked, own_values, roots
from trimtab.manifest.source import Cursor

if TYPE_CHECKING:
    from trimtab.manifest.context import Context

CATTLE = "helm.cattle.io"


def cattle_releases(thing: Thing, context: Context) -> Iterator[Release]:
    """Yield the release that a HelmChart declares; none where it is none."""
    spec = thing.at.get("spec") if (thing.group, thing.kind) == (CATTLE, "HelmChart") else None
    if spec is None:
        return
    configs = (one for one in context.things_named("HelmChartConfig", thing.name) if one.group == CATTLE)
    contents = (one.get("spec", "valuesContent") for one in (thing.at, *(one.at for one in configs)))
    inside = (one.inner() for one in contents if one is not None)
    layers = tuple(one for one in inside if one is not None and one.is_mapping)
    if spec.items("valuesSecrets"):
        layers = tuple(
            locked(one, f"a Secret of HelmChart {thing.name} ({thing.path}) may win over it") for one in layers
        )
    set_by_name = tuple(Parameter(name, value) for name, value in spec.entries("set").items())
    namespace = spec.word("targetNamespace") or thing.namespace
    yield Release(thing, "", last(spec.word("chart")), namespace, layers, set_by_name)


def is_fleet(path: str) -> bool:
    """Return whether a file is named as Fleet's are."""
    return path.rpartition("/")[2] == "fleet.yaml"


def fleet_releases(path: str, context: Context) -> Iterator[Release]:
    """Yield the releases of a `fleet.yaml`, for each target that it customizes one; none where it declares no chart."""
    for root in roots([path] if is_fleet(path) else [], context):
        helm = root.get("helm")
        for target in (None, *root.items("targetCustomizations")) if helm is not None else ():
            more = target.get("helm") if target is not None else None
            yield _of_fleet(root, [one for one in (helm, more) if one is not None], context)


def _of_fleet(root: Cursor, helms: list[Cursor], context: Context) -> Release:
    path, helm = root.source.path, helms[0]
    chart = helm.word("chart")
    folder = chart_folder(joined(folder_of(path), chart), context) if chart else ""
    layers = own_values(folder, context)
    for one in helms:
        hidden = [item.string or item.word("name") for item in one.items("valuesFrom")]
        layers = (
            [locked(layer, f"what `valuesFrom` of {path} names may win over it") for layer in layers]
            if hidden
            else layers
        )
        values = one.get("values")
        layers += [values] if values is not None and values.is_mapping else []
        layers += roots([joined(folder_of(path), item.string) for item in one.items("valuesFiles")], context)
    namespace = root.word("namespace") or root.word("defaultNamespace")
    name = helm.word("releaseName") or last(folder_of(path))
    thing = Thing(helm, "", "fleet", namespace, name)
    return Release(thing, folder, last(chart or folder_of(path)), namespace, tuple(layers))
