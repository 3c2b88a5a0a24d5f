"""Definitions of custom resources without their schemas: megabytes of text in which nothing is served or set."""

from __future__ import annotations

import re

DEFINITION = "CustomResourceDefinition"
_DOCUMENT = re.compile(r"(?<=\n)(?=---)")
_KIND = re.compile(rf"^kind: {DEFINITION}[ \t\r]*$", re.MULTILINE)
_GROUP = re.compile(r"^apiVersion: apiextensions\.k8s\.io/", re.MULTILINE)
_SPEC = re.compile(r"^spec:[ \t\r]*$", re.MULTILINE)
_KEY = re.compile(r"\n[^\s#]")
"""Where the next line begins that belongs to no block above it."""


def without_schemas(text: str) -> str:
    """Return a file's text with blanks in the place of each definition's `spec`, cut off where those end it."""
    short = "".join(_without_schema(document) for document in _DOCUMENT.split(text))
    kept = short.rstrip()
    return kept if len(kept) < len(text.rstrip()) else short


def _without_schema(document: str) -> str:
    spec = _SPEC.search(document) if _KIND.search(document) and _GROUP.search(document) else None
    if spec is None:
        return document
    after = _KEY.search(document, spec.end())
    stop = after.start() if after is not None else len(document)
    blank = "\n".join(" " * len(line) for line in document[spec.end() : stop].split("\n"))
    return document[: spec.end()] + blank + document[stop:]
