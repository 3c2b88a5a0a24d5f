"""Kubernetes quantities, and whether two settings mean the same."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from trimtab.fleet.found import Scalar

_QUANTITY = re.compile(
    r"(?P<number>\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?)(?P<unit>[numkMGTPE]|[KMGTPE]i)?", re.ASCII
)
_FACTORS: Mapping[str, float] = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    **{unit: 1000.0**power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": 1024.0**power for power, unit in enumerate("KMGTPE", start=1)},
}
"""https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ (1.34)."""


def quantity(value: Scalar) -> float:
    """Return cores, bytes or a plain number for `500m`, `8Gi`, `1e3` or 0.5; NaN where it is none, or below zero."""
    match = None if isinstance(value, bool) else _QUANTITY.fullmatch(str(value))
    if match is None or (match["unit"] and "e" in match["number"].lower()):
        return math.nan
    return float(match["number"]) * _FACTORS[match["unit"] or ""]


def same(left: Scalar, right: Scalar) -> bool:
    """Return whether two values mean the same: `0.5` and `500m`, `8` and "8"."""
    if left == right or str(left) == str(right):
        return True
    figures = [quantity(left), quantity(right)]
    return all(map(math.isfinite, figures)) and math.isclose(*figures, rel_tol=1e-6)
