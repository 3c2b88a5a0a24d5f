"""Queries to inference engines: vLLM by its old and new names, SGLang, TGI, TensorRT-LLM and llama.cpp where alike.

Sources: vLLM v0.25.1 vllm/v1/metrics/loggers.py and docs/design/metrics.md (renames: 0.9 to 0.12), SGLang v0.5
python/sglang/srt/metrics/collector.py, TGI docs/source/reference/metrics.md (2026-01), llama.cpp's server/README.md.
The first name that a pod has wins; what it has under no name stays unknown. An engine's ranks tell the same thing
(`tp_rank`), its data-parallel engines different ones (`engine`, `dp_rank`): those are summed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.read.layout import Family, Layout
from trimtab.read.promql import HOUR_S, aggregate, alternatives, either, over
from trimtab.read.query import Query, Span

_RUNNING = (
    "vllm:num_requests_running",
    "sglang:num_running_reqs",
    "tgi_batch_current_size",
    "trtllm_num_requests_running",
    "llamacpp:requests_processing",
)
_WAITING = (
    "vllm:num_requests_waiting_by_reason",
    "vllm:num_requests_waiting",
    "sglang:num_queue_reqs",
    "tgi_queue_size",
    "trtllm_num_requests_waiting",
    "llamacpp:requests_deferred",
)
_KV_USAGE = (
    "vllm:kv_cache_usage_perc",
    "vllm:gpu_cache_usage_perc",
    "sglang:token_usage",
    "trtllm_kv_cache_utilization",
)
_REQUESTS = (
    "vllm:request_success_total",
    "sglang:num_requests_total",
    "tgi_request_success",
    "trtllm_request_success_total",
)
_PROMPT = (
    "vllm:prompt_tokens_total",
    "sglang:prompt_tokens_total",
    "tgi_request_input_length_sum",
    "llamacpp:prompt_tokens_total",
)
_OUTPUT = (
    "vllm:generation_tokens_total",
    "sglang:generation_tokens_total",
    "tgi_request_generated_tokens_sum",
    "llamacpp:tokens_predicted_total",
)
_TTFT = (
    "vllm:time_to_first_token_seconds",
    "sglang:time_to_first_token_seconds",
    "trtllm_time_to_first_token_seconds",
)
_TPOT = (
    "vllm:inter_token_latency_seconds",
    "vllm:time_per_output_token_seconds",
    "vllm:request_time_per_output_token_seconds",
    "sglang:inter_token_latency_seconds",
    "sglang:time_per_output_token_seconds",
    "tgi_request_mean_time_per_token_duration",
    "trtllm_time_per_output_token_seconds",
)
_INPUT_LENGTH = ("vllm:request_prompt_tokens", "tgi_request_input_length")


@dataclass(frozen=True, slots=True)
class _Ask:
    """A figure of each pod over the window: `outer` over its engines of `function` over time."""

    name: str
    metrics: tuple[str, ...]
    function: str
    outer: str = "sum"


_BY_POD = (
    _Ask("running_avg", _RUNNING, "avg_over_time"),
    _Ask("running_max", _RUNNING, "max_over_time"),
    _Ask("waiting_max", _WAITING, "max_over_time"),
    _Ask("waiting_p95", _WAITING, "quantile_over_time"),
    _Ask("kv_usage_avg", _KV_USAGE, "avg_over_time", "max"),
    _Ask("kv_usage_p95", _KV_USAGE, "quantile_over_time", "max"),
    _Ask("kv_usage_max", _KV_USAGE, "max_over_time", "max"),
    _Ask("preemptions", ("vllm:num_preemptions_total", "sglang:num_retracted_reqs_total"), "increase"),
    _Ask(
        "prefix_queries",
        ("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total", "sglang:prompt_tokens_total"),
        "increase",
    ),
    _Ask(
        "prefix_hits",
        ("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total", "sglang:cached_tokens_total"),
        "increase",
    ),
    _Ask("requests_total", _REQUESTS, "increase"),
    _Ask("prompt_tokens_total", _PROMPT, "increase"),
    _Ask("output_tokens_total", _OUTPUT, "increase"),
)
_HOURLY = (
    _Ask("requests_hourly", _REQUESTS, "rate"),
    _Ask("prompt_tokens_hourly", _PROMPT, "rate"),
    _Ask("output_tokens_hourly", _OUTPUT, "rate"),
    _Ask("running_hourly", _RUNNING, "max_over_time"),
    _Ask("waiting_hourly", _WAITING, "max_over_time"),
)
_APART = ("engine", "dp_rank", "model_name")
"""Labels by which one pod's series tell different things."""


