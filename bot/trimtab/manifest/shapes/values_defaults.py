"""What a file of values may say beyond what it says: the keys that the chart's own values have.

A chart reads the keys of its `values.yaml`, so a file that is laid over it may have each of them at the same place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from trimtab.fleet import Scalar
from trimtab.manifest import resources, selector
from trimtab.manifest.hit import Draft, Writer
from trimtab.manifest.scalars import spell
from trimtab.manifest.shapes.values_look import Look
from trimtab.manifest.shapes.values_words import WORDS
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice

_HOST = (("cpu_request", "requests", "cpu"), ("memory_request", "requests", "memory"))


def take_defaults(draft: Draft, look: Look, at: Cursor, defaults: Cursor | None) -> None:
    """Let a serving of a file be told what its chart's own values have a key for.

    Args:
        draft: The serving, its own file read.
        look: What stands in its part of the file.
        at: The top of the file.
        defaults: The top of the chart's own values, None where there are none.
    """
    part = defaults.get(*_names(look.root)) if defaults is not None else None
    if part is None or not part.is_mapping:
        return
    theirs = Look.at(part)
    for word, field in WORDS.items():
        key = theirs.words.get(word)
        if key is not None and field not in draft.hits and word not in look.words:
            draft.adders.setdefault(field, _like(at, key))
    _take_scale(draft, look, theirs)
    asked, nodes = theirs.parts.get("resources"), theirs.parts.get("nodeselector")
    if asked is not None and "resources" not in look.parts:
        for field, *keys in _HOST:
            draft.adders.setdefault(field, _below(at, (*_names(asked), *keys)))
    if nodes is not None and "nodeselector" not in look.parts and "gpu_product" not in {*draft.hits, *draft.refusals}:
        selector.take_selector(draft, (), nodes, "")
        free = draft.add_selector is not None and not any(selector.selectors_in(nodes))
        draft.add_selector = _selecting(at, _names(nodes)) if free else None


def _take_scale(draft: Draft, look: Look, theirs: Look) -> None:
    """Leave the number of replicas to the chart's autoscaler, where its own values switch that on."""
    enabled = look.scaler.get("enabled") or theirs.scaler.get("enabled")
    if enabled is None or enabled.value is not True:
        return
    draft.refusals["replicas"] = "the chart's autoscaler owns the number of replicas"
    if "replicas" in draft.hits:
        draft.hits["replicas"] = replace(draft.hits["replicas"], locked=draft.refusals["replicas"])


def _names(at: Cursor) -> tuple[str, ...]:
    return tuple(str(key) for key in at.path)


def _like(at: Cursor, key: Cursor) -> Writer:
    """Return the writer of a key as the chart's own values have it: a number where one stands there."""
    bare = isinstance(key.value, int | float)

    def writer(value: Scalar) -> tuple[Splice, ...]:
        return (resources.add_path(at, _names(key), value if bare else spell(value)),)

    return writer


def _below(at: Cursor, keys: tuple[str, ...]) -> Writer:
    return lambda value: (resources.add_path(at, keys, spell(value)),)


def _selecting(at: Cursor, keys: tuple[str, ...]) -> Callable[[str, str], tuple[Splice, ...]]:
    return lambda label, value: (resources.add_path(at, (*keys, label), value),)
