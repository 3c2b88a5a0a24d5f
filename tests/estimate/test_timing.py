"""Monotony: what more hardware, more load and longer prompts may and may not do to speed, for any model and GPU."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.estimate.building import deploy, gpu, known, small, sure
from trimtab.catalog import all_gpus
from trimtab.estimate import Deployment, Impossible, Load, Speed, speed
from trimtab.fleet import GpuType, Model, Scalar

MODELS = st.sampled_from(
    [
        small(),
        known("Qwen/Qwen3-8B"),
        known("openai/gpt-oss-20b"),
        known("Qwen/Qwen3-30B-A3B-FP8"),
        known("deepseek-ai/DeepSeek-V2-Lite"),
    ]
)
GPUS = st.sampled_from([one for one in all_gpus() if one.memory_gib >= 70 and one.bandwidth_gb_s > 0])
ENGINES = st.sampled_from(["vllm", "sglang", "tensorrt-llm", "tgi"])
LOADS = st.builds(
    Load,
    concurrency=st.floats(1, 200),
    input_tokens=st.integers(1, 3000),
    output_tokens=st.integers(2, 900),
    prefix_hit=st.floats(0, 1),
)
FEW = settings(max_examples=60, deadline=None, derandomize=True)
SLACK = 1 + 1e-9


def timed(
    model: Model, card: GpuType, load: Load, engine: str = "vllm", gpus: int = 1, **more: Scalar
) -> Speed | Impossible:
    """Return the speed at a context that every model here has."""
    return speed(Deployment(model, card, gpus, engine, "", {"max_model_len": 4096, **more}), load)


@FEW
@given(MODELS, GPUS, ENGINES, LOADS)
def test_more_bandwidth_is_never_slower(model: Model, card: GpuType, engine: str, load: Load) -> None:
    """The same GPU with faster memory answers at least as fast."""
    slow, fast = (
        timed(model, replace(card, bandwidth_gb_s=card.bandwidth_gb_s * gain), load, engine) for gain in (1, 1.5)
    )
    if isinstance(slow, Speed) and isinstance(fast, Speed):
        assert fast.tpot_ms.value <= slow.tpot_ms.value
        assert fast.ttft_ms.value <= slow.ttft_ms.value * SLACK
        assert fast.output_tokens_per_s.value >= slow.output_tokens_per_s.value


@FEW
@given(MODELS, GPUS, ENGINES, LOADS, st.floats(1.01, 4))
def test_more_requests_never_lower_throughput(
    model: Model, card: GpuType, engine: str, load: Load, more: float
) -> None:
    """With more in progress, tokens a second do not fall, and nobody waits less."""
    few, many = (
        timed(model, card, replace(load, concurrency=load.concurrency * factor), engine) for factor in (1, more)
    )
    if isinstance(few, Speed) and isinstance(many, Speed):
        assert many.output_tokens_per_s.value * SLACK >= few.output_tokens_per_s.value
        assert many.tpot_ms.value * SLACK >= few.tpot_ms.value
        assert many.ttft_ms.value * SLACK >= few.ttft_ms.value


@FEW
@given(MODELS, GPUS, ENGINES, LOADS, st.floats(1.01, 1.3))
def test_longer_prompts_never_answer_sooner(model: Model, card: GpuType, engine: str, load: Load, more: float) -> None:
    """A longer prompt takes at least as long to its first token, where neither waits for room in the cache."""
    load = replace(load, concurrency=min(load.concurrency, 16))
    short, long = (
        timed(model, card, replace(load, input_tokens=load.input_tokens * factor), engine) for factor in (1, more)
    )
    if isinstance(short, Speed) and isinstance(long, Speed):
        assert long.ttft_ms.value * SLACK >= short.ttft_ms.value


@FEW
@given(MODELS, GPUS, ENGINES, LOADS)
def test_bounds_hold_the_value_and_all_is_finite(model: Model, card: GpuType, engine: str, load: Load) -> None:
    """Whatever is asked, figures are positive and lie within their own bounds."""
    found = timed(model, card, load, engine)
    if isinstance(found, Speed):
        for figure in (found.ttft_ms, found.tpot_ms, found.output_tokens_per_s):
            assert 0 < figure.low <= figure.value <= figure.high < 1e12


def test_two_gpus_answer_faster_than_one_by_nvlink() -> None:
    """Where weights dominate, tensor parallelism over NVLink brings the token time down."""
    model = known("meta-llama/Llama-3.1-8B-Instruct")
    times = [sure(speed(deploy(model, gpus=count), Load(8, 1000, 500))).tpot_ms.value for count in (1, 2, 4)]
    assert times == sorted(times, reverse=True)


def test_pcie_costs_prompts_more_than_nvlink() -> None:
    """The same two GPUs take prompts in more slowly where only PCIe joins them."""
    card, model = gpu("H100"), known("Qwen/Qwen3-32B")
    found = [
        sure(timed(model, one, Load(4, 3000, 100), gpus=2)).ttft_ms.value for one in (card, replace(card, link_gb_s=32))
    ]
    assert found[1] > 1.3 * found[0]


def test_one_gpu_needs_no_link() -> None:
    """A single GPU's speed does not depend on what would join it to others."""
    card = gpu("H100")
    fast, slow = (timed(small(), replace(card, link_gb_s=link), Load(4, 500, 100)) for link in (450, 1))
    assert fast == slow


def test_shared_experts_pay_for_their_exchange() -> None:
    """Copies that share experts send tokens to them and back, so a slow link makes them slower."""
    model, card = known("Qwen/Qwen3-30B-A3B"), gpu("H100")
    asked = {"tensor_parallel_size": 1, "data_parallel_size": 8, "expert_parallel_size": 8}
    near, far = (
        sure(timed(model, replace(card, link_gb_s=link), Load(256, 1000, 500), gpus=8, **asked)).tpot_ms.value
        for link in (450, 32)
    )
    assert far > near


def test_long_prompts_take_more_steps_where_steps_are_small() -> None:
    """A prompt that is cut into more chunks waits longer for its first token."""
    model = known("Qwen/Qwen3-8B")
    one, many = (
        sure(speed(deploy(model, max_num_batched_tokens=budget), Load(1, 8000, 100))).ttft_ms.value
        for budget in (8192, 512)
    )
    assert many > one
