"""Speed: the order of things, measured points, and calibration from live facts."""

from __future__ import annotations

import json
import math

import pytest

from tests.estimate.building import ENCODER, deploy, known, small, sure
from trimtab.catalog import all_gpus
from trimtab.estimate import Deployment, Impossible, Load, speed
from trimtab.fleet import Model

CHAT = Load(16, 1024, 1024)


@pytest.mark.parametrize(
    ("model", "gpu_name", "gpus", "engine", "concurrency", "tpot_ms"),
    [
        ("nvidia/Llama-3.1-70B-Instruct-FP8", "B200", 4, "vllm", 16, 8.6),
        ("nvidia/MiniMax-M2.5-NVFP4", "B200", 2, "vllm", 64, 15.6),
        ("openai/gpt-oss-120b", "H200", 1, "vllm", 16, 8.9),
    ],
)
def test_measured_points_lie_within_the_bounds(
    model: str, gpu_name: str, gpus: int, engine: str, concurrency: int, tpot_ms: float
) -> None:
    """Points of the published sample (aiconfigurator-core 0.12.0) lie within the bounds."""
    asked = Deployment(
        known(model), deploy(small(), gpu_name).gpu, gpus, engine, "0.19.0", {"tensor_parallel_size": gpus}
    )
    found = sure(speed(asked, Load(concurrency, 1024, 1024)))
    assert found.basis == "calibrated"
    assert found.tpot_ms.low <= tpot_ms <= found.tpot_ms.high


def test_faster_memory_answers_faster() -> None:
    """The order of GPUs by bandwidth is the order of their decoding."""
    model = known("meta-llama/Llama-3.1-8B-Instruct")
    order = ["L4", "A10G", "L40S", "A100", "H100", "H200", "B200"]
    times = [sure(speed(deploy(model, name, max_model_len=4096), Load(4, 500, 200))).tpot_ms.value for name in order]
    assert times == sorted(times, reverse=True)


def test_more_requests_give_more_tokens_and_wait_longer() -> None:
    """Throughput and latency both grow with concurrency."""
    found = [sure(speed(deploy(known("Qwen/Qwen3-14B")), Load(count, 1024, 512))) for count in (1, 4, 16, 64, 256)]
    flows = [one.output_tokens_per_s.value for one in found]
    waits = [one.tpot_ms.value for one in found]
    assert flows == sorted(flows)
    assert waits == sorted(waits)


def test_what_exceeds_the_batch_waits_in_a_queue() -> None:
    """Beyond max_num_seqs the first token waits and throughput stays."""
    asked = deploy(small(), max_num_seqs=8)
    full, queued = sure(speed(asked, Load(8, 500, 200))), sure(speed(asked, Load(80, 500, 200)))
    assert queued.output_tokens_per_s.value == pytest.approx(full.output_tokens_per_s.value, rel=0.01)
    assert queued.ttft_ms.value > 5 * full.ttft_ms.value


def test_prefix_hits_shorten_the_first_token() -> None:
    """Prompt tokens found in the cache are not computed again."""
    asked = deploy(known("Qwen/Qwen3-14B"))
    cold, warm = sure(speed(asked, Load(8, 8000, 200))), sure(speed(asked, Load(8, 8000, 200, prefix_hit=0.9)))
    assert warm.ttft_ms.value < cold.ttft_ms.value
    assert warm.output_tokens_per_s.value > cold.output_tokens_per_s.value


def test_gpus_that_were_not_measured_say_so() -> None:
    """An L4 stands on the roofline alone, with wider bounds than an H100."""
    model = known("Qwen/Qwen3-8B")
    near, far = (sure(speed(deploy(model, name, max_model_len=2048), Load(4, 200, 200))) for name in ("H100", "L4"))
    assert (near.basis, far.basis) == ("calibrated", "roofline")
    assert far.tpot_ms.high / far.tpot_ms.low > near.tpot_ms.high / near.tpot_ms.low


@pytest.mark.parametrize(
    "load",
    [
        Load(0, 100, 100),
        Load(-1, 100, 100),
        Load(1, math.nan, 100),
        Load(1, 1, math.inf),
        Load(1, 1, 1, 2.0),
        Load(1, 1e300, 1),
    ],
)
def test_a_load_that_is_none_is_refused(load: Load) -> None:
    """Nothing, negatives, infinities and what no machine will ever see are no load."""
    assert isinstance(speed(deploy(small()), load), Impossible)


def test_what_only_reads_has_no_token_time() -> None:
    """An encoder takes prompts in and writes nothing; more at once raise what it reads, until steps are full."""
    asked = deploy(Model("encoder", json.dumps(ENCODER)))
    found = [sure(speed(asked, Load(count, 256, 0))) for count in (1, 16, 4096)]
    assert all(one.tpot_ms.value == one.output_tokens_per_s.value == 0 for one in found)
    assert found[0].prefill_tokens_per_s.value < found[1].prefill_tokens_per_s.value
    assert found[0].ttft_ms.value < found[1].ttft_ms.value < found[2].ttft_ms.value
    assert found[2].prefill_tokens_per_s.value < 100 * found[1].prefill_tokens_per_s.value


def test_every_gpu_of_the_catalogue_can_be_timed() -> None:
    """A small model has a finite speed on every GPU that the catalogue knows."""
    for one in all_gpus():
        found = sure(speed(Deployment(small(), one, 1), Load(2, 100, 100)))
        assert 0 < found.tpot_ms.value < 1000, one.name
