"""What attention reads and computes: plain, windowed, latent, sparse, and states."""

from __future__ import annotations

import json

import pytest

from tests.estimate.building import SMALL, gpu, known, small
from trimtab.estimate.attend import Attending, attending
from trimtab.estimate.engine import Engine, resolve
from trimtab.estimate.model import known_shape
from trimtab.estimate.types import Deployment
from trimtab.fleet import Model, Scalar

LATENT: dict[str, object] = SMALL | {
    "architectures": ["DeepseekV3ForCausalLM"],
    "model_type": "deepseek_v3",
    "kv_lora_rank": 512,
    "q_lora_rank": 768,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
}


def counted(model: Model, gpus: int = 1, **settings: Scalar) -> Attending:
    """Return what attention costs on one of so many H100."""
    asked = Deployment(model, gpu("H100"), gpus, "vllm", "0.19.0", settings)
    engine: Engine = resolve(asked, known_shape(model), "")
    return attending(model, engine)


def test_plain_attention_reads_keys_and_values_of_every_token() -> None:
    """8 layers, 4 key-value heads of 64, two bytes each, key and value."""
    assert counted(small()).read_bytes(100) == 100 * 8 * 4 * (64 + 64) * 2


def test_tensor_parallelism_halves_what_each_reads_until_heads_run_out() -> None:
    """Two ranks hold two heads each; eight ranks still hold one."""
    whole, half, least = (counted(small(), gpus).read_bytes(100) for gpus in (1, 2, 8))
    assert (whole / half, whole / least) == (2, 4)


def test_a_window_bounds_what_is_read() -> None:
    """A sliding window of 64 tokens is all that a long request reads."""
    model = small(model_type="mistral", architectures=["MistralForCausalLM"], sliding_window=64)
    found = counted(model)
    assert found.read_bytes(5000) == found.read_bytes(64) > found.read_bytes(32)


def test_latent_attention_reads_one_vector_and_computes_prompts_by_the_plain_heads() -> None:
    """Decoding works on the latent vector of 576; prefill on heads of 192 and 128, which is less work."""
    found = counted(Model("latent", json.dumps(LATENT)))
    assert found.read_bytes(10) == 10 * 8 * 576 * 2
    assert found.decode_ops(10) == 10 * 8 * 2 * 16 * 2 * 576
    assert found.prefill_ops(1, 1) == pytest.approx(0.5 * 8 * 2 * 16 * (192 + 128))


def test_sparse_attention_reads_the_chosen_tokens_and_an_index_of_all() -> None:
    """Beyond 2,048 tokens only the index of 132 bytes a token and layer grows."""
    tree = LATENT | {"model_type": "deepseek_v32", "index_n_heads": 64, "index_head_dim": 128, "index_topk": 2048}
    found = counted(Model("sparse", json.dumps(tree | {"architectures": ["DeepseekV32ForCausalLM"]})))
    assert found.sparse_layers == 8
    assert found.read_bytes(6000) - found.read_bytes(5000) == 1000 * 8 * 132


def test_states_are_read_and_written_whatever_the_length() -> None:
    """A hybrid's states cost the same for one token as for many."""
    found = counted(known("Qwen/Qwen3.5-27B"))
    assert found.read_bytes(0) == found.state_bytes > 0


def test_cached_prompt_tokens_are_looked_at_but_not_computed() -> None:
    """The last tokens of a prompt attend to all before them; the first to few."""
    found = counted(small())
    assert found.prefill_ops(100, 1000) > found.prefill_ops(100, 100)
    assert found.prefill_ops(0, 1000) == 0
