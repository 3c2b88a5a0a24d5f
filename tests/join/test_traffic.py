"""Traffic, host and health of one workload."""

from __future__ import annotations

from dataclasses import fields

from tests.join.small import HOURS, WINDOW_S, Small, hours
from trimtab.fleet import Found, Traffic, Unknown

POD = {"namespace": "llm", "pod": "chat-7c9d8f6b5d-xbbzw"}
OTHER = {"namespace": "llm", "pod": "chat-7c9d8f6b5d-q2x4z"}
STEM = {"namespace": "llm", "stem": "chat"}


def _two_pods() -> Small:
    small = Small()
    for pod in (POD, OTHER):
        small.pod(pod["pod"])
    small.add("pods_hourly", hours(2), **STEM)
    return small


def test_what_was_not_recorded_is_unknown_and_never_zero() -> None:
    """A workload without any engine metric has no figure at all, each with its reason."""
    traffic = _two_pods().only().traffic
    for one in fields(Traffic):
        if not one.name.startswith("hourly_"):
            measure = getattr(traffic, one.name)
            assert isinstance(measure, Unknown), one.name
            assert measure.reason


def test_totals_give_rates_and_lengths() -> None:
    """Rates are totals over the window, lengths are tokens over requests, over all pods."""
    small = _two_pods()
    for pod in (POD, OTHER):
        small.add("requests_total", WINDOW_S / 2, **pod)
        small.add("prompt_tokens_total", WINDOW_S * 400, **pod)
        small.add("output_tokens_total", WINDOW_S * 100, **pod)
    traffic = small.only().traffic
    assert traffic.requests_per_s_avg.value == 1.0
    assert traffic.input_tokens_avg.value == 800.0
    assert traffic.output_tokens_avg.value == 200.0
    assert traffic.output_tokens_per_s_avg.value == 200.0


def test_no_finished_request_has_no_length() -> None:
    """Zero requests are known to be zero; the length of one is not."""
    small = _two_pods()
    small.add("requests_total", 0, **POD)
    small.add("prompt_tokens_total", 0, **POD)
    traffic = small.only().traffic
    assert traffic.requests_per_s_avg == Found(0.0, "query of requests_total")
    assert traffic.input_tokens_avg == Unknown("no request finished")


def test_peaks_are_of_the_busiest_hour() -> None:
    """The peak is the largest hour's figure; hours that were not recorded do not count."""
    small = _two_pods()
    small.add("requests_hourly", (*hours(1.0, HOURS - 1)[1:], 9.0, float("nan")), **STEM)
    small.add("running_hourly", (*([3.0] * (HOURS - 1)), 17.0), **STEM)
    traffic = small.only().traffic
    assert traffic.requests_per_s_peak.value == 9.0
    assert traffic.running_peak.value == 17.0
    assert len(traffic.hourly_running) == HOURS


def test_requests_in_progress_add_up_over_replicas() -> None:
    """The mean is one replica's mean times the replicas; without hours the peak is the sum of those that run now."""
    small = _two_pods()
    for pod, mean, most in ((POD, 3.0, 8.0), (OTHER, 5.0, 9.0)):
        small.add("running_avg", mean, **pod)
        small.add("running_max", most, **pod)
    traffic = small.only().traffic
    assert traffic.running_avg.value == 8.0
    assert traffic.running_peak.value == 17.0


def test_kv_usage_is_the_fullest_replicas() -> None:
    """One replica with a full cache is not hidden by an empty one."""
    small = _two_pods()
    small.add("kv_usage_max", 0.2, **POD)
    small.add("kv_usage_max", 0.99, **OTHER)
    assert small.only().traffic.kv_usage_max.value == 0.99


