"""The one interface of a shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing


@dataclass(frozen=True, slots=True)
class Shape:
    """A way in which a serving is declared.

    Attributes:
        kinds: API group and kind of the objects it knows; the group decides, never the kind alone.
        servings: Yields the servings of such an object.
        speaks: Whether the kind itself says that a model is served, whatever else stands in the file.
    """

    kinds: frozenset[tuple[str, str]]
    servings: Callable[[Thing, Context], Iterator[Draft]]
    speaks: bool = False
