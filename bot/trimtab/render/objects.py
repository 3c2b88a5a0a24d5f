"""Rendered objects, by identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trimtab.manifest import Plain


@dataclass(frozen=True, slots=True, order=True)
class ObjectId:
    """An object of a rendering; two of the same identity are told apart by `ordinal`, from 0."""

    api_version: str
    kind: str
    namespace: str
    name: str
    ordinal: int = 0

    def __str__(self) -> str:
        """Return `Deployment llm/chat`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a target becomes.

    Attributes:
        objects: By identity.
        tool: `helm 3.18.6 (chart apps/chat)`, `kustomize 5.7.1 (overlays/eu)` or `the object itself`.
    """

    objects: Mapping[ObjectId, Plain]
    tool: str


@dataclass(frozen=True, slots=True)
class Unrendered:
    """A target that could not be rendered.

    Attributes:
        reason: Why, in a line.
        said: All that the tool said of it, for whoever looks for what it names.
    """

    reason: str
    said: str = ""


def identified(documents: tuple[Plain, ...]) -> Mapping[ObjectId, Plain]:
    """Return documents by identity; lists are opened, and what is no object counts by its place."""
    found: dict[ObjectId, Plain] = {}
    for document in _opened(documents):
        base = _identity(document)
        ordinal = 0
        while (key := ObjectId(*base, ordinal)) in found:
            ordinal += 1
        found[key] = document
    return found


def _opened(documents: tuple[Plain, ...]) -> tuple[Plain, ...]:
    """Return the documents with the items of every `kind: List` in its place."""
    opened: list[Plain] = []
    for document in documents:
        items = document.get("items") if isinstance(document, dict) and document.get("kind") == "List" else None
        opened.extend(items if isinstance(items, list) else [document])
    return tuple(opened)


def _identity(document: Plain) -> tuple[str, str, str, str]:
    if not isinstance(document, dict):
        return ("", "", "", "")
    metadata = document.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    name = named.get("name") or named.get("generateName") or ""
    return (_text(document.get("apiVersion")), _text(document.get("kind")), _text(named.get("namespace")), _text(name))


def _text(value: Plain) -> str:
    return "" if value is None else str(value)
