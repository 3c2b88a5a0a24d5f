"""The largest request rate within objectives."""

from __future__ import annotations

import json

import pytest

from tests.estimate.building import ENCODER, deploy, known, small
from trimtab.estimate import Deployment, Impossible, Load, Objective, Rate, largest_rate
from trimtab.fleet import Model

SHAPE = Load(1, 1000, 250)


def found(asked: Deployment, ttft_ms: float, tpot_ms: float, load: Load = SHAPE) -> Rate:
    """Return the largest rate, which there must be."""
    rate = largest_rate(asked, load, Objective(ttft_ms, tpot_ms))
    assert isinstance(rate, Rate)
    return rate


def test_the_objective_holds_at_the_rate_that_is_found() -> None:
    """Both percentiles stay within the objective, and a tighter one allows less."""
    asked = deploy(known("meta-llama/Llama-3.1-8B-Instruct"))
    loose, tight = found(asked, 2000, 40), found(asked, 2000, 12)
    assert 0 < tight.requests_per_s.value < loose.requests_per_s.value
    for rate, tpot in ((loose, 40), (tight, 12)):
        assert rate.tpot_p95_ms.value <= tpot
        assert rate.ttft_p95_ms.value <= 2000
        assert rate.requests_per_s.low <= rate.requests_per_s.value <= rate.requests_per_s.high


def test_a_rate_is_what_littles_law_says() -> None:
    """Requests in progress are the rate times the time each takes, which is at most the crowd's."""
    rate = found(deploy(known("Qwen/Qwen3-14B")), 2000, 30)
    longest_s = (rate.ttft_p95_ms.value + rate.tpot_p95_ms.value * 249) / 1e3
    assert rate.concurrency <= rate.requests_per_s.value * longest_s


def test_an_objective_that_is_too_tight_allows_nothing() -> None:
    """Where even one request at a time is too slow the rate is zero, and what it takes is told."""
    rate = found(deploy(known("Qwen/Qwen3-32B")), 1, 1)
    assert rate.requests_per_s.value == 0
    assert rate.tpot_p95_ms.value > 1


def test_prefix_hits_allow_more() -> None:
    """What need not be computed again makes room for other requests."""
    asked = deploy(known("Qwen/Qwen3-14B"))
    cold = found(asked, 3000, 60, Load(1, 8000, 100))
    warm = found(asked, 3000, 60, Load(1, 8000, 100, prefix_hit=0.9))
    assert warm.requests_per_s.value > cold.requests_per_s.value


def test_copies_share_the_traffic() -> None:
    """Two data-parallel copies take about twice the rate of one."""
    one = found(deploy(known("Qwen/Qwen3-8B"), tensor_parallel_size=1), 2000, 30)
    two = found(deploy(known("Qwen/Qwen3-8B"), gpus=2, tensor_parallel_size=1, data_parallel_size=2), 2000, 30)
    assert two.requests_per_s.value == pytest.approx(2 * one.requests_per_s.value, rel=0.15)


@pytest.mark.parametrize(("ttft", "tpot"), [(0, 10), (10, -1), (float("nan"), 10)])
def test_an_objective_that_is_none_is_refused(ttft: float, tpot: float) -> None:
    """Latencies that nothing can meet are no objective."""
    assert isinstance(largest_rate(deploy(small()), SHAPE, Objective(ttft, tpot)), Impossible)


def test_what_only_reads_is_held_to_its_first_answer() -> None:
    """An encoder has no token time, so that only the time to its answer counts."""
    rate = found(deploy(Model("encoder", json.dumps(ENCODER))), 100, 1, Load(1, 128, 0))
    assert rate.requests_per_s.value > 0
    assert rate.tpot_p95_ms.value == 0
