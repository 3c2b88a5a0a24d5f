"""Values that an object deploys: Flux's HelmRelease, Argo CD's Application and ApplicationSet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.context import Context, Thing
from trimtab.manifest.hit import Draft
from trimtab.manifest.paths import joined, within
from trimtab.manifest.shapes.owner import Owner
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.shapes.values import servings_of
from trimtab.manifest.shapes.values_words import field_of_key
from trimtab.manifest.source import Cursor


def flux(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield the servings of a HelmRelease's inline values."""
    spec = thing.at.get("spec")
    values = spec.get("values") if spec is not None else None
    if spec is not None and values is not None:
        namespace = spec.word("targetNamespace") or thing.namespace
        named = spec.word("chart", "spec", "chart") or spec.word("chartRef", "name")
        owner = Owner(
            thing.at, thing.api_version, thing.kind, namespace, thing.name, "flux-helmrelease", context, _last(named)
        )
        yield from servings_of(values, owner)


def argo(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield the servings of an Application's own values, and of a chart's values that its parameters change."""
    spec = thing.at.get("spec", "template", "spec") if thing.kind == "ApplicationSet" else thing.at.get("spec")
    if spec is None:
        return
    many = spec.get("sources")
    single = spec.get("source")
    namespace = spec.word("destination", "namespace") or thing.namespace
    owner = Owner(thing.at, thing.api_version, thing.kind, namespace, thing.name, "argo-application", context)
    for source in (*(many.items() if many is not None else ()), *((single,) if single is not None else ())):
        helm = source.get("helm")
        if helm is not None:
            chart = _last(source.word("chart") or source.word("path"))
            yield from _of_source(source, helm, replace(owner, chart=chart))


def _last(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def _of_source(source: Cursor, helm: Cursor, owner: Owner) -> Iterator[Draft]:
    found: list[Draft] = []
    text = helm.get("values")
    for values in (helm.get("valuesObject"), text.inner() if text is not None else None):
        if values is not None and not found:
            found = list(servings_of(values, owner))
    parameters = helm.get("parameters")
    if not found and parameters is not None:
        found = list(_of_chart(source, helm, owner))
    for draft in found:
        changed = _take_parameters(draft, parameters) if parameters is not None else False
        if changed or draft.source.source.path == owner.at.source.path:
            yield draft


def _of_chart(source: Cursor, helm: Cursor, owner: Owner) -> Iterator[Draft]:
    """Yield the servings of the chart's own values in the tree, the last file that has any."""
    folder = joined("", source.word("path")) if source.word("path") else ""
    listed = helm.get("valueFiles")
    files = [joined(folder, item.string) for item in listed.items()] if listed is not None else []
    for path in (*reversed(files), joined(folder, "values.yaml")):
        for document in owner.context.tree.readable(path):
            root = document.root()
            drafts = list(servings_of(root, owner)) if root is not None else []
            if drafts:
                yield from drafts
                return


def _take_parameters(draft: Draft, parameters: Cursor) -> bool:
    """Let parameters say what they say, over the values; return whether any does."""
    changed = False
    for item in parameters.items():
        value = item.get("value")
        field = field_of_key(item.word("name"))
        if field and value is not None and value.string:
            hit = field_hit(field, vocabulary.read(field, value.string), value, via="parameter")
            draft.hits[field] = hit
            changed = True
    return changed


def values_file(at: Cursor, context: Context) -> Iterator[Draft]:
    """Yield the servings of a values file; parameters of an Application may win over it."""
    owner = Owner(at, "", "", "", "", "helm-values", context, _chart_of(at.source.path))
    for draft in servings_of(at, owner):
        _lock_overridden(draft, at, context)
        yield draft


def _chart_of(path: str) -> str:
    """Return what a values file is for by its place: its own name, or its folder's where it is named after values."""
    folder, _, name = path.rpartition("/")
    stem = name.rsplit(".", 1)[0]
    return _last(folder) if "values" in stem.lower() else stem


def _lock_overridden(draft: Draft, at: Cursor, context: Context) -> None:
    """Say of settings that an Application's parameters override that they are not to be edited here."""
    for thing, folder, parameters in context.parameters:
        if not within(at.source.path, folder):
            continue
        for item in parameters.items():
            field = field_of_key(item.word("name"))
            if field in draft.hits and not draft.hits[field].locked:
                reason = f"the parameter {item.word('name')} of {thing.kind} {thing.name} ({thing.path}) wins over it"
                draft.hits[field] = replace(draft.hits[field], locked=reason)


FLUX = Shape(frozenset({("helm.toolkit.fluxcd.io", "HelmRelease")}), flux)
ARGO = Shape(frozenset({("argoproj.io", "Application"), ("argoproj.io", "ApplicationSet")}), argo)
