"""What inference engines tell, under the names that their releases have."""

from __future__ import annotations

import math

import pytest

from tests.read.samples import Samples, read

POD = {"namespace": "llm", "pod": "chat-7c9d8f6b5d-xbbzw"}
V1 = {**POD, "model_name": "qwen", "engine": "0"}
KEY = "namespace=llm pod=chat-7c9d8f6b5d-xbbzw"


def histogram(samples: Samples, name: str, **labels: str) -> Samples:
    """Add a histogram: 90 of 100 observations up to 0.1, the rest up to 0.2, mean 0.08; one observation a second."""
    for edge, share in (("0.05", 0.5), ("0.1", 0.9), ("0.2", 1.0), ("+Inf", 1.0)):
        samples.count(f"{name}_bucket", share, **labels, le=edge)
    return samples.count(f"{name}_count", 1, **labels).count(f"{name}_sum", 0.08, **labels)


def test_new_and_old_names_of_vllm_give_the_same_signals() -> None:
    """A pod of V0, one of V1 and one under Ray stand beside each other under the same signals."""
    samples = (
        Samples()
        .add("vllm:num_requests_running", 4, namespace="llm", pod="v1-0", model_name="m", engine="0")
        .add("vllm:kv_cache_usage_perc", 0.5, namespace="llm", pod="v1-0", model_name="m", engine="0")
        .add("vllm:num_requests_running", 3, namespace="llm", pod="v0-0", model_name="m")
        .add("vllm:gpu_cache_usage_perc", 0.4, namespace="llm", pod="v0-0", model_name="m")
        .add("ray_vllm:num_requests_running", 2, namespace="llm", pod="ray-0", model_name="m")
        .add("ray_vllm_kv_cache_usage_perc", 0.3, namespace="llm", pod="ray-0", model_name="m")
    )
    answer = read(samples)
    assert answer.rows("running_max") == {
        "namespace=llm pod=ray-0": 2,
        "namespace=llm pod=v0-0": 3,
        "namespace=llm pod=v1-0": 4,
    }
    assert answer.rows("kv_usage_max") == {
        "namespace=llm pod=ray-0": pytest.approx(0.3),
        "namespace=llm pod=v0-0": pytest.approx(0.4),
        "namespace=llm pod=v1-0": pytest.approx(0.5),
    }
    assert set(answer.rows("engine_model")) == {
        f"engine=vllm model_name=m namespace=llm pod={pod}" for pod in ("ray-0", "v0-0", "v1-0")
    }


def test_a_pod_that_shows_both_names_counts_once_under_the_newer() -> None:
    """In the release between, both names are there: the newer one holds."""
    samples = Samples().add("vllm:kv_cache_usage_perc", 0.5, **V1).add("vllm:gpu_cache_usage_perc", 0.9, **V1)
    assert read(samples).rows("kv_usage_avg") == {KEY: pytest.approx(0.5)}


def test_what_is_not_measured_is_absent_and_never_zero() -> None:
    """Signals without a metric have no series, and a metric without requests gives no percentile."""
    samples = histogram(Samples().add("vllm:num_requests_running", 0, **V1), "vllm:idle_never_asked", **V1)
    for edge in ("0.1", "+Inf"):
        samples.add("vllm:time_to_first_token_seconds_bucket", 7, **V1, le=edge)
    answer = read(samples)
    assert answer.rows("running_max") == {KEY: 0}
    for signal in ("kv_usage_max", "waiting_max", "ttft_p95", "tpot_p95", "requests_total", "preemptions"):
        assert answer.rows(signal) == {}, signal


