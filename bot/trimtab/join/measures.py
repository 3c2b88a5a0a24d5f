"""Figures of one workload from the figures of its pods, those that are gone included and weighted by their samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from trimtab.fleet import Found, Measure, Unknown
from trimtab.join.pods import Group, Pod
from trimtab.join.readings import NAN, Key, Readings, known, weighted

_POD = ("namespace", "pod")


@dataclass(frozen=True, slots=True)
class Measures:
    """One workload's view of its cluster's readings.

    Attributes:
        readings: The cluster's.
        group: The workload's pods.
        rivals: Other workloads with pods of the same stem: hourly figures come by stem and cannot be told apart there.
        replicas: Mean number of replicas over the window; NaN where unknown.
    """

    readings: Readings
    group: Group
    rivals: Mapping[Key, tuple[str, ...]]
    replicas: float = NAN

    def pairs(self, signal: str) -> tuple[tuple[float, float], ...]:
        """Return (figure, weight) for each pod that has the signal."""
        found = ((self.readings.figure(signal, _POD, pod.key), pod.samples or 1.0) for pod in self.group.pods)
        return tuple(pair for pair in found if not math.isnan(pair[0]))

    def mean(self, signal: str) -> Measure:
        """Return the mean of one replica over the window."""
        return self.readings.found(signal, weighted(self.pairs(signal)))

    def spread(self, signal: str) -> Measure:
        """Return the mean of one replica times the mean number of replicas: the sum over replicas."""
        mean = self.mean(signal)
        if isinstance(mean, Unknown) or math.isnan(self.replicas):
            return mean if isinstance(mean, Unknown) else Unknown("the number of replicas over the window is not known")
        return Found(mean.value * self.replicas, mean.source)

    def largest(self, signal: str, factor: float = 1.0) -> Measure:
        """Return the largest figure of any pod."""
        return self.readings.found(signal, max((value * factor for value, _ in self.pairs(signal)), default=NAN))

    def total(self, signal: str) -> Measure:
        """Return the sum over all pods of the window."""
        pairs = self.pairs(signal)
        return self.readings.found(signal, sum(value for value, _ in pairs) if pairs else NAN)

    def rate(self, signal: str) -> Measure:
        """Return a total by second of the window."""
        total = self.total(signal)
        return total if isinstance(total, Unknown) else Found(total.value / self.readings.facts.window_s, total.source)

    def current(self, signal: str) -> Measure:
        """Return the sum over the pods that exist now."""
        figures = known(self.readings.figure(signal, _POD, pod.key) for pod in self.group.current)
        return self.readings.found(signal, sum(figures) if figures else NAN)

    def hours(self, signal: str) -> tuple[float, ...]:
        """Return the hourly sum over the workload's stems; empty where another workload shares a stem."""
        return () if self.shared() else self.readings.hourly(signal, self.group.stems)

    def peak(self, signal: str) -> Measure:
        """Return the largest hourly figure."""
        found = max(known(self.hours(signal)), default=NAN)
        return self._by_stem(signal, found)

    def slowest(self, signal: str, factor: float = 1.0) -> Measure:
        """Return the largest figure of any stem of the workload."""
        figures = (self.readings.figure(signal, ("namespace", "stem"), stem) for stem in self.group.stems)
        return self._by_stem(signal, max((one * factor for one in known(figures)), default=NAN))

    def typical(self, signal: str, factor: float = 1.0) -> Measure:
        """Return the mean figure of the workload's stems, weighted by the requests that each finished."""
        pairs = [
            (self.readings.figure(signal, ("namespace", "stem"), stem) * factor, self._requests(stem))
            for stem in self.group.stems
        ]
        return self._by_stem(signal, weighted(pairs))

    def shared(self) -> str:
        """Return who else has pods of the same stem; empty where nobody."""
        return ", ".join(sorted({rival for stem in self.group.stems for rival in self.rivals.get(stem, ())}))

    def newest(self) -> Pod | Unknown:
        """Return the pod whose settings hold now."""
        return self.group.newest

    def _requests(self, stem: Key) -> float:
        mine = (pod.key for pod in self.group.pods if pod.stem == stem)
        return sum(known(self.readings.figure("requests_total", _POD, key) for key in mine)) or 1.0

    def _by_stem(self, signal: str, figure: float) -> Measure:
        rivals = self.shared()
        if rivals:
            return Unknown(f"{signal} cannot be told apart: pods of {rivals} have the same name stem")
        return self.readings.found(signal, figure)


def rival_stems(groups: tuple[Group, ...]) -> dict[Key, tuple[str, ...]]:
    """Return the stems that pods of several workloads have, with those workloads' names."""
    owners: dict[Key, list[str]] = {}
    for group in groups:
        for stem in group.stems:
            owners.setdefault(stem, []).append(f"{group.kind} {group.namespace}/{group.name}")
    return {stem: tuple(names) for stem, names in owners.items() if len(names) > 1}
