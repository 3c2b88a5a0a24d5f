"""The address of a model's files, and the name inside it: `hf://org/name`, `ollama://name:tag`, `pvc://claim/path`."""

from __future__ import annotations

from dataclasses import replace

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest.container import field_hit
from trimtab.manifest.hit import Hit
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice

_NAMING = ("hf://", "ollama://")
"""Schemes after which comes the name that the engine itself would be given."""


def model_hit(uri: Cursor) -> Hit:
    """Return the hit of a model's address; of `hf://org/name` the part after the scheme."""
    text = uri.text()
    scheme = next((one for one in _NAMING if uri.string.startswith(one)), "")
    if text is None or not scheme:
        return _kept_an_address(field_hit("model", uri.string, uri))
    stop = text.value.find("?")
    part = text.cut(len(scheme), len(text.value) if stop < 0 else stop)
    return field_hit("model", part.value, uri, part)


def _kept_an_address(hit: Hit) -> Hit:
    """Return a hit that refuses a bare name where an address of files stands: the name says nothing of the place."""
    scheme, colon, _ = str(hit.value).partition("://")
    write = hit.writer
    if not colon or write is None:
        return hit

    def writer(new: Scalar) -> tuple[Splice, ...]:
        if "://" not in str(new):
            raise RefusedError(f"the model's files come from {scheme}://", f"give the new address, {scheme}://…")
        return write(new)

    return replace(hit, writer=writer)
