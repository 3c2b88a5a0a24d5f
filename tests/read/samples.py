"""A few series of a day, written as OpenMetrics text, and the facts that a real Prometheus gives of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.prometheus import serve
from trimtab.config import ClusterSettings, Prometheus
from trimtab.facts import ClusterFacts
from trimtab.read.prometheus import read_cluster

ENDED_AT_S = 1_794_614_400
HOUR_S = 3600
DAY_S = 86400
Figure = float | Callable[[int], float]


class Samples:
    """Collects series; a sample every ten minutes, a day long unless said otherwise."""

    def __init__(self, step_s: int = 600) -> None:
        """Start with nothing."""
        self._step_s = step_s
        self._lines: list[str] = []

    def add(self, name: str, figure: Figure, hours: tuple[float, float] = (-24, 0), **labels: str) -> Samples:
        """Add a series: a constant or a function of the time, from and to hours before the end."""
        inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
        start_s = ENDED_AT_S + int(hours[0] * HOUR_S)
        for time_s in range(start_s, ENDED_AT_S + int(hours[1] * HOUR_S) + 1, self._step_s):
            value = figure(time_s) if callable(figure) else figure
            self._lines.append(f"{name}{{{inside}}} {value} {time_s}")
        return self

    def count(self, name: str, per_s: float, hours: tuple[float, float] = (-24, 0), **labels: str) -> Samples:
        """Add a counter that starts at zero and grows steadily."""
        start_s = ENDED_AT_S + int(hours[0] * HOUR_S)
        return self.add(name, lambda time_s: (time_s - start_s) * per_s, hours, **labels)

    def text(self) -> str:
        """Return OpenMetrics text."""
        return "\n".join([*self._lines, "# EOF", ""])


class Answer:
    """Facts, looked up by signal."""

    def __init__(self, facts: ClusterFacts) -> None:
        """Keep the facts."""
        self.facts = facts

    def rows(self, signal: str) -> dict[str, float]:
        """Return the newest figure of each series by its labels, as `name=value` pairs."""
        return {
            " ".join(f"{name}={value}" for name, value in one.labels): one.values[-1]
            for one in self.facts.series
            if one.signal == signal
        }

    def hours(self, signal: str) -> dict[str, tuple[float, ...]]:
        """Return all figures of each series by its stem."""
        return {dict(one.labels)["stem"]: one.values for one in self.facts.series if one.signal == signal}

    def figure(self, signal: str) -> float:
        """Return the figure of a signal that has one series."""
        (only,) = self.rows(signal).values()
        return only


def read(samples: Samples, now_s: int = ENDED_AT_S, window_s: int = DAY_S, matchers: str = "") -> Answer:
    """Return the facts that a Prometheus with these samples gives."""
    with serve(samples.text()) as url:
        cluster = ClusterSettings(name="eu", prometheus=Prometheus(url=url, matchers=matchers))
        return Answer(read_cluster(cluster, now_s, window_s, quiet))


def quiet(what: str, done: int, total: int) -> None:
    """Take progress and say nothing."""
