"""A value that may be missing: found with its source, or unknown with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value and where it comes from.

    Attributes:
        value: The value.
        source: The PromQL to paste, `path:line` in Git, or the catalogue's entry.
    """

    value: T
    source: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that could not be had, and why."""

    reason: str


Measure: TypeAlias = Found[float] | Unknown
