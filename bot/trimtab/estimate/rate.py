"""The largest request rate within latency objectives, and other sums that callers need."""

from __future__ import annotations

import math
from collections.abc import Callable

from trimtab.estimate.speed import Machine, machine_of, max_batch, time_load
from trimtab.estimate.types import Deployment, Figure, Impossible, Load, Speed

_STEPS = 40


def kv_tokens_needed(concurrency: float, input_tokens: float, output_tokens: float) -> float:
    """Return the cache tokens that so many requests hold at once, each at its full length: the safe side."""
    return max(0.0, concurrency) * max(0.0, input_tokens + output_tokens)


def concurrency_of(requests_per_s: float, ttft_ms: float, tpot_ms: float, output_tokens: float) -> float:
    """Return the requests in progress at a rate (Little's law)."""
    return max(0.0, requests_per_s) * (ttft_ms + tpot_ms * max(0.0, output_tokens - 1)) / 1e3


def max_request_rate(  # the load and both objectives, each by its own name
    deployment: Deployment,
    input_tokens: float,
    output_tokens: float,
    ttft_ms: float,
    tpot_ms: float,
    prefix_hit: float = 0.0,
) -> Figure | Impossible:
    """Return the largest request rate (1/s) of one replica that keeps mean TTFT and TPOT within the objectives.

    `low` keeps them even where the replica is as slow as its band allows. A rate of 0 means that even one request at
    a time is too slow.
    """
    machine = machine_of(deployment)
    if isinstance(machine, Impossible):
        return machine
    load = Load(1.0, input_tokens, output_tokens, prefix_hit)
    alone = time_load(machine, load)
    if isinstance(alone, Impossible):
        return alone
    expected = _largest(machine, load, lambda at: at.ttft_ms.value <= ttft_ms and at.tpot_ms.value <= tpot_ms)
    slow = _largest(machine, load, lambda at: at.ttft_ms.high <= ttft_ms and at.tpot_ms.high <= tpot_ms)
    fast = _largest(machine, load, lambda at: at.ttft_ms.low <= ttft_ms and at.tpot_ms.low <= tpot_ms)
    output = max(1.0, output_tokens)
    return Figure(expected[0] / output, slow[1] / output, fast[2] / output)


def _largest(machine: Machine, load: Load, good: Callable[[Speed], bool]) -> tuple[float, float, float]:
    """Return output tokens a second (value, low, high) at the largest concurrency that `good` accepts."""
    copies = machine.found.engine.dp
    low, high = 0.0, max(1.0, math.floor(max_batch(machine, load))) * copies
    best = (0.0, 0.0, 0.0)
    for _ in range(_STEPS):
        middle = (low + high) / 2 if best[0] or low else min(1.0, high)
        at = time_load(machine, Load(middle, load.input_tokens, load.output_tokens, load.prefix_hit))
        if isinstance(at, Impossible) or not good(at):
            if not best[0]:
                return best
            high = middle
            continue
        flow = at.output_tokens_per_s
        low, best = middle, (flow.value, flow.low, flow.high)
    return best
