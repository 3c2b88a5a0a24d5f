"""The first few questions to a server: what it holds, how it spells it, and how fresh it is."""

from __future__ import annotations

from trimtab.read.layout import ALL_NAMES, MARKS, Family, Layout, mark_of
from trimtab.read.promql import HOUR_S, either, over
from trimtab.read.query import QueryFailedError, Server, Span

DAY_S = 86400
_STEP_S = 300
"""Steps of the search for the newest sample: as long as Prometheus looks back, so that none is missed."""
_FRESH = (
    ("kube_node_status_allocatable", "kube_pod_container_resource_requests", "kube_pod_info"),
    ("DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_PROF_GR_ENGINE_ACTIVE"),
    MARKS[Family.ENGINE],
)
"""Metrics whose newest sample stands for the newest of all: the first that is there of each kind."""


def find_layout(server: Server, matchers: str, started_at_s: int, ended_at_s: int) -> Layout:
    """Return what the server holds between two times.

    A server, or a proxy before it, may refuse to list names; then every name is asked for.

    Raises:
        QueryFailedError: The server cannot be asked at all, or it holds nothing that Trimtab reads.
    """
    match = "{" + ",".join(part for part in (f'__name__=~"{ALL_NAMES}"', matchers) if part) + "}"
    try:
        names = server.metric_names(match, started_at_s, ended_at_s)
    except QueryFailedError as error:
        if error.fatal:
            raise
        return Layout(frozenset(), {}, matchers)
    if not names:
        raise QueryFailedError(
            "it holds no metrics of kube-state-metrics, dcgm-exporter or an inference engine in the window; "
            "is it this cluster's server, and are `matchers` right?",
            fatal=True,
        )
    labels = {}
    for family in Family:
        marks = mark_of(names, family)
        if marks:
            inside = ",".join(part for part in (f'__name__=~"{marks}"', matchers) if part)
            try:
                labels[family] = server.label_names(f"{{{inside}}}", started_at_s, ended_at_s)
            except QueryFailedError as error:
                if error.fatal:
                    raise
    return Layout(names, labels, matchers)


def find_span(server: Server, layout: Layout, now_s: int, window_s: int) -> Span:
    """Return the window: it ends now, or at the newest sample where that is more than an hour old.

    Raises:
        QueryFailedError: There is no sample of the last day, or the server does not answer.
    """
    newest_s = _newest(server, layout, now_s, HOUR_S) or _newest(server, layout, now_s, DAY_S)
    if not newest_s:
        raise QueryFailedError(
            "its newest sample is more than a day old; is it still scraping this cluster?", fatal=True
        )
    ended_at_s = now_s if now_s - newest_s <= HOUR_S else newest_s
    sample_s = _sample_s(server, layout, newest_s)
    recent_s = ended_at_s - newest_s + max(_STEP_S, 3 * sample_s)
    return Span(ended_at_s, window_s, min(recent_s, 2 * HOUR_S), sample_s)


def _fresh(layout: Layout) -> list[str]:
    """Return selectors of the metrics that stand for all; of any that are there, where none of those is."""
    found = [layout.select(name) for metrics in _FRESH for name in layout.find(*metrics)[:1]]
    return found or [layout.select(name) for name in sorted(layout.names)[:5]]


def _newest(server: Server, layout: Layout, now_s: int, back_s: int) -> int:
    """Return when the newest sample was taken, Unix seconds; 0 where there is none so far back."""
    times = [f"timestamp({selected})[{back_s}s:{_STEP_S}s]" for selected in _fresh(layout)]
    rows = server.instant(f"max({either(f'max_over_time({each})' for each in times)})", now_s)
    return int(rows[0].value) if rows else 0


def _sample_s(server: Server, layout: Layout, at_s: int) -> int:
    """Return the typical seconds between two samples, from the densest series of the last hour."""
    counts = [over("count_over_time", selected, HOUR_S) for selected in _fresh(layout)]
    rows = server.instant(f"max({either(counts)})", at_s)
    samples = rows[0].value if rows else 1.0
    return min(HOUR_S, round(HOUR_S / max(1.0, samples - 1)))
