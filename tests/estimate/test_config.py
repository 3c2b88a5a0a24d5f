"""Hostile and broken configurations."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.estimate.building import SMALL, deploy, small
from trimtab.estimate import Impossible, Load, memory, parameters, speed
from trimtab.fleet import Model

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[]", "no object"),
        ("{}", "hidden_size"),
        ("[" * 200_000, "nested"),
        ('{"a":' * 50_000, "nested"),
        (json.dumps(SMALL | {"num_hidden_layers": 10**9}), "num_hidden_layers"),
        (json.dumps(SMALL | {"hidden_size": -1}), "hidden_size"),
        (json.dumps(SMALL | {"hidden_size": 10**30}), "hidden_size"),
        (json.dumps(SMALL | {"vocab_size": "many"}), "vocab_size"),
        (json.dumps(SMALL | {"num_attention_heads": 0}), "num_attention_heads"),
        (json.dumps(SMALL | {"num_key_value_heads": 3}), "key-value heads"),
        (json.dumps(SMALL | {"num_local_experts": 8, "num_experts_per_tok": 9}), "experts"),
        (json.dumps(SMALL | {"layer_types": ["full_attention"]}), "layer_types"),
        (json.dumps(SMALL | {"quantization_config": {"quant_method": "gguf"}}), "GGUF"),
        (json.dumps(SMALL | {"quantization_config": {"config_groups": {"group_0": 3}}}), "small"),
        (json.dumps(SMALL | {"quantization_config": {"quant_method": "fp8", "ignore": ["re:(.+)+x"]}}), "complex"),
        (json.dumps(SMALL | {"quantization_config": {"quant_method": "fp8", "ignore": ["re:("]}}), "broken"),
    ],
)
def test_broken_configurations_say_what_is_wrong(text: str, words: str) -> None:
    """A broken configuration is an answer with a reason, or an estimate; never an exception."""
    found = memory(deploy(Model("small", text)))
    if words != "small":
        assert isinstance(found, Impossible)
        assert words in found.reason


def test_an_endless_configuration_is_refused() -> None:
    """A file longer than any real one is not parsed."""
    assert isinstance(parameters(Model("long", " " * (65 * 1024 * 1024))), Impossible)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        [
            *SMALL,
            "rope_scaling",
            "quantization_config",
            "layer_types",
            "num_local_experts",
            "kv_lora_rank",
            "sliding_window",
            "vision_config",
            "text_config",
            "block_configs",
            "hybrid_override_pattern",
        ]
    ),
    JSON,
)
def test_no_value_of_any_key_raises(key: str, value: object) -> None:
    """Whatever stands under a key, memory and speed answer."""
    model = small(**{key: value})
    memory(deploy(model))
    speed(deploy(model), Load(4, 100, 100))


@pytest.mark.parametrize(
    "changes",
    [
        {"num_experts": 8, "num_experts_per_tok": 2, "mlp_only_layers": [10**6] * 200_000},
        {"num_experts": 8, "num_experts_per_tok": 2, "moe_layers_enum": "1," * 500_000},
        {"block_configs": [{"attention": {"n_heads_in_group": 4}, "ffn": {"ffn_mult": 1.5}}] * 50_000},
        {"quantization_config": {"quant_method": "fp8", "ignore": [f"a.{number}" for number in range(100_000)]}},
        {"quantization_config": {"quant_method": "fp8", "ignore": ["*a*b*c*"] * 1_000}},
        {"model_type": "nemotron_h", "hybrid_override_pattern": "M*-" * 500_000},
        {"layer_types": ["full_attention"] * 500_000},
    ],
)
def test_long_lists_cost_no_more_than_layers_can_use(changes: dict[str, object]) -> None:
    """Lists far longer than any model's end in an answer: their length is not multiplied by the number of layers."""
    assert memory(deploy(small(num_hidden_layers=1_000, **changes))) is not None
