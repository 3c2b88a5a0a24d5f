"""Releases that Flux declares: HelmReleases, with the chart they name or the artifact they refer to.

Source: Flux 2.7, helm.toolkit.fluxcd.io/v2 and source.toolkit.fluxcd.io/v1.
"""

from __future__ import annotations

from trimtab.manifest import Plain, Tree, documents_of
from trimtab.manifest.paths import joined
from trimtab.render.plainly import below, word
from trimtab.render.target import Target
from trimtab.render.values_from import values_from

GROUP = "helm.toolkit.fluxcd.io"
_SOURCES = "source.toolkit.fluxcd.io"
_CHART = "Chart.yaml"


def target_of(tree: Tree, path: str, number: int, document: dict[str, Plain]) -> Target:
    """Return what a HelmRelease renders."""
    spec, metadata = below(document, "spec"), below(document, "metadata")
    chart_spec = below(below(spec, "chart"), "spec")
    chart = joined("", word(chart_spec, "chart").removeprefix("./"))
    here = bool(chart_spec) and joined(chart, _CHART) in tree
    listed = chart_spec.get("valuesFiles")
    source = word(below(chart_spec, "sourceRef"), "name") or word(below(spec, "chartRef"), "name")
    named = below(spec, "chartRef") if not chart_spec else below(chart_spec, "sourceRef")
    referred = _source(tree, named)
    shelved = (chart, word(chart_spec, "version")) if chart_spec else _chart_of(referred)
    return Target(
        kind="helm",
        path=chart if here else "",
        release=_release(spec, metadata),
        namespace=word(spec, "targetNamespace") or word(metadata, "namespace"),
        values_files=tuple(joined("", str(name)) for name in listed) if here and isinstance(listed, list) else (),
        values=(path, number),
        missing="" if here else f"chart {shelved[0] or source} of {source} is not in this repository",
        shelved=("", "") if here else shelved,
        origin="" if here else _origin(tree, referred),
        values_from=tuple(one.path for one in values_from(tree, path, document)),
    )


def _release(spec: dict[str, Plain], metadata: dict[str, Plain]) -> str:
    """Return the release's name: its own, else the object's behind the target namespace, as Flux composes it."""
    own = word(spec, "releaseName")
    name, namespace = word(metadata, "name"), word(spec, "targetNamespace")
    return own or (f"{namespace}-{name}" if namespace else name)


def _source(tree: Tree, wanted: dict[str, Plain]) -> dict[str, Plain]:
    """Return the spec of the HelmRepository, OCIRepository or HelmChart of the tree that a reference names."""
    kind, name = word(wanted, "kind"), word(wanted, "name")
    for path in tree.yaml_paths if name else ():
        if _SOURCES.encode() not in tree[path] or name.encode() not in tree[path]:
            continue
        for document in documents_of(tree, path):
            if isinstance(document, dict) and (document.get("kind"), _name(document)) == (kind, name):
                return below(document, "spec")
    return {}


def _origin(tree: Tree, source: dict[str, Plain]) -> str:
    """Return the chart repository's address: the source's own, without the chart where it names one artifact."""
    address = word(source or _source(tree, below(source, "sourceRef")), "url")
    if not address and source:
        address = word(_source(tree, below(source, "sourceRef")), "url")
    return address.rstrip("/").rpartition("/")[0] if "ref" in source else address


def _name(document: dict[str, Plain]) -> str:
    return word(below(document, "metadata"), "name")


def _chart_of(spec: dict[str, Plain]) -> tuple[str, str]:
    ref = below(spec, "ref")
    name = word(spec, "chart") or word(spec, "url").rstrip("/").rpartition("/")[2]
    return name, word(spec, "version") or word(ref, "tag") or word(ref, "semver")
