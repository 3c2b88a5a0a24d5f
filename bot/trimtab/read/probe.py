"""The first few questions to a server: what it holds, how it spells it, and how fresh it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from trimtab.read.layout import ALL_NAMES, MARKS, Family, Layout, mark_of
from trimtab.read.promql import HOUR_S, aggregate, over
from trimtab.read.query import QueryFailedError, Server, Span

DAY_S = 86400
_STEP_S = 300
"""Steps of the search for the newest sample: as long as Prometheus looks back, so that none is missed."""
_FRESH: Mapping[Family, tuple[str, ...]] = {
    Family.KUBE: ("kube_node_status_allocatable", "kube_pod_container_resource_requests", "kube_pod_info"),
    Family.GPU: ("DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_PROF_GR_ENGINE_ACTIVE"),
    Family.ENGINE: MARKS[Family.ENGINE],
}
"""Metrics whose newest sample stands for their family's: the first that is there."""


_CLUSTER_LABELS = ("cluster", "k8s_cluster_name", "k8s_cluster", "cluster_name")
"""Labels by which a server that holds several clusters tells them apart."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old a family's newest sample is.

    Attributes:
        newest_s: When it was taken, Unix seconds.
        sample_s: Typical time between two samples, seconds.
    """

    newest_s: int
    sample_s: int


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


def find_freshness(server: Server, layout: Layout, now_s: int) -> dict[Family, Freshness]:
    """Return how fresh each family is that has samples of the last day.

    Raises:
        QueryFailedError: The server does not answer, or has no sample of the last day.
    """
    found: dict[Family, Freshness] = {}
    for family, selected in _fresh(layout).items():
        newest_s = _newest(server, selected, now_s, HOUR_S) or _newest(server, selected, now_s, DAY_S)
        if newest_s:
            found[family] = Freshness(newest_s, _sample_s(server, selected, newest_s))
    if not found:
        raise QueryFailedError(
            "its newest sample is more than a day old; is it still scraping this cluster?", fatal=True
        )
    return found


def span_of(freshness: Mapping[Family, Freshness], now_s: int, window_s: int) -> Span:
    """Return the window: it ends now, or at the newest sample where that is more than an hour old.

    What is there now is told by kube-state-metrics, so the window ends with its samples where it has any; what counts
    as recent reaches back three samples of the slowest exporter.
    """
    anchor = freshness.get(Family.KUBE)
    newest_s = anchor.newest_s if anchor else max(one.newest_s for one in freshness.values())
    ended_at_s = now_s if now_s - newest_s <= HOUR_S else newest_s
    sample_s = max(one.sample_s for one in freshness.values())
    recent_s = ended_at_s - newest_s + max(_STEP_S, 3 * sample_s)
    return Span(ended_at_s, window_s, min(recent_s, 2 * HOUR_S), sample_s)


def refuse_mixture(server: Server, layout: Layout, span: Span) -> None:
    """Refuse a server that holds several clusters where no matcher tells which: their alike names would run together.

    Raises:
        QueryFailedError: Several values of a label that names clusters are there.
    """
    family, selected = next(iter(_fresh(layout).items()))
    for name in _CLUSTER_LABELS:
        if name not in layout.labels.get(family, frozenset()) or name in layout.matchers:
            continue
        rows = server.instant(
            aggregate("count", (name,), over("last_over_time", selected, span.recent_s)), span.ended_at_s
        )
        held = sorted({row.labels[name] for row in rows if row.labels.get(name)})
        if len(held) > 1:
            shown = ", ".join(held[:5])
            raise QueryFailedError(
                f'it holds {len(held)} clusters ({shown}); say which with `matchers: {name}="{held[0]}"`', fatal=True
            )


def without_needless(server: Server, layout: Layout, span: Span) -> Layout:
    """Return the layout without GPU utilisation where every GPU has the profiling metric, which is the better one.

    It is the dearest thing asked for, and one small question tells whether anybody needs it.
    """
    names = (layout.find(metric) for metric in ("DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_PROF_GR_ENGINE_ACTIVE"))
    plain, profiled = (
        [over("last_over_time", layout.select(name), span.recent_s) for name in found] if layout.names else []
        for found in names
    )
    keys = layout.known(Family.GPU, ("UUID", "uuid"))
    if not (plain and profiled and keys):
        return layout
    by = ", ".join(keys)
    if server.instant(f"{aggregate('max', keys, plain[0])} unless on ({by}) {profiled[0]}", span.ended_at_s):
        return layout
    return replace(layout, names=layout.names - {"DCGM_FI_DEV_GPU_UTIL"})


def _fresh(layout: Layout) -> dict[Family, str]:
    """Return by family a selector of the metric that stands for it; of any metric, where none of those is there."""
    found = {family: layout.select(name) for family, metrics in _FRESH.items() for name in layout.find(*metrics)[:1]}
    return found or {Family.ENGINE: layout.select(min(layout.names, default="up"))}


def _newest(server: Server, selected: str, now_s: int, back_s: int) -> int:
    """Return when the newest sample was taken, Unix seconds; 0 where there is none so far back."""
    rows = server.instant(f"max(max_over_time(timestamp({selected})[{back_s}s:{_STEP_S}s]))", now_s)
    return int(rows[0].value) if rows else 0


def _sample_s(server: Server, selected: str, at_s: int) -> int:
    """Return the typical seconds between two samples, from the densest series of an hour."""
    rows = server.instant(f"max({over('count_over_time', selected, HOUR_S)})", at_s)
    samples = rows[0].value if rows else 1.0
    return min(HOUR_S, round(HOUR_S / max(1.0, samples - 1)))
