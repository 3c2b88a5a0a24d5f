"""A notebook of series: writes them under their signal's name, with labels sorted and figures rounded."""

from __future__ import annotations

from collections.abc import Iterable

from trimtab.facts import SIGNALS, Series

_DIGITS = 6


class Notebook:
    """Collects series.

    Figures are kept to six significant digits, so that the last bits of a platform's arithmetic do not show.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._series: list[Series] = []

    def note(self, signal: str, value: float, **labels: str) -> None:
        """Note one figure for the window."""
        self._add(signal, (value,), labels)

    def hourly(self, signal: str, values: Iterable[float], **labels: str) -> None:
        """Note one figure for each hour."""
        self._add(signal, tuple(values), labels)

    def series(self) -> tuple[Series, ...]:
        """Return what was noted, ordered by signal, then labels."""
        return tuple(sorted(self._series, key=lambda one: (one.signal, one.labels)))

    def _add(self, signal: str, values: tuple[float, ...], labels: dict[str, str]) -> None:
        known = SIGNALS[signal].labels
        strange = [name for name in labels if name not in known and "*" not in known]
        if strange:
            raise ValueError(f"{signal} has no label {strange[0]}")
        kept = tuple(sorted((name, value) for name, value in labels.items() if value))
        self._series.append(Series(signal, kept, tuple(float(f"{value:.{_DIGITS}g}") for value in values)))
