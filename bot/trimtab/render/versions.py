"""Which version of a chart a declaration means: one, or the highest of a range.

Source: the ranges of Masterminds/semver v3.4, which Helm, Flux and Argo CD read versions with; of `||`, hyphen ranges
and pre-releases only the exact version is understood here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int]
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:\+[\w.-]+)?")
_PART = re.compile(r"(?P<sign>[<>]=?|!=|[=^~])?\s*v?(?P<numbers>\d+(?:\.(?:\d+|[xX*]))*|[xX*])")
_ANY = frozenset({"", "*", "x", "X"})


def chosen(wanted: str, there: Iterable[str]) -> str:
    """Return the version that a declaration means, of those that are there; empty where none is.

    Args:
        wanted: As declared: `0.1.7`, `v0.1.7`, `0.1.x`, `^1.2`, `>=1.0 <2.0`, `*` or nothing.
        there: What can be had.
    """
    found = sorted(there)
    plain = wanted.removeprefix("v").partition("+")[0]
    exact = [one for one in found if one.removeprefix("v").partition("+")[0] == plain]
    if exact:
        return exact[-1]
    released = [(number, one) for one in found if (number := _number(one)) is not None and _allows(wanted, number)]
    return max(released)[1] if released else ""


def _number(text: str) -> Version | None:
    match = _VERSION.fullmatch(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _allows(wanted: str, number: Version) -> bool:
    """Return whether a released version satisfies every part of a range; a range that is not understood allows none."""
    if wanted.strip() in _ANY:
        return True
    parts = [part for part in re.split(r"(?<![<>=!^~\s])[\s,]+", wanted.strip()) if part]
    matches = [_PART.fullmatch(part.strip()) for part in parts]
    return all(match is not None and _holds(match["sign"] or "", match["numbers"], number) for match in matches)


def _holds(sign: str, text: str, number: Version) -> bool:
    numbers = [int(part) for part in text.split(".") if part not in _ANY]
    low = _padded(numbers)
    above = _padded([*numbers[:-1], numbers[-1] + 1]) if numbers else (10**9, 0, 0)
    if sign in {"", "="}:
        return low <= number < above if len(numbers) < len(low) else number == low
    if sign == "~":
        return low <= number < (_padded([numbers[0], numbers[1] + 1]) if len(numbers) > 1 else above)
    if sign == "^":
        return low <= number < _next_breaking(numbers)
    met = {">": number >= above, ">=": number >= low, "<": number < low, "<=": number < above, "!=": number != low}
    return met[sign]


def _next_breaking(numbers: list[int]) -> Version:
    """Return the first version that a caret leaves out: the leftmost number that is not zero counts up."""
    for index, part in enumerate(numbers):
        if part or index == len(numbers) - 1:
            return _padded([*numbers[:index], part + 1])
    return (10**9, 0, 0)


def _padded(numbers: list[int]) -> Version:
    first, second, third = (*numbers, 0, 0, 0)[:3]
    return (first, second, third)
