"""Asks a server everything at once, and makes facts of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from trimtab.config import ClusterSettings
from trimtab.facts import SIGNALS, ClusterFacts
from trimtab.fleet import Gap
from trimtab.progress import Progress
from trimtab.read.ask_engine import engine_queries
from trimtab.read.ask_gpu import blank_names, filtered_queries, gpu_queries
from trimtab.read.ask_host import host_queries
from trimtab.read.ask_kube import kube_queries
from trimtab.read.layout import Family, Layout
from trimtab.read.probe import DAY_S, Freshness, find_freshness, find_layout, refuse_mixture, span_of, without_needless
from trimtab.read.promql import HOUR_S
from trimtab.read.query import Query, QueryFailedError, Row, Server, Span
from trimtab.read.shape import shaped
from trimtab.read.shown import shown_queries

Answers = Mapping[str, tuple[Row, ...]]

AT_ONCE = 3
"""Queries under way at once: enough to hide the way to the server, few enough for a small one."""
_MISSED: Mapping[Family, str] = {
    Family.KUBE: "its metrics are not there: pods, owners and free GPUs are unknown",
    Family.GPU: "its metrics are not there: what GPUs did is unknown",
    Family.ENGINE: "no engine's metrics are there: requests, latency and KV cache are unknown; scrape vLLM's /metrics",
    Family.CADVISOR: "its metrics are not there: CPU and memory that pods used are unknown",
    Family.NODE: "its metrics are not there: how busy the nodes' CPUs were is unknown",
}


def gather(server: Server, cluster: ClusterSettings, now_s: int, window_s: int, progress: Progress) -> ClusterFacts:
    """Return a cluster's facts for a window.

    Raises:
        QueryFailedError: The server cannot be asked, or holds nothing that Trimtab reads.
    """
    matchers = cluster.prometheus.matchers if cluster.prometheus else ""
    layout = find_layout(server, matchers, now_s - window_s - DAY_S, now_s)
    freshness = find_freshness(server, layout, now_s)
    span = span_of(freshness, now_s, window_s)
    refuse_mixture(server, layout, span)
    layout = without_needless(server, layout, span)
    queries = (
        *kube_queries(layout, span),
        *host_queries(layout, span),
        *gpu_queries(layout, span),
        *engine_queries(layout, span),
    )
    told = partial(progress, f"{cluster.name}: Prometheus")
    answers, failures = _ask(server, queries, span, told)
    again = tuple(filtered_queries(layout, span, blank_names(answers)))
    filtered, more = _ask(server, again, span, told)
    by_name = {query.name: query for query in (*queries, *again)}
    kept = {name: rows for name, rows in answers.items() if name not in {query.name for query in again}}
    gaps = (
        *(Gap(cluster.name, "prometheus", f"it doubts its answers: {said}") for said in sorted(server.warnings)),
        *_stale(cluster.name, now_s, span, freshness),
        *_missing(cluster.name, layout),
        *_failed(cluster.name, failures | more),
    )
    return ClusterFacts(
        cluster.name,
        span.ended_at_s,
        window_s,
        shaped({**kept, **filtered}, by_name, layout, span),
        shown_queries(by_name, span),
        gaps=gaps,
    )


def _ask(
    server: Server, queries: Sequence[Query], span: Span, told: Callable[[int, int], None]
) -> tuple[dict[str, tuple[Row, ...]], dict[str, str]]:
    """Return the answers by name, and by name why there is none; stops at the first failure that is fatal."""
    answers: dict[str, tuple[Row, ...]] = {}
    failures: dict[str, str] = {}

    def ask(query: Query) -> tuple[Row, ...] | QueryFailedError:
        try:
            if query.hourly:
                return server.hourly(query.promql, span.ended_at_s, span.hours)
            return server.instant(query.promql, span.ended_at_s)
        except QueryFailedError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = pool.map(ask, queries)
        for done, (query, result) in enumerate(zip(queries, results, strict=True), start=1):
            if not isinstance(result, QueryFailedError):
                answers[query.name] = result
            elif result.fatal:
                pool.shutdown(wait=False, cancel_futures=True)
                raise result
            else:
                failures[query.name] = result.reason
            told(done, len(queries))
    return answers, failures


def _stale(cluster: str, now_s: int, span: Span, freshness: Mapping[Family, Freshness]) -> Iterable[Gap]:
    """Yield that the window ends before now, and each exporter that fell silent before its end."""
    if span.ended_at_s < now_s:
        at = datetime.fromtimestamp(span.ended_at_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
        reason = f"its newest sample is {_hours(now_s - span.ended_at_s)} old: the window ends at {at}"
        yield Gap(cluster, "prometheus", reason)
    for family, fresh in freshness.items():
        if span.ended_at_s - fresh.newest_s > HOUR_S:
            reason = f"its newest sample is {_hours(span.ended_at_s - fresh.newest_s)} older than the window's end"
            yield Gap(cluster, str(family), reason)


def _hours(seconds: float) -> str:
    """Return a time in hours, in words."""
    hours = round(seconds / HOUR_S)
    return "1 hour" if hours == 1 else f"{hours} hours"


def _missing(cluster: str, layout: Layout) -> Iterable[Gap]:
    """Yield each exporter that is not there, with what cannot be known without it."""
    for family, reason in _MISSED.items():
        if not layout.has(family):
            yield Gap(cluster, str(family), reason)


def _failed(cluster: str, failures: Mapping[str, str]) -> Iterable[Gap]:
    """Yield each signal whose query failed."""
    for name, reason in sorted(failures.items()):
        signal = name if name in SIGNALS else name.lstrip("_")
        yield Gap(cluster, signal, f"the query failed: {reason}")