def test_only_waiting_for_capacity_is_waiting_where_it_is_told_apart() -> None:
    """Deferred requests are no pressure; an engine that does not tell them apart gives all that wait."""
    old = {"namespace": "llm", "pod": "old-0", "model_name": "m"}
    samples = (
        Samples()
        .add("vllm:num_requests_running", 1, **V1)
        .add("vllm:num_requests_waiting", 9, **V1)
        .add("vllm:num_requests_waiting_by_reason", 2, **V1, reason="capacity")
        .add("vllm:num_requests_waiting_by_reason", 7, **V1, reason="deferred")
        .add("vllm:num_requests_waiting", 5, **old)
    )
    answer = read(samples)
    assert answer.rows("waiting_max") == {KEY: 2, "namespace=llm pod=old-0": 5}
    assert answer.hours("waiting_hourly")["chat"] == (2.0,) * 24


def test_engines_of_one_pod_are_summed_and_ranks_are_not() -> None:
    """Data-parallel engines share a pod's work; tensor-parallel ranks tell the same thing again."""
    samples = Samples()
    for engine in ("0", "1"):
        labels = {**POD, "model_name": "m", "engine": engine}
        samples.add("vllm:num_requests_running", 3, **labels).add("vllm:kv_cache_usage_perc", 0.1, **labels)
        samples.count("vllm:generation_tokens_total", 10, **labels)
    for rank in ("0", "1"):
        samples.add("sglang:num_running_reqs", 6, namespace="llm", pod="sg-0", model_name="m", tp_rank=rank)
    answer = read(samples)
    assert answer.rows("running_avg") == {KEY: pytest.approx(6), "namespace=llm pod=sg-0": pytest.approx(6)}
    assert answer.rows("kv_usage_max") == {KEY: pytest.approx(0.1)}
    assert answer.figure("output_tokens_total") == pytest.approx(10 * 2 * 86400)
    assert answer.hours("output_tokens_hourly")["chat"][-1] == pytest.approx(20)
    assert "engine=sglang model_name=m namespace=llm pod=sg-0" in answer.rows("engine_model")


def test_requests_are_counted_over_all_reasons_to_finish_and_once_for_each_scrape() -> None:
    """Stopped and cut requests both count; a second scrape of the same pod counts nothing."""
    samples = Samples().add("vllm:num_requests_running", 1, **V1)
    for job in ("pods", "services"):
        samples.count("vllm:request_success_total", 2, **V1, finished_reason="stop", job=job, instance="10.0.0.1:8000")
        samples.count(
            "vllm:request_success_total", 1, **V1, finished_reason="length", job=job, instance="10.0.0.1:8000"
        )
    answer = read(samples)
    assert answer.figure("requests_total") == pytest.approx(3 * 86400)
    assert answer.hours("requests_hourly")["chat"][5] == pytest.approx(3)


def test_a_stateful_pod_that_came_back_at_another_address_keeps_both_counts() -> None:
    """The same pod name at two addresses in turn is one pod with all its requests."""
    samples = Samples().add("vllm:num_requests_running", 1, **V1)
    for span, address in (((-24, -12.2), "10.0.0.1:8000"), ((-12, 0), "10.0.0.2:8000")):
        samples.count("vllm:prompt_tokens_total", 10, span, **V1, instance=address)
    assert read(samples).figure("prompt_tokens_total") == pytest.approx(10 * 86400, rel=0.03)


def test_a_router_that_repeats_engines_figures_is_no_engine() -> None:
    """The production stack's router exports vLLM's names with the label `server`: they are its backends' own."""
    samples = (
        Samples()
        .add("vllm:num_requests_running", 4, **V1)
        .add("vllm:num_requests_running", 4, namespace="llm", pod="router-0", server="http://10.0.0.1:8000")
    )
    answer = read(samples)
    assert answer.rows("running_max") == {KEY: 4}
    assert list(answer.rows("engine_model")) == [f"engine=vllm model_name=qwen {KEY}"]


