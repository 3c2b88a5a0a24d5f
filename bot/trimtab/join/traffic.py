"""What a workload was asked to do, and how it answered."""

from __future__ import annotations

import math

from trimtab.fleet import Found, Measure, Traffic, Unknown
from trimtab.join.measures import Measures
from trimtab.join.readings import NAN, known, label, number

_MS = 1000.0


def join_traffic(measures: Measures) -> Traffic:
    """Return the traffic of a workload; what was not recorded is Unknown, never zero."""
    requests = measures.total("requests_total")
    return Traffic(
        requests_per_s_avg=measures.rate("requests_total"),
        requests_per_s_peak=measures.peak("requests_hourly"),
        prompt_tokens_per_s_peak=measures.peak("prompt_tokens_hourly"),
        output_tokens_per_s_peak=measures.peak("output_tokens_hourly"),
        output_tokens_per_s_avg=measures.rate("output_tokens_total"),
        input_tokens_avg=_ratio(measures.total("prompt_tokens_total"), requests, "no request finished"),
        input_tokens_p99=measures.slowest("input_tokens_p99"),
        output_tokens_avg=_ratio(measures.total("output_tokens_total"), requests, "no request finished"),
        running_avg=measures.spread("running_avg"),
        running_peak=_or(measures.peak("running_hourly"), measures.current("running_max")),
        waiting_max=_or(measures.peak("waiting_hourly"), measures.current("waiting_max")),
        waiting_p95=measures.spread("waiting_p95"),
        kv_usage_max=measures.largest("kv_usage_max"),
        kv_usage_p95=measures.largest("kv_usage_p95"),
        preemptions=measures.total("preemptions"),
        kv_cache_tokens=kv_cache_tokens(measures),
        prefix_hit=_ratio(
            measures.total("prefix_hits"),
            measures.total("prefix_queries"),
            "no prompt was looked up in the prefix cache",
        ),
        ttft_p95_ms=measures.slowest("ttft_p95", _MS),
        tpot_p95_ms=measures.slowest("tpot_p95", _MS),
        ttft_avg_ms=measures.typical("ttft_avg", _MS),
        tpot_avg_ms=measures.typical("tpot_avg", _MS),
        ttft_p95_least_ms=measures.slowest("ttft_p95_least", _MS),
        tpot_p95_least_ms=measures.slowest("tpot_p95_least", _MS),
        hourly_requests_per_s=measures.hours("requests_hourly"),
        hourly_output_tokens_per_s=measures.hours("output_tokens_hourly"),
        hourly_running=measures.hours("running_hourly"),
    )


def kv_cache_tokens(measures: Measures) -> Measure:
    """Return the smallest KV cache of the replicas that run now, engines of one pod added up, tokens.

    `kv_cache_size_tokens` is what vLLM itself says; before it, blocks times the block's size (vllm:cache_config_info,
    vLLM 0.25.1; the older releases have the latter two only).
    """
    sizes = []
    for pod in measures.group.current:
        rows = measures.readings.by("engine_config", "namespace", "pod").get(pod.key, ())
        by_engine: dict[str, float] = {}
        for row in rows:
            said = number(label(row, "kv_cache_size_tokens"))
            tokens = said if said > 0 else number(label(row, "num_gpu_blocks")) * number(label(row, "block_size"))
            if tokens > 0:
                by_engine[label(row, "engine")] = max(tokens, by_engine.get(label(row, "engine"), 0.0))
        if by_engine:
            sizes.append(sum(by_engine.values()))
    return measures.readings.found("engine_config", min(sizes, default=NAN))


def _ratio(part: Measure, whole: Measure, empty: str) -> Measure:
    """Return one figure over another; Unknown with `empty` where nothing happened."""
    if isinstance(part, Unknown):
        return part
    if isinstance(whole, Unknown):
        return whole
    return Found(part.value / whole.value, part.source) if whole.value > 0 else Unknown(empty)


def _or(first: Measure, second: Measure) -> Measure:
    return first if isinstance(first, Found) or isinstance(second, Unknown) else second


def idle_share(hours: tuple[float, ...]) -> float:
    """Return the share of recorded hours with less than a twentieth of the busiest hour; NaN without any traffic."""
    recorded = known(hours)
    peak = max(recorded, default=0.0)
    return sum(1 for one in recorded if one < peak / 20) / len(recorded) if peak > 0 else math.nan


def longest_idle_hours(hours: tuple[float, ...]) -> int:
    """Return the longest run of hours below a twentieth of the busiest one."""
    peak = max(known(hours), default=0.0)
    longest = run = 0
    for one in hours:
        run = run + 1 if one < peak / 20 else 0
        longest = max(longest, run)
    return longest
