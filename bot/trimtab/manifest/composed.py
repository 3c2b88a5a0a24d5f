"""A scalar that is put together of others: it reads as no single place says it, so it can be read but not written."""

from __future__ import annotations

from dataclasses import replace

from trimtab.manifest.nodes import Document, ScalarNode
from trimtab.manifest.source import Cursor, Source
from trimtab.manifest.text import Text


def composed(carrier: Cursor, value: str, reason: str) -> Cursor:
    """Return a scalar that reads as `value`, each character of it placed at the whole scalar that carries it.

    Args:
        carrier: The scalar that holds most of it.
        value: What it reads as.
        reason: Why it is not to be edited.
    """
    if value == carrier.string:
        return replace(carrier, locked=carrier.locked or reason)
    text = carrier.text()
    start, end = text.span() if text is not None else (carrier.real.start, carrier.real.end)
    spread = Text(value, [start] * len(value), [end] * len(value), start)
    node = ScalarNode(value, "", "", "", 0, len(value))
    source = Source(carrier.source.path, Document(0, node, 0), spread, carrier.source.number)
    return Cursor(source, (), node, carrier.locked or reason, carrier.key, key_source=carrier.source)
