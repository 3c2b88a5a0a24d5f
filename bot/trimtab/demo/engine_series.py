"""What the inference engines of the demo would have exported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from trimtab.demo.notebook import Notebook
from trimtab.demo.pods import Pod
from trimtab.demo.week import Week
from trimtab.facts import pod_stem

_BLOCK = 16
_SPREAD = 1.25
"""95th percentile of time per output token within an hour, over its mean: steps vary with the batch."""


def note_engines(book: Notebook, pods: Iterable[Pod], weeks: Mapping[str, Week]) -> None:
    """Note the engine's metrics of every pod, and of the pods of one name together."""
    stems: dict[tuple[str, str], list[Pod]] = {}
    for pod in pods:
        week = weeks[pod.running.app.name]
        _note_room(book, pod, week)
        _note_load(book, pod, week)
        _note_totals(book, pod, week)
        stems.setdefault((pod.namespace, pod_stem(pod.name)), []).append(pod)
    for (namespace, stem), members in stems.items():
        week = weeks[members[0].running.app.name]
        _note_hours(book, namespace, stem, week, members)
        if week.requests:
            _note_times(book, namespace, stem, week)


def _note_room(book: Notebook, pod: Pod, week: Week) -> None:
    """Note the model served and the KV cache's size."""
    app = pod.running.app
    where = {"namespace": app.namespace, "pod": pod.name}
    served = app.served_as or app.model or pod.running.text("model")
    book.note("engine_model", 1, **where, model_name=served, engine="vllm")
    book.note(
        "engine_config",
        1,
        **where,
        block_size=str(_BLOCK),
        num_gpu_blocks=str(int(week.box.kv_tokens // _BLOCK)),
        cache_dtype=pod.running.text("kv_cache_dtype") or "auto",
        gpu_memory_utilization=str(pod.running.number("gpu_memory_utilization", 0.9)),
    )


def _note_load(book: Notebook, pod: Pod, week: Week) -> None:
    """Note requests in progress and waiting, and the KV cache in use."""
    where = {"namespace": pod.namespace, "pod": pod.name}
    book.note("running_avg", week.mean(lambda h: h.running), **where)
    book.note("running_max", week.highest(lambda h: h.running_max), **where)
    book.note("waiting_max", week.highest(lambda h: h.waiting_max), **where)
    book.note("waiting_p95", week.p95(lambda h: h.waiting_max), **where)
    book.note("kv_usage_avg", week.mean(lambda h: h.kv_usage), **where)
    book.note("kv_usage_p95", week.p95(lambda h: h.kv_usage), **where)
    book.note("kv_usage_max", week.highest(lambda h: h.kv_usage_max), **where)
    book.note("preemptions", sum(h.preemptions for h in week.hours), **where)


def _note_totals(book: Notebook, pod: Pod, week: Week) -> None:
    """Note what was finished in the week."""
    where = {"namespace": pod.namespace, "pod": pod.name}
    prompts = week.requests * week.lengths.input_mean
    book.note("requests_total", week.requests, **where)
    book.note("prompt_tokens_total", prompts, **where)
    book.note("output_tokens_total", week.requests * week.lengths.output_mean, **where)
    book.note("prefix_queries", prompts, **where)
    book.note("prefix_hits", prompts * week.prefix_hit, **where)


def _note_hours(book: Notebook, namespace: str, stem: str, week: Week, pods: Sequence[Pod]) -> None:
    """Note rates and counts of each hour, summed over the pods."""
    where = {"namespace": namespace, "stem": stem}
    many = len(pods)
    rates = [hour.requests_per_s * many for hour in week.hours]
    book.hourly("requests_hourly", rates, **where)
    book.hourly("prompt_tokens_hourly", (rate * week.lengths.input_mean for rate in rates), **where)
    book.hourly("output_tokens_hourly", (rate * week.lengths.output_mean for rate in rates), **where)
    book.hourly("running_hourly", (hour.running_max * many for hour in week.hours), **where)
    book.hourly("waiting_hourly", (hour.waiting_max * many for hour in week.hours), **where)


def _note_times(book: Notebook, namespace: str, stem: str, week: Week) -> None:
    """Note latency; a long prompt takes its share longer to its first token."""
    where = {"namespace": namespace, "stem": stem}
    long_prompt = week.lengths.input_p95 / week.lengths.input_mean
    book.note("ttft_avg", week.mean_of_requests(lambda h: h.ttft_ms) / 1000, **where)
    book.note("ttft_p95", week.of_requests(lambda h: h.ttft_ms, 0.5) * long_prompt / 1000, **where)
    book.note("tpot_avg", week.mean_of_requests(lambda h: h.tpot_ms) / 1000, **where)
    book.note("tpot_p95", week.of_requests(lambda h: h.tpot_ms, 0.95) * _SPREAD / 1000, **where)
    book.note("input_tokens_p99", week.lengths.input_p99, **where)
