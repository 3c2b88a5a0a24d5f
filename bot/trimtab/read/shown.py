"""The queries behind the facts, as a person can paste them."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.facts import SIGNALS
from trimtab.read.promql import duration
from trimtab.read.query import Query, Span


def shown_queries(queries: Mapping[str, Query], span: Span) -> dict[str, str]:
    """Return the PromQL of each signal; of those that need arithmetic, one expression that tells the same."""
    shown = {name: query.promql for name, query in queries.items() if name in SIGNALS}
    text = {name: query.promql for name, query in queries.items()}
    window = duration(span.window_s)
    if "_cpu_seconds" in text:
        shown["cpu_used_avg"] = f"{text['_cpu_seconds']} / {span.window_s}"
    if "_node_cpu_hourly" in text:
        hourly = text["_node_cpu_hourly"]
        shown["node_cpu_busy_avg"] = f"avg_over_time(({hourly})[{window}:1h])"
        shown["node_cpu_busy_p95"] = f"quantile_over_time(0.95, ({hourly})[{window}:1h])"
    if "_gpu_unit_samples" in text and "_node_samples" in text:
        units, samples = text["_gpu_unit_samples"], text["_node_samples"]
        shown["node_gpu_requested_avg"] = f"sum by (node) ({units}) / on (node) ({samples})"
    return dict(sorted(shown.items()))
