"""Memory against start-up logs that others published, and what must hold for every deployment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.estimate.building import deploy, known, small, sure
from trimtab.estimate import Impossible, memory

PLANNER = "https://github.com/llm-d-incubation/llm-d-planner/pull/205"
"""vLLM 0.19.0 debug logs on H100 (79.19 GiB)."""


@pytest.mark.parametrize(
    ("model", "gpus", "utilisation", "weights_gib", "kv_gib", "kv_tokens"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", 1, 0.95, 14.25, 58.53, 1_096_000),
        ("Qwen/Qwen2.5-7B-Instruct", 2, 0.95, 7.12, 63.84, 2_390_592),
        ("Qwen/Qwen2.5-7B-Instruct", 4, 0.95, 3.55, 67.34, 5_043_280),
        ("RedHatAI/Qwen2.5-7B-Instruct-quantized.w8a8", 1, 0.95, 8.14, 64.64, 1_210_272),
        ("openai/gpt-oss-20b", 2, 0.9, 7.01, 59.32, 2_591_776),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", 4, 0.95, 53.12, 16.75, 365_968),
    ],
)
def test_published_logs_are_met(
    model: str, gpus: int, utilisation: float, weights_gib: float, kv_gib: float, kv_tokens: int
) -> None:
    """Weights come within 1 %, the cache within 4 % of what vLLM printed, and the bounds hold both."""
    found = sure(
        memory(
            deploy(
                known(model),
                gpus=gpus,
                gpu_memory_utilization=utilisation,
                max_model_len=8192,
                tensor_parallel_size=gpus,
                max_num_batched_tokens=8192,
            )
        )
    )
    assert found.outcome == "ok"
    assert found.weights_gib.value == pytest.approx(weights_gib, rel=0.01)
    assert found.kv_cache_gib.low <= kv_gib <= found.kv_cache_gib.high
    assert found.kv_cache_gib.value == pytest.approx(kv_gib, rel=0.04)
    assert found.kv_cache_tokens.value == pytest.approx(kv_tokens, rel=0.04)


def test_a_cache_that_fits_is_not_yet_a_start() -> None:
    """gpt-oss-20b at utilisation 0.95 sizes its cache well and dies in the sampler's warm-up, as the logs show."""
    found = sure(memory(deploy(known("openai/gpt-oss-20b"), gpu_memory_utilization=0.95, max_model_len=8192)))
    assert found.kv_cache_tokens.value == pytest.approx(1_277_184, rel=0.01)
    assert (found.fits, found.outcome) == (False, "oom_runtime")
    assert "warm-up" in found.reason


def test_weights_beyond_the_gpu_fail_to_load() -> None:
    """15 GiB of weights do not load on a T4."""
    found = sure(memory(deploy(known("meta-llama/Llama-3.1-8B-Instruct"), "T4", dtype="float16")))
    assert (found.fits, found.outcome, found.max_model_len_that_fits) == (False, "oom_weights", 0)


def test_a_context_that_is_too_long_names_the_one_that_fits() -> None:
    """131,072 tokens of Llama 3.1 8B do not fit beside it on an L4; the reason says how many do, and they do."""
    model = known("meta-llama/Llama-3.1-8B-Instruct")
    found = sure(memory(deploy(model, "L4", max_model_len=131072)))
    assert found.outcome == "oom_kv"
    assert str(found.max_model_len_that_fits) in found.reason
    shorter = sure(memory(deploy(model, "L4", max_model_len=found.max_model_len_that_fits)))
    assert shorter.fits
    assert shorter.max_concurrency.value >= 1