def test_the_kv_cache_is_what_the_engine_says_or_blocks_times_their_size() -> None:
    """Labels are text; `None` is no number; engines of one pod add up; the smallest replica counts."""
    small = _two_pods()
    small.add("engine_config", 1, **POD, engine="0", kv_cache_size_tokens="50000", num_gpu_blocks="1", block_size="16")
    small.add("engine_config", 1, **POD, engine="1", kv_cache_size_tokens="50000")
    small.add("engine_config", 1, **OTHER, kv_cache_size_tokens="None", num_gpu_blocks="5000", block_size="16")
    workload = small.only()
    assert workload.traffic.kv_cache_tokens.value == 80000.0


def test_latencies_are_milliseconds() -> None:
    """Seconds of the histograms become milliseconds."""
    small = _two_pods()
    small.add("ttft_p95", 0.25, **STEM)
    small.add("tpot_avg", 0.012, **STEM)
    traffic = small.only().traffic
    assert (traffic.ttft_p95_ms.value, traffic.tpot_avg_ms.value) == (250.0, 12.0)


def test_latencies_of_stateful_pods_are_the_slowest_and_the_mean_by_requests() -> None:
    """Each pod of a StatefulSet is a stem: the percentile is the worst, the mean is weighed by requests."""
    small = Small()
    for pod, requests, slow in (("store-0", 300, 0.1), ("store-1", 100, 0.5)):
        small.pod(pod, owner=("StatefulSet", "store"))
        small.add("requests_total", requests, namespace="llm", pod=pod)
        small.add("ttft_p95", slow, namespace="llm", stem=pod)
        small.add("ttft_avg", slow, namespace="llm", stem=pod)
    traffic = small.only().traffic
    assert (traffic.ttft_p95_ms.value, traffic.ttft_avg_ms.value) == (500.0, 200.0)


def test_prefix_hits_are_a_share_of_what_was_looked_up() -> None:
    """Hits over queries over all pods; nothing looked up is unknown."""
    small = _two_pods()
    small.add("prefix_queries", 1000, **POD)
    small.add("prefix_hits", 250, **POD)
    assert small.only().traffic.prefix_hit.value == 0.25


def test_the_host_side_is_the_serving_containers() -> None:
    """Requests are those of the container that holds the GPU, of the newest pod; a limit that is not set is said so."""
    small = Small()
    small.pod("chat-7c9d8f6b5d-xbbzw", samples=2000)
    small.pod("chat-6d5f8b7c9d-q2x4z", samples=100)
    for pod, cores in ((POD["pod"], 4), ("chat-6d5f8b7c9d-q2x4z", 8)):
        small.add("pod_cpu_request", cores, namespace="llm", pod=pod, container="server")
        small.add("pod_cpu_request", 0.1, namespace="llm", pod=pod, container="proxy")
        small.add("pod_memory_request", 2.0**35, namespace="llm", pod=pod, container="server")
    host = small.only().host
    assert (host.cpu_request_cores.value, host.memory_request_gib.value) == (8.0, 32.0)
    assert "none is set" in host.cpu_limit_cores.reason


def test_cpu_percentiles_are_of_one_pod() -> None:
    """What all pods of the stem used in an hour is divided by the pods of that hour."""
    small = _two_pods()
    small.add("cpu_used_hourly", hours(6), **STEM)
    assert small.only().host.cpu_used_p95_cores.value == 3.0


def test_crashes_are_told_from_memory_kills() -> None:
    """Restarts after `Error` are crashes, after `OOMKilled` they are kills; the kernel's own count may show more."""
    small = _two_pods()
    small.add("pod_restarts", 3, **POD, container="server")
    small.add("pod_last_exit", 1, **POD, container="server", reason="Error")
    small.add("pod_restarts", 2, **OTHER, container="server")
    small.add("pod_last_exit", 1, **OTHER, container="server", reason="OOMKilled")
    health = small.only().health
    assert (health.restarts.value, health.crash_exits.value, health.oom_kills.value) == (5.0, 3.0, 2.0)
    small.add("oom_events", 7, **OTHER)
    assert small.only().health.oom_kills.value == 7.0
