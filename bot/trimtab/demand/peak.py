"""What a workload was asked to do at its busiest, for one replica."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from trimtab.demand.estimates import memory_of
from trimtab.demand.measures import first_unknown, known, number
from trimtab.estimate import Deployment, Memory
from trimtab.fleet import Intent, Unknown, Workload

_MIN_OUTPUT_TOKENS = 1.0


@dataclass(frozen=True, slots=True)
class Peak:
    """Demand on one replica.

    Attributes:
        replicas: Pods that shared the demand, mean over the window.
        requests_per_s: In the busiest hour.
        concurrency: Requests in progress at the busiest moment.
        concurrency_typical: Requests in progress as the average request met them.
        input_tokens: Prompt of one request, mean.
        output_tokens: Generated for one request, mean.
        prefix_hit: Share of prompt tokens found in the prefix cache.
        kv_tokens: KV cache held at the peak, tokens.
        kv_seen: Whether that was measured; else it is requests in progress times their length.
        longest_tokens: Prompt (99th percentile) and output of a long request.
    """

    replicas: float
    requests_per_s: float
    concurrency: float
    concurrency_typical: float
    input_tokens: float
    output_tokens: float
    prefix_hit: float
    kv_tokens: float
    kv_seen: bool
    longest_tokens: float

    def on(self, replicas: float) -> Peak:
        """Return the demand on one replica where `replicas` of them share the same traffic."""
        share = self.replicas / max(replicas, 1e-9)
        return replace(
            self,
            replicas=replicas,
            requests_per_s=self.requests_per_s * share,
            concurrency=self.concurrency * share,
            concurrency_typical=self.concurrency_typical * share,
            kv_tokens=self.kv_tokens * share,
        )


def held_replicas(workload: Workload) -> float:
    """Return the mean number of pods over the window, or the desired number where that was not seen."""
    return max(0.0, number(workload.scale.ready_avg, float(workload.scale.replicas)))


def peak_of(workload: Workload, now: Deployment) -> Peak | Unknown:
    """Return what one replica was asked to do at its busiest, or which metric is missing."""
    traffic = workload.traffic
    missing = first_unknown((traffic.requests_per_s_peak, traffic.running_peak, traffic.input_tokens_avg))
    if missing:
        return Unknown(missing)
    embeds = workload.wishes.intent is Intent.EMBEDDING
    if not known(traffic.output_tokens_avg) and not embeds:
        return Unknown(first_unknown((traffic.output_tokens_avg,)))
    replicas = max(1.0, held_replicas(workload))
    running = number(traffic.running_peak, 0.0) / replicas
    inputs = number(traffic.input_tokens_avg, 0.0)
    outputs = max(_MIN_OUTPUT_TOKENS, number(traffic.output_tokens_avg, 0.0))
    cache = _kv_tokens(workload, now)
    return Peak(
        replicas=replicas,
        requests_per_s=number(traffic.requests_per_s_peak, 0.0) / replicas,
        concurrency=max(running, 0.01),
        concurrency_typical=max(min(running, _typical(workload) / replicas), 0.01),
        input_tokens=inputs,
        output_tokens=outputs,
        prefix_hit=min(1.0, max(0.0, number(traffic.prefix_hit, 0.0))),
        kv_tokens=running * (inputs + outputs) if isinstance(cache, Unknown) else cache,
        kv_seen=not isinstance(cache, Unknown),
        longest_tokens=number(traffic.input_tokens_p99, inputs) + outputs,
    )


def _kv_tokens(workload: Workload, now: Deployment) -> float | Unknown:
    """Return the KV cache in use on the fullest replica at its fullest, tokens."""
    usage, capacity = workload.traffic.kv_usage_max, workload.traffic.kv_cache_tokens
    if not known(usage):
        return Unknown(first_unknown((usage,)))
    if known(capacity):
        return usage.value * capacity.value
    estimate = memory_of(now)
    return usage.value * estimate.kv_cache_tokens.high if isinstance(estimate, Memory) else Unknown(estimate.reason)


def _typical(workload: Workload) -> float:
    """Return the requests in progress that the average request met.

    The mean over time counts quiet hours as much as busy ones, while latencies are averaged over requests. With load in
    proportion to the request rate r, the mean over requests is the mean over time multiplied by mean(r^2)/mean(r)^2.
    """
    rates = [rate for rate in workload.traffic.hourly_requests_per_s if math.isfinite(rate)]
    mean = sum(rates) / len(rates) if rates else 0.0
    unevenness = sum(rate * rate for rate in rates) / len(rates) / mean**2 if mean > 0 else 1.0
    return number(workload.traffic.running_avg, number(workload.traffic.running_peak, 0.0)) * unevenness
