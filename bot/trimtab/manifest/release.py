"""A release of a chart: which trees of values it lays over one another, and what it sets one by one.

Sources: Argo CD 3.1, https://argo-cd.readthedocs.io/en/stable/user-guide/helm/ (parameters over `valuesObject` over
`values` over `valueFiles` over the chart's own); Flux 2.6, https://fluxcd.io/flux/components/helm/helmreleases/#values
(`values` over `valuesFrom` in order over the chart's own, or over `valuesFiles`, which stand in for it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trimtab.manifest.generated_apps import Parameters, fill, parameters_of
from trimtab.manifest.grafts import Graft
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor

if TYPE_CHECKING:
    from trimtab.manifest.context import Context, Thing

ARGO, FLUX = "argoproj.io", "helm.toolkit.fluxcd.io"
_NAMES = re.compile(r"(?:\\.|[^.\[\]\\])+|\[\d+\]")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value that is set by its dotted name, over all values."""

    name: str
    value: Cursor


@dataclass(frozen=True, slots=True)
class Release:
    """One release.

    Attributes:
        thing: The object that declares it.
        chart: The chart's folder; empty where it is not in the tree.
        chart_name: The chart's name, empty where nothing tells.
        namespace: Where it is installed, empty where nothing tells.
        layers: Trees of values, the lowest first; the chart's own is the first where it is in the tree.
        parameters: What is set over them.
        made: Whether a generator made it of a template, so that its object stands for several.
    """

    thing: Thing
    chart: str
    chart_name: str
    namespace: str
    layers: tuple[Cursor, ...]
    parameters: tuple[Parameter, ...] = ()
    made: bool = False

    @property
    def paths(self) -> frozenset[str]:
        """Return the files that the values stand in."""
        return frozenset(layer.source.path for layer in self.layers)

    def values(self) -> Cursor | None:
        """Return the values as the chart gets them, each with its own place; lists are replaced whole."""
        found: Cursor | None = None
        for layer in self.layers:
            found = replace(layer, under=(found,) if found is not None else (), whole=True)
        if found is None:
            return None
        grafts = (Graft("add", keys_of(one.name), one.value) for one in self.parameters)
        return replace(found, grafts=tuple(grafts))


def keys_of(name: str) -> tuple[str, ...]:
    r"""Return the keys and indexes of a name as `helm --set` has it: `a.b[0].c\.d`."""
    return tuple(re.sub(r"\\(.)", r"\1", part.strip("[]")) for part in _NAMES.findall(name))


def releases_of(thing: Thing, context: Context) -> Iterator[Release]:
    """Yield the releases that an Application, an ApplicationSet or a HelmRelease declares."""
    if thing.group == FLUX and thing.kind == "HelmRelease":
        yield from _flux(thing, context)
    elif thing.group == ARGO and thing.kind == "Application":
        yield from _argo(thing, thing.at.get("spec"), {}, context)
    elif thing.group == ARGO and thing.kind == "ApplicationSet":
        spec = thing.at.get("spec", "template", "spec")
        for parameters in parameters_of(thing.at, context.tree) or ({},):
            yield from (replace(one, made=True) for one in _argo(thing, spec, parameters, context))


def _flux(thing: Thing, context: Context) -> Iterator[Release]:
    spec = thing.at.get("spec")
    if spec is None:
        return
    name = spec.word("chart", "spec", "chart") or spec.word("chartRef", "name")
    from_git = spec.word("chart", "spec", "sourceRef", "kind") in {"GitRepository", "Bucket"}
    folder = _chart_folder(name, context) if from_git else ""
    files = [joined(folder, one.string) for one in _items(spec, "chart", "spec", "valuesFiles")] if folder else []
    layers = _roots(files or ([joined(folder, "values.yaml")] if folder else []), context)
    set_by_name = []
    for source in _items(spec, "valuesFrom"):
        found, name_of_path = _referred(thing, source, context), source.word("targetPath")
        if found is not None and name_of_path:
            set_by_name.append(Parameter(name_of_path, found))
        elif found is not None and (inner := found if found.is_mapping else found.inner()) is not None:
            layers.append(inner)
    values = spec.get("values")
    namespace = spec.word("targetNamespace") or thing.namespace
    own = [values] if values is not None and values.is_mapping else []
    yield Release(thing, folder, last(name), namespace, (*layers, *own), tuple(set_by_name))


