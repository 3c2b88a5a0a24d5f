"""The cache of models whose layers differ: pages, groups and what each release makes of them."""

from __future__ import annotations

import pytest

from tests.estimate.building import deploy, known, small, sure
from trimtab.estimate import Deployment, memory
from trimtab.estimate.kv import plan_of
from trimtab.estimate.kv_plan import Plan
from trimtab.estimate.memory import Resolved, look_up
from trimtab.fleet import Scalar

SLIDING: dict[str, object] = {
    "model_type": "gemma3_text",
    "architectures": ["Gemma3ForCausalLM"],
    "num_hidden_layers": 12,
    "head_dim": 64,
    "sliding_window": 512,
    "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 2,
    "max_position_embeddings": 32768,
}
"""Five of six layers keep 512 tokens."""


def plan(deployment: Deployment) -> Plan:
    """Return how a deployment's cache is cut."""
    found = look_up(deployment)
    assert isinstance(found, Resolved)
    made = plan_of(deployment.model, found.engine, found.stored.start, found.stored.stop)
    assert made is not None
    return made


@pytest.mark.parametrize(("settings", "tokens"), [({}, 784), ({"kv_cache_dtype": "fp8"}, 1568)])
def test_a_block_grows_until_it_holds_a_state(settings: dict[str, Scalar], tokens: int) -> None:
    """A block of Qwen3.5 27B has 784 tokens, 1,568 in FP8: what vLLM prints as the attention block size."""
    deployment = deploy(known("Qwen/Qwen3.5-27B"), gpus=2, tensor_parallel_size=2, max_model_len=32768, **settings)
    assert plan(deployment).block_size == tokens


def test_kept_prefixes_cost_a_second_state() -> None:
    """From 0.26 on prefixes are kept beside states by default: each group of states takes two blocks instead of one."""
    old, new, off = (
        plan(deploy(known("Qwen/Qwen3.5-27B"), version=version, max_model_len=32768, **settings))
        for version, settings in (("0.25.0", {}), ("0.26.0", {}), ("0.26.0", {"enable_prefix_caching": False}))
    )
    assert [one.blocks_of(32768) for one in (old, new, off)] == [42 + 3, 42 + 6, 42 + 3]


def test_drafted_tokens_have_states_of_their_own() -> None:
    """Three drafted tokens take three more blocks in each group of states."""
    alone, drafting = (
        plan(deploy(known("Qwen/Qwen3.5-27B"), max_model_len=32768, **settings)).blocks_of(32768)
        for settings in ({}, {"speculative_config": '{"method": "ngram", "num_speculative_tokens": 3}'})
    )
    assert drafting == alone + 3 * 3


def test_windows_are_kept_whole_where_nothing_gives_them_back() -> None:
    """Before 0.9, in the first core and by the setting a window costs as much as full attention."""
    model = small(**SLIDING)
    freed = plan(deploy(model, version="0.19.0", max_model_len=32768))
    whole = [
        plan(deploy(model, version=version, max_model_len=32768, **settings))
        for version, settings in (("0.7.3", {}), ("0.8.5", {}), ("0.19.0", {"disable_hybrid_kv_cache_manager": True}))
    ]
    assert {one.block_bytes * one.blocks_of(32768) for one in whole} == {12 * 2 * 4 * 64 * 2 * 32768}
    assert freed.block_bytes * freed.blocks_of(32768) < 12 * 2 * 4 * 64 * 2 * 32768 / 2


