"""Calibration from live facts, and how wide the bands are."""

from __future__ import annotations

import math

import pytest

from tests.estimate.building import deploy, known, small, sure
from trimtab.estimate import Deployment, Figure, Load, Seen, Speed, speed, speed_from

CHAT = Load(16, 1024, 1024)
LLAMA = known("meta-llama/Llama-3.1-8B-Instruct")


def width(figure: Figure) -> float:
    """Return high over low."""
    return figure.high / figure.low


@pytest.fixture(name="now")
def fixture_now() -> Speed:
    """Return the estimate for an H100."""
    return sure(speed(deploy(LLAMA, "H100"), CHAT))


@pytest.fixture(name="then")
def fixture_then() -> Speed:
    """Return the estimate for an L40S, which was not measured."""
    return sure(speed(deploy(LLAMA, "L40S", max_model_len=4096), CHAT))


def test_live_figures_correct_the_estimate(now: Speed, then: Speed) -> None:
    """A replica that is twice as slow as estimated now is taken to be twice as slow there, with a narrower band."""
    found = speed_from(Seen(2 * now.ttft_ms.value, 2 * now.tpot_ms.value), now, then)
    assert found.tpot_ms.value == pytest.approx(2 * then.tpot_ms.value)
    assert found.output_tokens_per_s.value == pytest.approx(then.output_tokens_per_s.value / 2)
    assert width(found.tpot_ms) < width(then.tpot_ms)
    assert found.basis == "calibrated"


@pytest.mark.parametrize("unseen", [0.0, -1.0, math.nan, math.inf])
def test_what_is_not_seen_stays_as_estimated(now: Speed, then: Speed, unseen: float) -> None:
    """Nothing seen corrects nothing, and does not pass for a calibration."""
    assert speed_from(Seen(unseen, unseen), now, then) == then
    half = speed_from(Seen(unseen, now.tpot_ms.value), now, then)
    assert half.ttft_ms == then.ttft_ms
    assert half.basis == "calibrated"


def test_an_unmeasured_gpu_stays_less_sure_than_a_measured_one(now: Speed, then: Speed) -> None:
    """The same live figures leave a wider band on an L40S than on an H200."""
    seen = Seen(now.ttft_ms.value, now.tpot_ms.value)
    near = speed_from(seen, now, sure(speed(deploy(LLAMA, "H200"), CHAT)))
    assert width(speed_from(seen, now, then).tpot_ms) > width(near.tpot_ms)


def test_another_load_on_the_same_gpu_is_surer_than_another_gpu(now: Speed) -> None:
    """Where only the load differs, the correction leaves a narrower band."""
    seen = Seen(now.ttft_ms.value, now.tpot_ms.value)
    busier = sure(speed(deploy(LLAMA, "H100"), Load(32, 1024, 1024)))
    same, other = (speed_from(seen, now, busier, alike=alike) for alike in (True, False))
    assert same.tpot_ms.value == other.tpot_ms.value
    assert width(same.tpot_ms) < width(other.tpot_ms)
    assert width(same.ttft_ms) < width(other.ttft_ms)


@pytest.mark.parametrize(
    ("asked", "basis"),
    [
        (deploy(small(), "H100"), "calibrated"),
        (deploy(small(), "B200", 8), "calibrated"),
        (deploy(small(), "H100", version="0.7.3"), "roofline"),
        (deploy(small(), "MI300X"), "roofline"),
        (deploy(small(), "A100"), "roofline"),
        (Deployment(small(), deploy(small(), "H100").gpu, 1, "tgi"), "roofline"),
        (Deployment(small(), deploy(small(), "H100").gpu, 16, "vllm"), "roofline"),
    ],
)
def test_an_estimate_says_what_it_stands_on(asked: Deployment, basis: str) -> None:
    """Engines, releases, GPUs and sizes that no row covers stand on the roofline alone."""
    assert sure(speed(asked, Load(4, 100, 100))).basis == basis


def test_a_load_beyond_what_was_measured_is_less_sure() -> None:
    """More requests than the batch holds, or than any row had, widen the band."""
    asked = deploy(small(), max_num_seqs=8)
    inside, queued = (sure(speed(asked, Load(count, 200, 100))) for count in (8, 9))
    assert width(queued.tpot_ms) > width(inside.tpot_ms)
    assert width(queued.ttft_ms) > width(inside.ttft_ms)
