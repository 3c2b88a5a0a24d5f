"""One cluster's series, indexed by signal and label, with the arithmetic that joins share."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from trimtab.facts import SIGNALS, ClusterFacts, LiveObject, Series
from trimtab.fleet import Found, Measure, Unknown

Key = tuple[str, ...]
HOUR_S = 3600
GIB = 1024.0**3
NAN = float("nan")
_MOST: Mapping[str, float] = {
    "ratio": 1.1, "units": 1e6, "cores": 1e6, "count": 1e12, "bytes": 1e18, "tokens": 1e18, "requests": 1e15,
    "requests/s": 1e9, "tokens/s": 1e12, "s": 1e6, "W": 1e5, "USD/h": 1e5, "unix s": 1e11, "1": 1e15,
}  # fmt: skip
"""The largest figure that a unit can have with some sense; shares may exceed 1 by rounding."""


def label(series: Series, name: str) -> str:
    """Return a label's value; empty where the series has none (empty labels are left out of facts)."""
    for key, value in series.labels:
        if key == name:
            return value
    return ""


def number(text: str) -> float:
    """Return the number a label carries; NaN where it is none (`None`, `auto`, empty)."""
    try:
        return float(text)
    except ValueError:
        return NAN


def known(values: Iterable[float]) -> tuple[float, ...]:
    """Return the figures that were recorded; what was not is NaN."""
    return tuple(value for value in values if math.isfinite(value))


def _plausible(series: Series) -> Series:
    """Return the series without figures that its unit cannot have: blanks, overflows, counters below zero."""
    signal = SIGNALS.get(series.signal)
    most = _MOST.get(signal.unit, math.inf) if signal else math.inf
    if all(0 <= value <= most for value in series.values):
        return series
    return replace(series, values=tuple(value if 0 <= value <= most else NAN for value in series.values))


class Readings:
    """A cluster's facts, looked up by signal and labels; every index is built once, when first asked for."""

    def __init__(self, facts: ClusterFacts) -> None:
        """Index the series by signal; window figures that were not recorded (NaN) are left out."""
        self.facts = facts
        self.hours = max(1, round(facts.window_s / HOUR_S))
        self._indexes: dict[Key, dict[Key, list[Series]]] = {}
        self._signals: defaultdict[str, list[Series]] = defaultdict(list)
        for series in facts.series:
            kept = _plausible(series)
            if known(kept.values):
                self._signals[series.signal].append(kept)
        self._objects = {(one.kind, one.namespace, one.name): one for one in facts.objects}

    def has(self, signal: str) -> bool:
        """Return whether the cluster gave this signal at all."""
        return bool(self._signals.get(signal))

    def rows(self, signal: str) -> Sequence[Series]:
        """Return all series of a signal."""
        return self._signals.get(signal, ())

    def by(self, signal: str, *names: str) -> Mapping[Key, Sequence[Series]]:
        """Return a signal's series by the values of some labels."""
        key = (signal, *names)
        if key not in self._indexes:
            index: defaultdict[Key, list[Series]] = defaultdict(list)
            for series in self.rows(signal):
                index[tuple(label(series, name) for name in names)].append(series)
            self._indexes[key] = dict(index)
        return self._indexes[key]

    def figure(self, signal: str, names: tuple[str, ...], key: Key) -> float:
        """Return the largest figure of a signal for some labels; NaN where there is none."""
        return max((series.values[0] for series in self.by(signal, *names).get(key, ())), default=NAN)

    def found(self, signal: str, figure: float) -> Measure:
        """Return a figure with the query that gave it, or why there is none."""
        return Found(figure, self.query(signal)) if math.isfinite(figure) else self.missing(signal)

    def query(self, signal: str) -> str:
        """Return the PromQL to paste; the signal's name where it was not read from Prometheus."""
        return self.facts.queries.get(signal, signal)

    def missing(self, signal: str) -> Unknown:
        """Return why a signal has no figure."""
        return Unknown(f"no samples of {signal} ({SIGNALS[signal].meaning})")

    def live(self, kind: str, namespace: str, name: str) -> LiveObject | Unknown:
        """Return an object as the Kubernetes API showed it."""
        return self._objects.get(
            (kind, namespace, name), Unknown("the Kubernetes API was not asked or has no such object")
        )

    def nodes_live(self) -> Mapping[str, LiveObject]:
        """Return the nodes that the Kubernetes API showed, by name."""
        return {name: one for (kind, _, name), one in self._objects.items() if kind == "Node"}

    @cached_property
    def watched(self) -> tuple[bool, ...]:
        """Return for each hour whether the cluster's pods were recorded at all."""
        return tuple(math.isfinite(count) for count in add_hours([row.values for row in self.rows("pods_hourly")]))

    @cached_property
    def longest_samples(self) -> float:
        """Return the samples of the pod that was seen most often: of one that was there for the whole window."""
        return max((row.values[0] for row in self.rows("pod_samples")), default=0.0)

    def hourly(self, signal: str, keys: Iterable[Key]) -> tuple[float, ...]:
        """Return the sum over stems for each hour of the window, NaN where none was recorded; empty without series."""
        lists = [series.values for key in keys for series in self.by(signal, "namespace", "stem").get(key, ())]
        return add_hours(lists)


def add_hours(lists: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Return the sum hour by hour, the newest hours aligned; NaN where no list has a figure."""
    length = max((len(one) for one in lists), default=0)
    total = [NAN] * length
    for one in lists:
        for offset, value in enumerate(one, start=length - len(one)):
            if math.isfinite(value):
                total[offset] = value if math.isnan(total[offset]) else total[offset] + value
    return tuple(total)


def weighted(pairs: Iterable[tuple[float, float]]) -> float:
    """Return the mean of (figure, weight) pairs; NaN where no weight is left."""
    kept = [(value, weight) for value, weight in pairs if math.isfinite(value) and weight > 0]
    return sum(value * weight for value, weight in kept) / sum(weight for _, weight in kept) if kept else NAN


def percentile(values: Iterable[float], share: float) -> float:
    """Return the nearest-rank percentile of what was recorded; NaN where nothing was."""
    ordered = sorted(known(values))
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else NAN
