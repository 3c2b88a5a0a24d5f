"""The cache's arithmetic for each way of keeping tokens."""

from __future__ import annotations

import pytest

from tests.estimate.building import deploy, known, small, sure
from trimtab.estimate import memory


def test_uniform_attention_is_exact() -> None:
    """A token takes layers x key-value heads x head size x 2 x bytes."""
    found = sure(memory(deploy(small(), max_model_len=8192)))
    assert found.kv_bytes_per_token == 8 * 4 * 64 * 2 * 2
    assert found.kv_cache_tokens.value * found.kv_bytes_per_token == pytest.approx(
        found.kv_cache_gib.value * 2**30, rel=1e-4
    )


def test_more_ranks_than_heads_copy_heads() -> None:
    """With 8 ranks and 4 key-value heads each rank holds one head: the replica's bytes for a token double."""
    four = sure(memory(deploy(small(), gpus=4, tensor_parallel_size=4, max_model_len=8192)))
    eight = sure(memory(deploy(small(), gpus=8, tensor_parallel_size=8, max_model_len=8192)))
    assert eight.kv_bytes_per_token == 2 * four.kv_bytes_per_token


def test_an_fp8_cache_holds_twice_the_tokens() -> None:
    """Eight bits instead of sixteen double the tokens of a model with attention only."""
    model = known("Qwen/Qwen2.5-7B-Instruct")
    half = sure(memory(deploy(model, max_model_len=8192)))
    byte = sure(memory(deploy(model, max_model_len=8192, kv_cache_dtype="fp8")))
    assert byte.kv_cache_tokens.value == pytest.approx(2 * half.kv_cache_tokens.value, rel=1e-4)


def test_a_latent_cache_is_on_every_rank() -> None:
    """MLA's vector of 576 is not divided by tensor parallelism; the V0 core padded it to 640."""
    model = known("deepseek-ai/DeepSeek-V2-Lite")
    found = sure(memory(deploy(model, gpus=2, tensor_parallel_size=2, max_model_len=8192)))
    assert found.kv_bytes_per_token == 2 * 27 * 576 * 2
    old = sure(memory(deploy(model, gpus=2, version="0.7.3", tensor_parallel_size=2, max_model_len=8192)))
    assert old.kv_bytes_per_token == 2 * 27 * 640 * 2


def test_a_window_holds_more_requests_than_full_attention() -> None:
    """Half of gpt-oss's layers keep 128 tokens only, so long requests take about half."""
    found = sure(memory(deploy(known("openai/gpt-oss-20b"), gpu_memory_utilization=0.9, max_model_len=131072)))
    whole_bytes = 24 * 8 * 64 * 2 * 2 * 131072
    assert found.max_concurrency.value > 1.8 * found.kv_cache_gib.value * 2**30 / whole_bytes


def test_states_of_fixed_size_do_not_grow_with_the_context() -> None:
    """Three of four layers of Qwen3.5 keep a state: four times the context costs less than four times the cache."""
    model = known("Qwen/Qwen3.5-27B")
    short = sure(memory(deploy(model, gpus=2, tensor_parallel_size=2, max_model_len=8192)))
    long = sure(memory(deploy(model, gpus=2, tensor_parallel_size=2, max_model_len=32768)))
    assert short.max_concurrency.value / long.max_concurrency.value < 4


def test_encoders_keep_nothing() -> None:
    """An embedding model without a cache fits without one."""
    model = small(model_type="bert", architectures=["BertModel"], num_key_value_heads=None)
    found = sure(memory(deploy(model, "T4", max_model_len=512)))
    assert (found.fits, found.kv_cache_tokens.value) == (True, 0)


def test_a_layer_that_attends_twice_keeps_two_caches() -> None:
    """Each of LongCat Flash's layers has two attentions with latent caches, and two dense parts beside its experts."""
    sizes = {"num_hidden_layers": None, "num_layers": 4, "kv_lora_rank": 512, "qk_rope_head_dim": 64}
    experts = {"n_routed_experts": 8, "moe_topk": 2, "expert_ffn_hidden_size": 256, "ffn_hidden_size": 1024}
    heads = {"qk_nope_head_dim": 64, "v_head_dim": 64}
    model = small(model_type="longcat_flash", architectures=["LongcatFlashForCausalLM"], **sizes, **experts, **heads)
    found = sure(memory(deploy(model, max_model_len=8192)))
    assert found.kv_bytes_per_token == 4 * 2 * (512 + 64) * 2
