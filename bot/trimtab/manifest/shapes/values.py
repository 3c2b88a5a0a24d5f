"""Values of Helm charts, wherever they stand: the charts that are known by their keys, and any other by its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from trimtab.manifest.hit import Draft
from trimtab.manifest.shapes import (
    values_any,
    values_app_template,
    values_kubeai,
    values_llm_d,
    values_production_stack,
    values_templates,
)
from trimtab.manifest.shapes.owner import Owner
from trimtab.manifest.source import Cursor

Reader = Callable[[Cursor, Owner], Iterator[Draft]]

READERS: tuple[Reader, ...] = (
    values_production_stack.read,
    values_app_template.read,
    values_llm_d.read,
    values_kubeai.read,
)


def servings_of(values: Cursor, owner: Owner) -> Iterator[Draft]:
    """Yield the servings that a tree of values makes; the first reader that finds any has the tree.

    Of a chart that none of them knows, words tell and, where they lie in the tree, its templates.
    """
    for reader in READERS:
        found = list(reader(values, owner))
        if found:
            yield from found
            return
    guessed = list(values_any.read(values, owner))
    yield from values_templates.with_templates(values, owner, guessed)
