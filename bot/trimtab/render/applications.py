"""Releases that Argo CD declares: Applications, and the ones that an ApplicationSet makes of a list.

Source: Argo CD 3.2, docs/operator-manual/application.yaml and docs/operator-manual/applicationset/Generators-List.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.manifest import Plain, Tree
from trimtab.manifest.paths import joined
from trimtab.render.plainly import below, mappings, word
from trimtab.render.target import Target

GROUP = "argoproj.io"
_PLACE = re.compile(r"\{\{-?\s*\.?([\w.]+)\s*-?\}\}")
_CHART = "Chart.yaml"


@dataclass(frozen=True, slots=True)
class Source:
    """One source of an Application that is a chart.

    Attributes:
        helm: What it says of values.
        spec: The source.
        application: The Application it belongs to.
    """

    helm: dict[str, Plain]
    spec: dict[str, Plain]
    application: dict[str, Plain]


def sources(document: dict[str, Plain]) -> tuple[Source, ...]:
    """Return the sources of an Application, or of all that an ApplicationSet makes, in order."""
    return tuple(source for application in _applications(document) for source in _of(application))


def _of(application: dict[str, Plain]) -> Iterator[Source]:
    spec = below(application, "spec")
    several = spec.get("sources")
    for source in several if isinstance(several, list) else [spec.get("source")]:
        if isinstance(source, dict) and not source.get("ref"):
            yield Source(below(source, "helm"), source, application)


def targets(tree: Tree, path: str, number: int, document: dict[str, Plain]) -> Iterator[Target]:
    """Yield what a document's sources render; sources without a chart are no releases."""
    for index, source in enumerate(sources(document)):
        chart = joined("", word(source.spec, "path")) if source.spec.get("path") else ""
        if source.spec.get("chart") or joined(chart, _CHART) in tree or "{{" in chart:
            yield _target(source, chart, (path, number), index)


def _target(source: Source, chart: str, values: tuple[str, int], index: int) -> Target:
    helm, spec = source.helm, source.spec
    name, version = word(spec, "chart"), word(spec, "targetRevision")
    files = helm.get("valueFiles")
    release = word(helm, "releaseName") or word(below(source.application, "metadata"), "name")
    versions = helm.get("apiVersions")
    target = Target(
        kind="helm",
        path="" if name else chart,
        release=release,
        namespace=word(below(below(source.application, "spec"), "destination"), "namespace"),
        values_files=tuple(_value_file(chart, str(file)) for file in files) if isinstance(files, list) else (),
        values=values,
        missing=f"chart {name} of {word(spec, 'repoURL')} is not in this repository" if name else "",
        source=index,
        shelved=(name, version) if name else ("", ""),
        origin=_origin(word(spec, "repoURL")) if name else "",
        kube_version=word(helm, "kubeVersion"),
        api_versions=tuple(map(str, versions)) if isinstance(versions, list) else (),
        optional_files=helm.get("ignoreMissingValueFiles") is True,
    )
    open_words = [one for one in (chart, release, target.namespace, *target.values_files) if "{{" in one]
    if open_words:
        reason = f"{open_words[0]} is filled in by a generator that only the cluster runs"
        return Target("helm", target.path, release, values=values, missing=reason, source=index)
    return target


def _origin(address: str) -> str:
    """Return a chart repository's address; Argo CD writes those of OCI registries without a scheme."""
    return address if "://" in address else f"oci://{address}"


def _applications(document: dict[str, Plain]) -> Iterator[dict[str, Plain]]:
    if document.get("kind") != "ApplicationSet":
        yield document
        return
    spec = below(document, "spec")
    template = below(spec, "template")
    elements = [
        element
        for generator in mappings(spec, "generators")
        for element in mappings(below(generator, "list"), "elements")
    ]
    for element in elements:
        filled = _filled(template, element)
        yield filled if isinstance(filled, dict) else template
    if not elements:
        yield template


def _filled(value: Plain, element: dict[str, Plain]) -> Plain:
    """Return a template with the places filled that an element names; any other is left as it is."""
    if isinstance(value, dict):
        return {key: _filled(below_it, element) for key, below_it in value.items()}
    if isinstance(value, list):
        return [_filled(item, element) for item in value]
    if isinstance(value, str):
        return _PLACE.sub(lambda match: _said(match, element), value)
    return value


def _said(match: re.Match[str], element: dict[str, Plain]) -> str:
    here: Plain = element
    for part in match[1].split("."):
        here = here.get(part) if isinstance(here, dict) else None
    return match[0] if here is None or isinstance(here, dict | list) else str(here)


def _value_file(chart: str, name: str) -> str:
    """Return the path of a values file; `$ref/` stands for the root of another source, taken to be this repository."""
    if name.startswith("$"):
        return joined("", name.partition("/")[2])
    return joined("", name.lstrip("/")) if name.startswith("/") else joined(chart, name)
