"""Values that stand inside an Application or a HelmRelease, as their controllers hand them to Helm."""

from __future__ import annotations

from dataclasses import dataclass, field

from trimtab.errors import UsageError
from trimtab.manifest import BrokenYamlError, Plain, Tree, documents_of, plain_documents
from trimtab.render.applications import sources
from trimtab.render.plainly import below, mappings, word
from trimtab.render.target import Target
from trimtab.render.values_from import merged, values_from


@dataclass(frozen=True, slots=True)
class Inline:
    """What a release says itself.

    Attributes:
        values: Laid over all values files.
        parameters: Name, value and whether it is always text; laid over the values.
    """

    values: dict[str, Plain] = field(default_factory=dict)
    parameters: tuple[tuple[str, str, bool], ...] = ()

    def options(self) -> tuple[str, ...]:
        """Return the parameters as Helm's command line takes them."""
        found: list[str] = []
        for name, value, text in self.parameters:
            escaped = value.replace("\\", "\\\\").replace(",", "\\,")
            found += ["--set-string" if text else "--set", f"{name}={escaped}"]
        return tuple(found)


def inline_values(target: Target, tree: Tree) -> Inline:
    """Return what the object behind a target says of values."""
    path, number = target.values
    documents = documents_of(tree, path) if path else ()
    document = documents[number] if number < len(documents) else None
    if not isinstance(document, dict):
        return Inline()
    if document.get("kind") == "HelmRelease":
        layers = (*(one.values for one in values_from(tree, path, document)), below(below(document, "spec"), "values"))
        return Inline(merged(layers))
    found = sources(document)
    helm = found[target.source].helm if target.source < len(found) else {}
    return Inline(_argo_values(helm), _parameters(helm))


def _argo_values(helm: dict[str, Plain]) -> dict[str, Plain]:
    """Return `valuesObject`, else the parsed text of `values`, as Argo CD takes them."""
    direct = helm.get("valuesObject")
    if isinstance(direct, dict):
        return direct
    text = helm.get("values")
    if not isinstance(text, str):
        return {}
    try:
        documents = plain_documents(text.encode())
    except (BrokenYamlError, UsageError):
        return {}
    return documents[0] if documents and isinstance(documents[0], dict) else {}


def _parameters(helm: dict[str, Plain]) -> tuple[tuple[str, str, bool], ...]:
    found = (one for one in mappings(helm, "parameters") if word(one, "name"))
    return tuple((word(one, "name"), _spelled(one.get("value")), one.get("forceString") is True) for one in found)


def _spelled(value: Plain) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
