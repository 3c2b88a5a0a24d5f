"""Reads a cluster's facts from Prometheus: a fixed set of queries, however many workloads there are."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Self, TypedDict, TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
from prometheus_api_client import PrometheusConnect
from urllib3 import Retry

from trimtab.config import ClusterSettings, Prometheus
from trimtab.facts import ClusterFacts
from trimtab.fleet import Gap
from trimtab.progress import Progress
from trimtab.read.answers import Credentials, PassingError, explained, refuse, warnings_in
from trimtab.read.gather import gather
from trimtab.read.promql import HOUR_S
from trimtab.read.query import QueryFailedError, Row

T = TypeVar("T")
_ATTEMPTS = 3
_PATIENCE = 3
"""So many queries may run into the timeout before the server is given up."""
_NEAR = re.compile(r"localhost|127\..+|\[?::1\]?|[^.]+|.+\.svc(\.cluster\.local)?")
"""Hosts so near that packing an answer takes longer than sending it."""


def read_cluster(cluster: ClusterSettings, now_s: int, window_s: int, progress: Progress) -> ClusterFacts:
    """Return what a cluster's Prometheus knows of a window.

    A server that does not answer, or has nothing, gives a blind gap; a single query that fails, a gap of its own.

    Args:
        cluster: With its server's address.
        now_s: Unix seconds. The window ends then, or at the newest sample where that is more than an hour old.
        window_s: Length of the window, seconds.
        progress: Told of every step.
    """
    if cluster.prometheus is None:
        return _blind(cluster, now_s, window_s, "none is configured: only manifests are judged")
    try:
        with PrometheusServer(cluster.prometheus) as server:
            return gather(server, cluster, now_s, window_s, progress)
    except QueryFailedError as error:
        return _blind(cluster, now_s, window_s, error.reason)


def _blind(cluster: ClusterSettings, now_s: int, window_s: int, reason: str) -> ClusterFacts:
    """Return facts that hold nothing but why."""
    return ClusterFacts(
        cluster.name, now_s, window_s, (), {}, gaps=(Gap(cluster.name, "prometheus", reason, blind=True),)
    )


class _Sample(TypedDict, total=False):
    """One series of an answer, as the HTTP API gives it."""

    metric: dict[str, str]
    value: tuple[float, str]
    values: list[tuple[float, str]]


class PrometheusServer:
    """A Prometheus, or whatever speaks its HTTP API (Thanos, Mimir, VictoriaMetrics)."""

    def __init__(self, settings: Prometheus) -> None:
        """Prepare a session; nothing is asked yet.

        Raises:
            QueryFailedError: The environment variable that should hold the token is empty.
        """
        token = os.environ.get(settings.token_env, "") if settings.token_env else ""
        if settings.token_env and not token:
            raise QueryFailedError(f"the environment variable {settings.token_env} is empty", fatal=True)
        self._url = settings.url.rstrip("/")
        self._timeout_s = settings.timeout
        self._timeouts = 0
        self.warnings: frozenset[str] = frozenset()
        session = requests.Session()
        session.verify = settings.verify_tls
        session.auth = Credentials(token)
        session.hooks["response"].append(self._hear)
        near = _NEAR.fullmatch(urlsplit(self._url).hostname or "")
        session.headers["Accept-Encoding"] = "identity" if near else "gzip"
        self._connect = PrometheusConnect(
            url=self._url, session=session, retry=Retry(0), timeout=self._timeout_s, method="POST"
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the session."""
        self._connect.close()

    def instant(self, promql: str, at_s: int) -> tuple[Row, ...]:
        """Return the answer at one time, without figures that are no numbers.

        Raises:
            QueryFailedError: There is none.
        """

        def ask() -> tuple[Row, ...]:
            answer: list[_Sample] = self._connect.custom_query(promql, params={"time": at_s})
            rows = (Row(_interned(sample["metric"]), (float(sample["value"][1]),)) for sample in answer)
            return tuple(row for row in rows if math.isfinite(row.value))

        return self._ask(ask)

    def hourly(self, promql: str, ended_at_s: int, hours: int) -> tuple[Row, ...]:
        """Return the answer at each of the hours that end at `ended_at_s`; raises as `instant`."""
        first_s = ended_at_s - (hours - 1) * HOUR_S
        start, end = (datetime.fromtimestamp(time_s, UTC) for time_s in (first_s, ended_at_s))

        def ask() -> tuple[Row, ...]:
            answer: list[_Sample] = self._connect.custom_query_range(promql, start, end, f"{HOUR_S}s")
            return tuple(
                Row(_interned(sample["metric"]), _hours(sample["values"], first_s, hours)) for sample in answer
            )

        return self._ask(ask)

    def metric_names(self, match: str, started_at_s: int, ended_at_s: int) -> frozenset[str]:
        """Return the names of metrics that a selector matches in a time; raises as `instant`."""
        params = {"match[]": match, "start": started_at_s, "end": ended_at_s}
        return self._ask(lambda: _texts(self._connect.get_label_values("__name__", params)))

    def label_names(self, match: str, started_at_s: int, ended_at_s: int) -> frozenset[str]:
        """Return the names of labels of the series that a selector matches in a time; raises as `instant`."""
        params = {"match[]": match, "start": started_at_s, "end": ended_at_s}
        return self._ask(lambda: _texts(self._connect.get_label_names(params)))

    def _ask(self, ask: Callable[[], T]) -> T:
        """Return the answer, after a few attempts where the failure may pass."""
        if self._timeouts >= _PATIENCE:
            raise QueryFailedError(f"{self._url} was given up after {_PATIENCE} queries without an answer", fatal=True)
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(PassingError),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=0.2, max=2),
            reraise=True,
        )
        try:
            answer: T = attempts(self._once, ask)
        except PassingError as passing:
            raise passing.failed from None
        return answer

    def _once(self, ask: Callable[[], T]) -> T:
        """Return the answer, or say in a user's words why there is none."""
        try:
            return ask()
        except requests.RequestException as error:
            failed = explained(error, self._url, self._timeout_s)
            self._timeouts += isinstance(error, requests.Timeout)
            lasting = isinstance(error, requests.Timeout | requests.exceptions.SSLError | requests.JSONDecodeError)
            raise failed if lasting else PassingError(failed) from None
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise QueryFailedError(f"{self._url} answered in a form that Prometheus does not have") from None

    def _hear(self, response: requests.Response, *arguments: object, **options: object) -> None:
        """Refuse an error status, and note what the server doubts."""
        del arguments, options
        refuse(response)
        self.warnings |= warnings_in(response)


def _interned(labels: dict[str, str]) -> dict[str, str]:
    """Return labels whose texts are kept once, however many series repeat them."""
    return {sys.intern(name): sys.intern(value) for name, value in labels.items()}


def _hours(points: list[tuple[float, str]], first_s: int, hours: int) -> tuple[float, ...]:
    """Return one figure for each hour, NaN where there is none."""
    figures = [math.nan] * hours
    for time_s, text in points:
        index = round((time_s - first_s) / HOUR_S)
        value = float(text)
        if 0 <= index < hours and math.isfinite(value):
            figures[index] = value
    return tuple(figures)


def _texts(answer: Iterable[str]) -> frozenset[str]:
    """Return the names in an answer."""
    return frozenset(str(name) for name in answer)
