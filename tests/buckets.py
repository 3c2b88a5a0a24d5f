"""Histograms of described latencies: in fine buckets, or in the wide ones that vLLM has."""

from __future__ import annotations

import math
from collections.abc import Iterator

_COARSE = {
    "vllm:time_to_first_token_seconds": (
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    ),
    "vllm:inter_token_latency_seconds": (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5),
}  # fmt: skip
"""Upper bounds of vLLM's own buckets (v0.19, vllm/v1/metrics/loggers.py)."""
_SPREAD = 0.35
"""Standard deviation of the logarithm of a latency: the 95th percentile is 1.67 times the mean."""


def buckets(name: str, mean: float, *, coarse: bool) -> Iterator[tuple[float, float]]:
    """Yield upper bounds and the share of events up to each."""
    if coarse and name in _COARSE:
        middle = math.log(mean) - _SPREAD**2 / 2
        for bound in _COARSE[name]:
            yield bound, (1 + math.erf((math.log(bound) - middle) / (_SPREAD * math.sqrt(2)))) / 2
        yield math.inf, 1.0
        return
    for factor, share in ((0.5, 0.05), (0.8, 0.4), (1.0, 0.7), (1.25, 0.9), (1.55, 1.0), (math.inf, 1.0)):
        yield mean * factor, share
