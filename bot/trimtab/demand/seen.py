"""The figures of a workload that are kept, so that what follows a change can be compared with what was before."""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.fleet import Found, Workload

LATENCIES: Mapping[str, str] = {
    "ttft_p95_ms": "time to first token (p95)",
    "tpot_p95_ms": "time per token (p95)",
}
"""How the latencies are called in sentences."""

PEAK = "requests_per_s_peak"
"""Requests a second in the busiest hour: a latency is worth as much as the traffic it was measured under."""


def seen_of(workload: Workload) -> Mapping[str, float]:
    """Return what was measured: 95th percentiles of latency in milliseconds, and the busiest hour's traffic."""
    traffic = workload.traffic
    measures = {
        "ttft_p95_ms": traffic.ttft_p95_ms,
        "tpot_p95_ms": traffic.tpot_p95_ms,
        PEAK: traffic.requests_per_s_peak,
    }
    return {name: measure.value for name, measure in measures.items() if isinstance(measure, Found)}
