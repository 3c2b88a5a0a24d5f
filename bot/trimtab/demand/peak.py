"""What a workload was asked to do at its busiest, for one replica."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from trimtab.demand.estimates import memory_of
from trimtab.demand.measures import first_unknown, known, number
from trimtab.estimate import Deployment, Memory
from trimtab.fleet import Intent, Traffic, Unknown, Workload

_MIN_OUTPUT_TOKENS = 1.0
_SLOWER_WHEN_BUSY = 1.2
"""How much longer a request of the busiest hour takes than the week's mean, where only the mean was seen."""


@dataclass(frozen=True, slots=True)
class Peak:
    """Demand on one replica.

    Attributes:
        replicas: Pods that shared the demand, mean over the window.
        requests_per_s: In the busiest hour.
        concurrency: Requests in progress at the busiest moment.
        concurrency_busy: Requests in progress in the busiest hour, mean; the most there were, where bursts were seen.
        bursts: Whether more requests were in progress at once than independent arrivals explain.
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
    concurrency_busy: float
    bursts: bool
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
            concurrency_busy=self.concurrency_busy * share,
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
    typical = max(min(running, _typical(workload) / replicas), 0.01)
    rate = number(traffic.requests_per_s_peak, 0.0) / replicas
    busy, bursts = _busy(traffic, running, rate)
    return Peak(
        replicas=replicas,
        requests_per_s=rate,
        concurrency=max(running, 0.01),
        concurrency_busy=max(typical, busy),
        bursts=bursts,
        concurrency_typical=typical,
        input_tokens=inputs,
        output_tokens=outputs,
        prefix_hit=min(1.0, max(0.0, number(traffic.prefix_hit, 0.0))),
        kv_tokens=running * (inputs + outputs) if isinstance(cache, Unknown) else cache,
        kv_seen=not isinstance(cache, Unknown),
        longest_tokens=number(traffic.input_tokens_p99, inputs) + outputs,
    )


def crowd(concurrency: float) -> float:
    """Return the requests in progress that nearly all requests meet at most, where `concurrency` is the mean.

    Arrivals that do not know of each other (a Poisson process) are in progress m on average with a spread of sqrt(m);
    m + 2 sqrt(m) holds 98 % of the time.
    """
    return concurrency + 2 * math.sqrt(concurrency)


def _busy(traffic: Traffic, running: float, requests_per_s: float) -> tuple[float, bool]:
    """Return the requests in progress on one replica in the busiest hour, and whether bursts were seen beyond it.

    By Little's law (Operations Research 9, 1961, p. 383). A week's largest sample of independent arrivals stays below
    about m + 4 sqrt(m) + 1: what was seen beyond that are bursts, and a burst counts in full.
    """
    first, each, length = traffic.ttft_avg_ms, traffic.tpot_avg_ms, traffic.output_tokens_avg
    if not (known(first) and known(each) and known(length)):
        return running, True
    mean = requests_per_s * (first.value + each.value * length.value) / 1000 * _SLOWER_WHEN_BUSY
    bursts = running > mean + 4 * math.sqrt(mean) + 1
    return (running if bursts else min(running, mean)), bursts


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
