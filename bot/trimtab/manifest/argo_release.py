"""The releases of charts that Argo CD declares: an Application's own, and those of each that an ApplicationSet makes.

Source: https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#helm-value-precedence (3.1): parameters over
`valuesObject` over `values` over `valueFiles` over the chart's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.manifest.generated_apps import Parameters, fill, fits, parameters_of, sources_of
from trimtab.manifest.objects import Thing
from trimtab.manifest.paths import joined
from trimtab.manifest.release import Parameter, Release, chart_folder, last, locked, own_values, roots
from trimtab.manifest.source import Cursor

if TYPE_CHECKING:
    from trimtab.manifest.context import Context

ARGO = "argoproj.io"


def argo_releases(thing: Thing, context: Context) -> Iterator[Release]:
    """Yield the releases that an Application or an ApplicationSet declares; none where it is neither."""
    if thing.group == ARGO and thing.kind == "Application":
        yield from _argo(thing, thing.at.get("spec"), {}, context)
    elif thing.group == ARGO and thing.kind == "ApplicationSet":
        spec = thing.at.get("spec", "template", "spec")
        for parameters in parameters_of(thing.at, context.tree) or ({},):
            yield from (replace(one, made=True) for one in _argo(thing, spec, parameters, context))


def _argo(thing: Thing, spec: Cursor | None, parameters: Parameters, context: Context) -> Iterator[Release]:
    if spec is None:
        return
    namespace = fill(spec.word("destination", "namespace"), parameters) or thing.namespace
    made = thing.kind == "ApplicationSet"
    app = fill(thing.at.word("spec", "template", "metadata", "name") if made else thing.name, parameters)
    for written in sources_of(spec):
        source = _overridden(written, fill(written.word("path"), parameters), app, context)
        helm, path = source.get("helm"), fill(source.word("path"), parameters)
        folder = chart_folder(path, context) if path else ""
        if helm is None and not folder:
            continue
        layers = own_values(folder, context)
        names = [_filled(one.string, app, parameters) for one in source.items("helm", "valueFiles")]
        for file, files in zip(names, _value_files(folder, names, context), strict=True):
            layers = layers if files or _may_be_missing(folder, file, spec, context) else _under(layers, file, thing)
            layers += roots(files, context)
        layers += _inline(helm)
        name = last(source.word("chart") or path)
        patched = _why_patched(thing)
        set_by_name = tuple(_locked_parameter(one, patched) for one in _set(source, folder, context))
        yield Release(thing, folder, name, namespace, tuple(locked(one, patched) for one in layers), set_by_name)


def _overridden(source: Cursor, path: str, app: str, context: Context) -> Cursor:
    """Return a source under the overrides that Argo CD keeps in its folder, such as those of its image updater.

    Source: https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/#store-overrides-in-git (3.1).
    """
    folder = joined("", path.lstrip("/"))
    for name in (".argocd-source.yaml", f".argocd-source-{app}.yaml") if path else ():
        for root in roots([joined(folder, name)], context):
            source = replace(root, under=(source,), whole=True)
    return source


def _filled(name: str, app: str, parameters: Parameters) -> str:
    return re.sub(r"\$\{?ARGOCD_APP_NAME\}?", lambda _: app, fill(name, parameters))


def _value_files(folder: str, names: Sequence[str], context: Context) -> Iterator[list[str]]:
    """Yield the files of the tree for each entry of `valueFiles`.

    Those of a pattern come in Argo CD's order, a folder's own before those further down; a file comes once, where it is
    named in full. Source: https://argo-cd.readthedocs.io/en/latest/user-guide/helm/#glob-patterns-in-value-files (3.4).
    """
    paths = [value_file(folder, name) for name in names]
    patterns = [bool(re.search(r"[*?\[]", path)) and not re.search(r"\{\{|://", path) for path in paths]
    taken = {path for path, is_pattern in zip(paths, patterns, strict=True) if not is_pattern}
    for path, is_pattern in zip(paths, patterns, strict=True):
        if is_pattern:
            fitting = sorted((one for one in context.tree if fits(one, path) and one not in taken), key=_files_first)
            taken.update(fitting)
            yield fitting
        else:
            yield [path] if path in context.tree else []


def _files_first(path: str) -> list[tuple[bool, str]]:
    """Return what orders paths so that a folder's own files come before those of the folders in it."""
    *folders, name = path.split("/")
    return [*((True, folder) for folder in folders), (False, name)]


