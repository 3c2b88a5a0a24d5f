"""Counts held against a checkpoint's own headers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.estimate.building import deploy, small, sure
from trimtab.estimate import memory
from trimtab.fleet import Model


def _headers(model: Model, more: dict[str, object] | None = None, layers: int = 8) -> Model:
    """Return the small model with the headers of its checkpoint."""
    tensors: dict[str, object] = {
        "model.embed_tokens.weight": ["BF16", [32000, 1024]],
        "lm_head.weight": ["BF16", [32000, 1024]],
        "model.norm.weight": ["BF16", [1024]],
    }
    for layer in range(layers):
        name = f"model.layers.{layer}"
        tensors |= {
            f"{name}.self_attn.q_proj.weight": ["BF16", [1024, 1024]],
            f"{name}.self_attn.k_proj.weight": ["BF16", [256, 1024]],
            f"{name}.self_attn.v_proj.weight": ["BF16", [256, 1024]],
            f"{name}.self_attn.o_proj.weight": ["BF16", [1024, 1024]],
            f"{name}.mlp.gate_proj.weight": ["BF16", [4096, 1024]],
            f"{name}.mlp.up_proj.weight": ["BF16", [4096, 1024]],
            f"{name}.mlp.down_proj.weight": ["BF16", [1024, 4096]],
            f"{name}.input_layernorm.weight": ["BF16", [1024]],
            f"{name}.post_attention_layernorm.weight": ["BF16", [1024]],
        }
    return replace(model, tensors_json=json.dumps(tensors | (more or {})))


def _weights(model: Model) -> float:
    return sure(memory(deploy(model))).weights_gib.value


def test_headers_agree_with_the_count() -> None:
    """Headers of the very model change nothing."""
    assert _weights(_headers(small())) == pytest.approx(_weights(small()), rel=1e-6)


def test_what_is_not_loaded_is_not_counted() -> None:
    """A layer behind the last drafts, tables are computed: neither is loaded."""
    more: dict[str, object] = {
        "model.layers.8.mlp.up_proj.weight": ["BF16", [4096, 1024]],
        "model.layers.0.self_attn.rotary_emb.inv_freq": ["F32", [10_000_000]],
        "mtp.fc.weight": ["BF16", [2048, 1024]],
    }
    assert _weights(_headers(small(), more)) == pytest.approx(_weights(small()), rel=1e-6)


def test_single_precision_is_loaded_in_the_models_own() -> None:
    """A checkpoint in FP32 of a model that runs in 16 bits takes 16 bits."""
    halved = _headers(small())
    doubled = replace(halved, tensors_json=halved.tensors_json.replace("BF16", "F32"))
    assert _weights(doubled) == pytest.approx(_weights(halved), rel=1e-6)


def test_more_in_the_file_than_counted_is_believed() -> None:
    """What the configuration does not tell is in the headers."""
    more: dict[str, object] = {"model.extra.weight": ["BF16", [65536, 1024]]}
    extra = _weights(_headers(small(), more)) - _weights(small())
    assert extra * 2**30 == pytest.approx(65536 * 1024 * 2, rel=0.01)


def test_a_total_settles_what_is_in_doubt() -> None:
    """Of an unknown architecture the index's total is taken, and the band narrows; of a known one it is not."""
    unknown = small(model_type="llamoid")
    told = replace(unknown, checkpoint_bytes=400_000_000)
    figure, before = sure(memory(deploy(told))).weights_gib, sure(memory(deploy(unknown))).weights_gib
    assert figure.value * 2**30 == pytest.approx(400_000_000, rel=0.01)
    assert figure.high - figure.low < before.high - before.low
    assert _weights(replace(small(), checkpoint_bytes=400_000_000)) == _weights(small())


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"a": 3}', '{"a": ["BF16", [-1, "x"]]}', '{"a": ["BF16", [1e400]]}', "[" * 100_000]
)
def test_broken_headers_are_passed_over(text: str) -> None:
    """What is no header changes nothing."""
    assert _weights(replace(small(), tensors_json=text)) == _weights(small())
