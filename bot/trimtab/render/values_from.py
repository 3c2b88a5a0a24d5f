"""Values that a HelmRelease takes from ConfigMaps of the tree; Secrets are not read, and what is nowhere is nothing.

Source: Flux 2.7, https://fluxcd.io/flux/components/helm/helmreleases/#values-references: in the order of the list,
whole values merged and those with a `targetPath` set as `helm --set` does, all of them below the release's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trimtab.errors import UsageError
from trimtab.manifest import BrokenYamlError, Plain, Tree, plain_documents
from trimtab.manifest.context import Context
from trimtab.manifest.release import keys_of
from trimtab.manifest.scalars import read_plain
from trimtab.render.plainly import below, mappings, word


@dataclass(frozen=True, slots=True)
class Referred:
    """One reference that was found.

    Attributes:
        path: The file that holds the text.
        values: What it adds to the values.
    """

    path: str
    values: dict[str, Plain]


def values_from(tree: Tree, path: str, release: dict[str, Plain]) -> tuple[Referred, ...]:
    """Return what a HelmRelease's `valuesFrom` brings, in order.

    Args:
        tree: The repository.
        path: The release's file.
        release: The release.
    """
    listed = tuple(mappings(below(release, "spec"), "valuesFrom"))
    return tuple(_found(Context(tree), path, release, listed)) if listed else ()


def merged(layers: Iterable[dict[str, Plain]]) -> dict[str, Plain]:
    """Return mappings laid over one another; null stays, so that Helm removes a chart's default by it.

    Source: github.com/fluxcd/pkg, runtime/transform `MergeMaps` (v0.60).
    """
    found: dict[str, Plain] = {}
    for layer in layers:
        for key, value in layer.items():
            under = found.get(key)
            if isinstance(value, dict) and isinstance(under, dict):
                found[key] = merged((under, value))
            else:
                found[key] = value
    return found


def _found(
    context: Context, near: str, release: dict[str, Plain], listed: tuple[dict[str, Plain], ...]
) -> Iterator[Referred]:
    namespace = word(below(release, "metadata"), "namespace")
    for one in listed:
        name, key = word(one, "name"), word(one, "valuesKey") or "values.yaml"
        found = _text(context, near, namespace, name, key) if word(one, "kind") == "ConfigMap" and name else None
        if found is not None:
            path, text = found
            yield Referred(path, _set(word(one, "targetPath"), text) if one.get("targetPath") else _parsed(text))


def _text(context: Context, near: str, namespace: str, name: str, key: str) -> tuple[str, str] | None:
    """Return file and text of a ConfigMap's key, written out or generated."""
    file = context.generated_file(near, name, key)
    if file in context.tree:
        return file, context.tree[file].decode(errors="replace")
    variable = context.configmap_value(near, namespace, name, key)
    return (variable.path, variable.text.value) if variable is not None else None


def _parsed(text: str) -> dict[str, Plain]:
    try:
        documents = plain_documents(text.encode())
    except (BrokenYamlError, UsageError):
        return {}
    return documents[0] if documents and isinstance(documents[0], dict) else {}


def _set(name: str, text: str) -> dict[str, Plain]:
    """Return values in which one path says a text; paths into lists are passed over, as they replace no list whole."""
    if "[" in name:
        return {}
    value: Plain = read_plain(text.strip())
    for key in reversed(keys_of(name)):
        value = {key: value}
    return value if isinstance(value, dict) else {}