def _may_be_missing(folder: str, name: str, spec: Cursor, context: Context) -> bool:
    """Return whether a file that is not in the tree says nothing: it belongs to this repository, and is not there.

    Another repository is known to be this one where one of its files is here.
    """
    if "{{" in name or "://" in name:
        return False
    if not name.startswith("$"):
        return bool(folder)
    start = f"{name.partition('/')[0]}/"
    names = [one.string for source in spec.items("sources") for one in source.items("helm", "valueFiles")]
    return any(value_file("", one) in context.tree for one in names if one.startswith(start))


def _under(layers: list[Cursor], name: str, thing: Thing) -> list[Cursor]:
    """Return layers under one that is not in the tree, so that nobody knows whether they win."""
    reason = f"{name}, which {thing.kind} {thing.name} ({thing.path}) lays over it, is not in the tree and may win"
    return [locked(one, reason) for one in layers]


def _why_patched(thing: Thing) -> str:
    """Return why what an ApplicationSet's template says may not be what it makes; empty where it is."""
    of_generators = _templates(thing.at.items("spec", "generators"))
    if any(one.get("spec") is not None for one in of_generators):
        return (
            f"the template of a generator of {thing.kind} {thing.name} ({thing.path}) may say otherwise; edit it there"
        )
    patch = thing.at.word("spec", "templatePatch")
    if not re.search(r"\b(?:helm|values\w*|valueFiles|parameters|sources?|kustomize)\b", patch):
        return ""
    return f"the templatePatch of {thing.kind} {thing.name} ({thing.path}) may say otherwise; edit it there by hand"


def _templates(generators: Sequence[Cursor], depth: int = 0) -> Iterator[Cursor]:
    """Yield the templates that generators, those inside others included, lay over the common one."""
    for kind in (kind for one in generators for kind in one.entries().values()):
        template = kind.get("template")
        if template is not None:
            yield template
        yield from _templates(kind.items("generators"), depth + 1) if depth < 2 else ()  # noqa: PLR2004 - nested twice


def _locked_parameter(one: Parameter, reason: str) -> Parameter:
    return replace(one, value=locked(one.value, reason))


def _inline(helm: Cursor | None) -> list[Cursor]:
    """Return the values inside the object; the mapping wins over the text."""
    if helm is None:
        return []
    mapping, text = helm.get("valuesObject"), helm.get("values")
    found = mapping if mapping is not None else text.inner() if text is not None else None
    return [found] if found is not None and found.is_mapping else []


def _set(source: Cursor, folder: str, context: Context) -> Iterator[Parameter]:
    """Yield what is set by name, as helm takes it: `--set`, then `--set-string`, then the contents of files."""
    listed = source.items("helm", "parameters")
    for forced in (False, True):
        for item in listed:
            value = item.get("value")
            said = value is not None and value.scalar is not None and item.word("name")
            if value is not None and said and (item.word("forceString") == "true") == forced:
                yield Parameter(item.word("name"), value)
    for item in source.items("helm", "fileParameters"):
        found = roots([value_file(folder, item.word("path"))], context, scalars=True)
        yield from (Parameter(item.word("name"), one) for one in found if item.word("name"))


def value_file(folder: str, name: str) -> str:
    """Return the path of a values file; `$ref/` stands for another source, which is taken to be this repository."""
    if name.startswith(("$", "/")):
        return joined("", name.partition("/")[2])
    return joined(folder, name)