def engine_queries(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield the queries that the server can answer."""
    yield from _models(layout, span)
    for asked in _BY_POD:
        parts = [_of_pod(layout, asked, metric, span.window_s) for metric in layout.find(*asked.metrics)]
        if parts:
            yield Query(asked.name, either(parts), Family.ENGINE)
    for asked in _HOURLY:
        parts = [
            aggregate("sum", ("namespace", "stem"), layout.stemmed(Family.ENGINE, _of_pod(layout, asked, name, HOUR_S)))
            for name in layout.find(*asked.metrics)
        ]
        if parts:
            yield Query(asked.name, either(parts), Family.ENGINE, hourly=True)
    yield from _latencies(layout, span)


def _own(layout: Layout) -> str:
    """Return a matcher for engines' own series: a router repeats them with the label `server`."""
    return 'server=""' if "server" in layout.labels.get(Family.ENGINE, ()) else ""


def _select(layout: Layout, metric: str) -> str:
    """Return a selector of engines' own series; of waiting by reason, only for want of capacity."""
    capacity = 'reason="capacity"' if metric.endswith("_by_reason") else ""
    return layout.select(metric, capacity, _own(layout))


def _of_pod(layout: Layout, asked: _Ask, metric: str, range_s: int) -> str:
    """Return a pod's figure: series that tell the same taken once, those that tell different things summed."""
    pod = layout.keys(Family.ENGINE, "namespace", "pod")
    apart = layout.known(Family.ENGINE, _APART)
    if asked.function in {"increase", "rate"}:
        apart = (*apart, "instance", *(("finished_reason",) if asked.metrics is _REQUESTS else ()))
    each = over(asked.function, _select(layout, metric), range_s)
    if asked.outer == "max":
        return aggregate("max", pod, each)
    return aggregate("sum", pod, aggregate("max", (*pod, *apart), each))


def _models(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield which pods run which engine and model, and the KV cache's configuration, which names no model."""
    marks = layout.find(*_RUNNING)
    if marks:
        named = layout.select("", f'__name__=~"{alternatives(marks)}"', _own(layout))
        keys = ("__name__", *layout.keys(Family.ENGINE, "namespace", "pod"), "model_name")
        told = aggregate("count", keys, over("last_over_time", named, span.window_s))
        yield Query("engine_model", told, Family.ENGINE)
    for metric in layout.find("vllm:cache_config_info")[:1]:
        yield Query("engine_config", over("last_over_time", layout.select(metric), span.window_s), Family.ENGINE)


def _latencies(layout: Layout, span: Span) -> Iterator[Query]:
    """Yield percentiles and means of what requests saw, over all pods of a stem together."""
    asked = (("ttft", 0.95, "p95", _TTFT), ("tpot", 0.95, "p95", _TPOT), ("input_tokens", 0.99, "p99", _INPUT_LENGTH))
    for name, share, figure, metrics in asked:
        quantiles = [
            f"histogram_quantile({share}, {_by_stem(layout, bucket, span, 'le')})"
            for bucket in layout.find(*(f"{metric}_bucket" for metric in metrics))
        ]
        if quantiles:
            yield Query(f"{name}_{figure}", either(quantiles), Family.ENGINE)
        if quantiles and figure == "p95":
            least = [
                _least(layout, bucket, span) for bucket in layout.find(*(f"{metric}_bucket" for metric in metrics))
            ]
            yield Query(f"{name}_p95_least", either(least), Family.ENGINE)
        means = [
            f"{_by_stem(layout, total, span)} / ({_by_stem(layout, count, span)} > 0)"
            for metric in metrics
            for total, count in zip(layout.find(f"{metric}_sum"), layout.find(f"{metric}_count"), strict=False)
        ]
        if means and name != "input_tokens":
            yield Query(f"{name}_avg", either(means), Family.ENGINE)


def _least(layout: Layout, bucket: str, span: Span) -> str:
    """Return the lower bound of the bucket that the 95th percentile lies in.

    Whether a bucket's cumulative count reaches 95 % is itself a cumulative histogram with all of its one event in the
    bucket asked for; its lowest quantile is that bucket's lower bound (`histogram_quantile`, Prometheus 2.42).
    """
    counts = _by_stem(layout, bucket, span, "le")
    every = f"0.95 * max by (namespace, stem) ({counts})"
    return f"histogram_quantile(1e-9, {counts} >= bool on (namespace, stem) group_left () ({every} > 0))"


def _by_stem(layout: Layout, metric: str, span: Span, *labels: str) -> str:
    """Return a counter's increase over the window, summed over the pods of each stem."""
    grown = over("increase", _select(layout, metric), span.window_s)
    return aggregate("sum", (*labels, "namespace", "stem"), layout.stemmed(Family.ENGINE, grown))