def test_windows_leave_room_for_steps_in_flight() -> None:
    """From 0.26 on a window keeps two steps' tokens beside itself, not one's."""
    old, new = (
        plan(deploy(small(**SLIDING), version=version, max_model_len=32768, max_num_batched_tokens=2048))
        for version in ("0.25.0", "0.26.0")
    )
    assert old.blocks_of(32768) == 2048 + 5 * (-(-(511 + 2048) // 16) + 1)
    assert new.blocks_of(32768) == 2048 + 5 * (-(-(511 + 4096) // 16) + 1)


@pytest.mark.parametrize(("version", "tables"), [("0.11.2", 3), ("0.16.0", 3), ("0.19.0", 2)])
def test_nearly_even_kinds_share_the_larger_group(version: str, tables: int) -> None:
    """Eight layers and six make two groups of eight from 0.19 on; before, their ratio of 1.33 is too much."""
    kinds = ["sliding_attention"] * 8 + ["full_attention"] * 6
    model = small(**(SLIDING | {"num_hidden_layers": 14, "layer_types": kinds}))
    assert plan(deploy(model, version=version, max_model_len=32768)).tables == tables


def test_chunked_attention_is_kept_whole_unless_asked() -> None:
    """Llama 4's chunks are given back only where the hybrid manager is turned on by name."""
    model = known("meta-llama/Llama-4-Scout-17B-16E-Instruct")
    usual, asked = (
        sure(memory(deploy(model, gpus=8, max_model_len=131072, **settings))).max_concurrency.value
        for settings in ({}, {"disable_hybrid_kv_cache_manager": False})
    )
    assert asked > 2.5 * usual


def test_deepseek_v4_needs_what_vllm_says() -> None:
    """A request of 1,048,576 tokens of DeepSeek V4 Pro needs 23.32 GiB (vLLM issue 53961)."""
    made = plan(deploy(known("deepseek-ai/DeepSeek-V4-Pro"), "B200", 8, "0.28.0", max_model_len=1048576))
    assert made.block_bytes * made.blocks_of(1048576) / 2**30 == pytest.approx(23.32, abs=0.01)


def test_printed_tokens_follow_the_release() -> None:
    """Up to 0.20.0 tokens are blocks over groups; from 0.20.2 on they are requests times the longest request."""
    model = known("Qwen/Qwen3.5-27B")
    settings: dict[str, Scalar] = {"max_model_len": 32768, "num_gpu_blocks_override": 139}
    old, new = (sure(memory(deploy(model, version=version, **settings))) for version in ("0.20.0", "0.20.2"))
    assert old.kv_cache_tokens.value == 139 // 4 * 784
    assert new.kv_cache_tokens.value == int(139 / 45 * 32768)
    assert old.max_concurrency.value == new.max_concurrency.value == pytest.approx(139 / 45)


def test_layers_of_different_heads_share_one_table() -> None:
    """Layers that keep the same tokens need no groups, whatever their sizes: a block holds the sum of them."""
    model = known("deepseek-ai/DeepSeek-V3.2")
    made = plan(deploy(model, "H200", 8, "0.20.2", kv_cache_dtype="fp8"))
    assert (made.tables, made.block_size, made.block_bytes) == (1, 64, 61 * 64 * (656 + 132))


@pytest.mark.parametrize(
    ("gpu_name", "version", "kind", "entry"),
    [
        ("H200", "0.26.0", "fp8", 656),
        ("B200", "0.16.0", "fp8", 656),
        ("B200", "0.26.0", "fp8", 576),
        ("B200", "0.26.0", "fp8_ds_mla", 656),
        ("B200", "0.26.0", "auto", 1152),
    ],
)
def test_sparse_entries_by_gpu_and_release(gpu_name: str, version: str, kind: str, entry: int) -> None:
    """An FP8 entry is packed with its rotary part in 16 bits, plain on data-centre Blackwell from 0.18 on."""
    made = plan(deploy(known("deepseek-ai/DeepSeek-V3.2"), gpu_name, 8, version, kv_cache_dtype=kind))
    assert made.block_bytes == 61 * 64 * (entry + 132)


def test_ranks_share_a_request_by_context_parallelism() -> None:
    """Two ranks that deal out each request's tokens hold twice as many."""
    model = known("deepseek-ai/DeepSeek-V2-Lite")
    one, two = (
        sure(memory(deploy(model, gpus=2, tensor_parallel_size=2, max_model_len=8192, decode_context_parallel_size=cp)))
        for cp in (1, 2)
    )
    assert two.kv_cache_tokens.value == pytest.approx(2 * one.kv_cache_tokens.value, rel=1e-3)