def test_latency_is_of_all_requests_of_a_stem() -> None:
    """Percentile and mean come from the histograms of all pods of a workload, the newest name first."""
    samples = Samples()
    for suffix in ("xbbzv", "xbbzw"):
        labels = {"namespace": "llm", "pod": f"chat-7c9d8f6b5d-{suffix}", "model_name": "m", "engine": "0"}
        histogram(samples, "vllm:time_to_first_token_seconds", **labels)
        histogram(samples, "vllm:inter_token_latency_seconds", **labels)
    histogram(samples, "vllm:time_per_output_token_seconds", namespace="llm", pod="old-7c9d8f6b5d-xbbzw")
    histogram(samples, "vllm:request_prompt_tokens", **V1)
    answer = read(samples)
    assert answer.rows("ttft_p95") == {"namespace=llm stem=chat": pytest.approx(0.15)}
    assert answer.rows("ttft_p95_least") == {"namespace=llm stem=chat": pytest.approx(0.1)}
    assert answer.rows("ttft_avg") == {"namespace=llm stem=chat": pytest.approx(0.08)}
    assert answer.rows("tpot_p95") == {
        "namespace=llm stem=chat": pytest.approx(0.15),
        "namespace=llm stem=old": pytest.approx(0.15),
    }
    assert answer.rows("input_tokens_p99") == {"namespace=llm stem=chat": pytest.approx(0.19)}


def test_the_cache_configuration_needs_no_model_name() -> None:
    """`vllm:cache_config_info` names no model; its labels are kept, those of the scrape are not."""
    samples = (
        Samples()
        .add("vllm:num_requests_running", 0, **V1)
        .add(
            "vllm:cache_config_info", 1, **POD, engine="0", block_size="16", num_gpu_blocks="4574", cache_dtype="auto",
            kv_cache_size_tokens="73184", instance="10.0.0.1:8000", job="vllm", container="server",
        )
    )  # fmt: skip
    (labels,) = read(samples).rows("engine_config")
    assert labels == f"block_size=16 cache_dtype=auto engine=0 kv_cache_size_tokens=73184 {KEY}".replace(
        " pod=", " num_gpu_blocks=4574 pod="
    )


def test_other_engines_have_their_own_names() -> None:
    """SGLang, TGI, TensorRT-LLM and llama.cpp give what they have that is alike."""
    samples = (
        Samples()
        .add("sglang:token_usage", 0.7, namespace="a", pod="sg-0", model_name="m")
        .add("sglang:num_running_reqs", 5, namespace="a", pod="sg-0", model_name="m")
        .add("tgi_batch_current_size", 6, namespace="a", pod="tgi-0")
        .add("tgi_queue_size", 2, namespace="a", pod="tgi-0")
        .count("tgi_request_success", 1, namespace="a", pod="tgi-0")
        .add("trtllm_kv_cache_utilization", 0.6, namespace="a", pod="trt-0")
        .add("trtllm_num_requests_running", 1, namespace="a", pod="trt-0")
        .add("llamacpp:requests_processing", 1, namespace="a", pod="cpp-0")
    )
    answer = read(samples)
    assert answer.rows("kv_usage_max") == {
        "namespace=a pod=sg-0": pytest.approx(0.7),
        "namespace=a pod=trt-0": pytest.approx(0.6),
    }
    assert answer.rows("waiting_max") == {"namespace=a pod=tgi-0": 2}
    assert answer.figure("requests_total") == pytest.approx(86400)
    assert set(answer.rows("engine_model")) == {
        "engine=sglang model_name=m namespace=a pod=sg-0",
        "engine=tgi namespace=a pod=tgi-0",
        "engine=tensorrt-llm namespace=a pod=trt-0",
        "engine=llama.cpp namespace=a pod=cpp-0",
    }


def test_hours_without_samples_are_no_zeros() -> None:
    """Hourly figures have one place for each hour of the window; what was not recorded is not a number."""
    samples = Samples().count("vllm:prompt_tokens_total", 10, (-6, 0), **V1).add("vllm:num_requests_running", 1, **V1)
    values = read(samples).hours("prompt_tokens_hourly")["chat"]
    assert len(values) == 24
    assert all(math.isnan(value) for value in values[:17])
    assert values[18:] == pytest.approx([10] * 6)
