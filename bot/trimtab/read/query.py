"""A question to Prometheus, and one row of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from trimtab.read.layout import Family
from trimtab.read.promql import HOUR_S

GPU_RESOURCES = "nvidia.com.(gpu|gpu.shared|mig.+)|amd.com.gpu.*|gpu.intel.com.(i915|xe)|habana.ai.gaudi"
"""Extended resources that are GPUs or parts of one, as in Kubernetes and as kube-state-metrics sanitises them."""


@dataclass(frozen=True, slots=True)
class Span:
    """The time that is looked at.

    Attributes:
        ended_at_s: End of the window, Unix seconds.
        window_s: Its length.
        recent_s: How far back from the end the newest sample of everything that exists now lies.
        sample_s: Typical time between two samples.
    """

    ended_at_s: int
    window_s: int
    recent_s: int
    sample_s: int

    @property
    def hours(self) -> int:
        """Return how many whole hours the window has, at least one."""
        return max(1, self.window_s // HOUR_S)


@dataclass(frozen=True, slots=True)
class Query:
    """One query.

    Attributes:
        name: The signal that it gives; names that start with `_` are used on the way to one.
        promql: The query, as a person would paste it.
        family: Whose labels the answer has.
        hourly: Whether it is asked for each hour of the window rather than once at its end.
    """

    name: str
    promql: str
    family: Family
    hourly: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One series of an answer: a figure, or one for each hour, oldest first, NaN where there is none."""

    labels: Mapping[str, str]
    values: tuple[float, ...]

    @property
    def value(self) -> float:
        """Return the only figure, or the newest hour's."""
        return self.values[-1]


class QueryFailedError(Exception):
    """A query had no answer.

    Attributes:
        reason: Why, in words a user can act on.
        fatal: Whether asking the same server anything else is of no use.
    """

    def __init__(self, reason: str, *, fatal: bool = False) -> None:
        """Keep the reason; it becomes a gap."""
        super().__init__(reason)
        self.reason = reason
        self.fatal = fatal


class Server(Protocol):
    """What answers queries.

    Attributes:
        warnings: What the server said of its own answers, such as that a part of it could not be asked.
    """

    warnings: frozenset[str]

    def instant(self, promql: str, at_s: int) -> tuple[Row, ...]:
        """Return the answer at one time, without figures that are no numbers.

        Raises:
            QueryFailedError: There is none.
        """
        ...

    def hourly(self, promql: str, ended_at_s: int, hours: int) -> tuple[Row, ...]:
        """Return the answer at each of the hours that end at `ended_at_s`; raises as `instant`."""
        ...

    def metric_names(self, match: str, started_at_s: int, ended_at_s: int) -> frozenset[str]:
        """Return the names of metrics that a selector matches in a time; raises as `instant`."""
        ...

    def label_names(self, match: str, started_at_s: int, ended_at_s: int) -> frozenset[str]:
        """Return the names of labels of the series that a selector matches in a time; raises as `instant`."""
        ...