def _referred(thing: Thing, source: Cursor, context: Context) -> Cursor | None:
    """Return the text, or the file, of a ConfigMap that `valuesFrom` names; Secrets are not read."""
    key, name = source.word("valuesKey") or "values.yaml", source.word("name")
    if source.word("kind") != "ConfigMap" or not name:
        return None
    if source.word("targetPath"):
        variable = context.configmap_value(thing.path, thing.namespace, name, key)
        return variable.holder if variable is not None and variable.via == "configmap" else None
    return context.configmap_file(thing.path, thing.namespace, name, key)


def _argo(thing: Thing, spec: Cursor | None, parameters: Parameters, context: Context) -> Iterator[Release]:
    if spec is None:
        return
    single = spec.get("source")
    namespace = fill(spec.word("destination", "namespace"), parameters) or thing.namespace
    for source in (*_items(spec, "sources"), *((single,) if single is not None else ())):
        helm, path = source.get("helm"), fill(source.word("path"), parameters)
        folder = _chart_folder(path, context) if path else ""
        if helm is None and not folder:
            continue
        names = [fill(one.string, parameters) for one in _items(helm, "valueFiles")]
        files = [joined(folder, "values.yaml")] if folder else []
        layers = _roots([*files, *(value_file(folder, name) for name in names)], context)
        layers += _inline(helm)
        name = last(source.word("chart") or path)
        yield Release(thing, folder, name, namespace, tuple(layers), tuple(_set(helm, folder, context)))


def _inline(helm: Cursor | None) -> list[Cursor]:
    """Return the values inside the object; the mapping wins over the text."""
    if helm is None:
        return []
    mapping, text = helm.get("valuesObject"), helm.get("values")
    found = mapping if mapping is not None else text.inner() if text is not None else None
    return [found] if found is not None and found.is_mapping else []


def _set(helm: Cursor | None, folder: str, context: Context) -> Iterator[Parameter]:
    """Yield what is set by name: the contents of files first, then parameters."""
    for item in _items(helm, "fileParameters"):
        roots = _roots([value_file(folder, item.word("path"))], context, scalars=True)
        yield from (Parameter(item.word("name"), root) for root in roots if item.word("name"))
    for item in _items(helm, "parameters"):
        value = item.get("value")
        if value is not None and value.scalar is not None and item.word("name"):
            yield Parameter(item.word("name"), value)


def value_file(folder: str, name: str) -> str:
    """Return the path of a values file; `$ref/` stands for another source, which is taken to be this repository."""
    if name.startswith(("$", "/")):
        return joined("", name.partition("/")[2])
    return joined(folder, name)


def _chart_folder(path: str, context: Context) -> str:
    """Return a chart's folder where it, or at least its values, is in the tree, else empty."""
    folder = joined("", path.lstrip("/"))
    return folder if any(joined(folder, name) in context.tree for name in ("Chart.yaml", "values.yaml")) else ""


def _roots(paths: list[str], context: Context, *, scalars: bool = False) -> list[Cursor]:
    roots = [source.root() for path in paths for source in context.tree.readable(path)]
    return [root for root in roots if root is not None and (root.is_mapping or (scalars and root.scalar is not None))]


def _items(at: Cursor | None, *keys: str) -> tuple[Cursor, ...]:
    found = at.get(*keys) if at is not None else None
    return found.items() if found is not None else ()


def last(path: str) -> str:
    """Return the last part of a path."""
    return path.rstrip("/").rsplit("/", 1)[-1]