def test_the_sampler_shrinks_at_release_0_17() -> None:
    """The profile run's peak falls from 5.64 to 2.23 GiB between 0.16 and 0.17 for Qwen3 14B."""
    model = known("Qwen/Qwen3-14B")
    before = sure(memory(deploy(model, version="0.16.0", gpu_memory_utilization=0.95, max_model_len=8192)))
    after = sure(memory(deploy(model, version="0.17.0", gpu_memory_utilization=0.95, max_model_len=8192)))
    assert before.activation_gib.value == pytest.approx(5.64, rel=0.05)
    assert after.activation_gib.value == pytest.approx(2.23, rel=0.05)


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"tensor_parallel_size": 3}, "attention heads"),
        ({"tensor_parallel_size": 2, "pipeline_parallel_size": 2}, "needs 4 GPUs"),
        ({"gpu_memory_utilization": 1.5}, "gpu_memory_utilization"),
        ({"gpu_memory_utilization": "much"}, "gpu_memory_utilization"),
        ({"max_num_seqs": 0}, "max_num_seqs"),
        ({"max_model_len": 10_000_000, "tensor_parallel_size": 1}, "max_model_len"),
        ({"quantization": "compressed-tensors"}, "compressed-tensors"),
        ({"quantization": "magic"}, "magic"),
        ({"dtype": "magic"}, "dtype"),
    ],
)
def test_contradictions_are_refused_with_their_reason(settings_: dict[str, int | float | str], words: str) -> None:
    """A setting that contradicts the model, the GPUs or itself gives no estimate, and the reason names it."""
    found = memory(deploy(small(), gpus=3, **settings_))
    assert isinstance(found, Impossible)
    assert words in found.reason


def test_pipeline_stages_keep_embedding_and_head_whole() -> None:
    """The fullest of four stages of Llama 3.1 8B has more than a quarter of the weights (4.26 GiB was seen)."""
    model = known("meta-llama/Llama-3.1-8B-Instruct")
    found = sure(memory(deploy(model, gpus=4, pipeline_parallel_size=4, tensor_parallel_size=1)))
    assert found.weights_gib.value == pytest.approx(4.26, rel=0.02)


@settings(max_examples=60, deadline=None)
@given(
    layers=st.integers(1, 60),
    kv_heads=st.sampled_from([1, 2, 4, 8, 16]),
    length=st.sampled_from([512, 2048, 8192]),
    name=st.sampled_from(["T4", "L4", "A100", "H100", "B200"]),
    eager=st.booleans(),
)
def test_bounds_hold_their_value_and_memory_adds_up(
    layers: int, kv_heads: int, length: int, name: str, *, eager: bool
) -> None:
    """Every figure lies within its bounds, and all parts together are no more than the engine's share."""
    model = small(num_hidden_layers=layers, num_key_value_heads=kv_heads)
    asked = deploy(model, name, max_model_len=length, gpu_memory_utilization=0.9, enforce_eager=eager)
    found = sure(memory(asked))
    figures = (found.weights_gib, found.activation_gib, found.non_torch_gib, found.cuda_graph_gib, found.kv_cache_gib)
    assert all(figure.low <= figure.value <= figure.high for figure in (*figures, found.kv_cache_tokens))
    assert found.weights_gib.value + found.kv_cache_gib.value <= asked.gpu.memory_gib * 0.9
    assert found.cuda_graph_gib.value == 0 if eager else found.cuda_graph_gib.value > 0


def test_scant_reserves_of_sglang_are_a_risk() -> None:
    """SGLang was seen to serve at 0.93 with 5.5 GiB beside its share; with next to nothing beside it it dies."""
    model = known("Qwen/Qwen3-235B-A22B-FP8")
    settings_ = {"tensor_parallel_size": 4, "max_model_len": 40960}
    served = deploy(model, "H100", gpus=4, gpu_memory_utilization=0.93, **settings_)
    crammed = deploy(model, "H100", gpus=4, gpu_memory_utilization=0.99, **settings_)
    found = sure(memory(replace(served, engine="sglang", engine_version="")))
    assert found.fits
    assert "beside the engine's share" in found.risk
    assert found.kv_cache_tokens.low < 367_404 < found.kv_cache_tokens.high
    assert sure(memory(replace(crammed, engine="sglang", engine_version=""))).outcome == "oom_runtime"


def test_ollama_s_context_goes_by_the_memory_of_its_gpus() -> None:
    """Where nothing is set it serves 4,096 tokens on a small GPU and 32,768 on a larger one, not the model's own."""
    model = known("meta-llama/Llama-3.1-8B-Instruct")
    small_gpu, larger = (
        sure(memory(replace(deploy(model, gpu_name), engine="ollama", engine_version="")))
        for gpu_name in ("L4", "L40S")
    )
    assert small_gpu.fits
    assert small_gpu.kv_cache_tokens.value / small_gpu.max_concurrency.value == pytest.approx(4096, rel=0.01)
    assert larger.kv_cache_tokens.value / larger.max_concurrency.value == pytest.approx(32_768, rel=0.01)
