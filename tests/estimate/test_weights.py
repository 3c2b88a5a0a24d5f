"""Parameters and stored bytes, against published counts."""

from __future__ import annotations

import json

import pytest

from tests.estimate.building import deploy, known, small, sure
from trimtab.catalog import model_names
from trimtab.estimate import Impossible, Parameters, max_context, memory, parameters


@pytest.mark.parametrize(
    ("model", "total"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", 8_030_261_248),
        ("meta-llama/Llama-3.1-70B-Instruct", 70_553_706_496),
        ("Qwen/Qwen2.5-7B-Instruct", 7_615_616_512),
        ("Qwen/Qwen3-14B", 14_768_307_200),
        ("Qwen/Qwen3-30B-A3B", 30_532_122_624),
        ("mistralai/Mixtral-8x7B-v0.1", 46_702_792_704),
        ("mistralai/Mistral-Nemo-Instruct-2407", 12_247_782_400),
        ("deepseek-ai/DeepSeek-V2-Lite", 15_706_484_224),
        ("deepseek-ai/DeepSeek-V3", 671_026_419_200),
    ],
)
def test_parameters_are_counted_by_tensor(model: str, total: int) -> None:
    """The count of the checkpoints' own index is met within 0.02 % (small vectors are not all counted)."""
    found = parameters(known(model))
    assert isinstance(found, Parameters)
    assert found.total == pytest.approx(total, rel=2e-4)


def test_active_parameters_are_those_of_the_chosen_experts() -> None:
    """Of Qwen3 30B-A3B about 3 billion parameters work on a token, the head included."""
    found = parameters(known("Qwen/Qwen3-30B-A3B"))
    assert isinstance(found, Parameters)
    assert found.active == pytest.approx(3.04e9, rel=0.03)


@pytest.mark.parametrize("name", model_names())
def test_every_model_of_the_catalogue_has_a_shape(name: str) -> None:
    """No bundled configuration is beyond the estimate."""
    found = parameters(known(name))
    assert not isinstance(found, Impossible), found.reason
    assert found.total > 1e8


@pytest.mark.parametrize(
    ("scheme", "bits"),
    [
        ({"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True}, 4 + 16 / 128 + 4 / 128),
        ({"quant_method": "gptq", "bits": 4, "group_size": 128}, 4 + 16 / 128),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, 8 + 32 / 128**2),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, 4.5),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_use_double_quant": True}, 4.127),
        ({"quant_method": "gguf", "gguf_type": "Q8_0"}, 8.5),
    ],
)
def test_formats_have_their_bits(scheme: dict[str, object], bits: float) -> None:
    """A linear layer takes the bits of its format with scales and zero points; embedding and head stay as they are."""
    wide = {"hidden_size": 4096, "intermediate_size": 16384, "num_attention_heads": 32, "num_hidden_layers": 4}
    plain = small(**wide, tie_word_embeddings=True, vocab_size=64)
    stored = small(**wide, tie_word_embeddings=True, vocab_size=64, quantization_config=scheme)
    ratio = (sure(memory(deploy(stored, "A100"))).weights_gib.value - 0.002) / (
        sure(memory(deploy(plain, "A100"))).weights_gib.value - 0.002
    )
    assert ratio * 16 == pytest.approx(bits, rel=0.015)


AWQ: dict[str, object] = {"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True}


def test_hopper_keeps_zero_points_in_16_bits() -> None:
    """Machete turns packed zero points into 16-bit values; Marlin keeps them packed."""
    wide = {"hidden_size": 4096, "intermediate_size": 16384, "num_attention_heads": 32, "num_hidden_layers": 4}
    model = small(**wide, vocab_size=64, quantization_config=AWQ)
    hopper, ampere = (sure(memory(deploy(model, gpu))).weights_gib.value for gpu in ("H100", "A100"))
    weights = 4 * (3 * 4096 * 16384 + 4096 * 4096 * 2 + 2 * 4096 * 4 * 128)
    assert (hopper - ampere) * 2**30 == pytest.approx(weights * 12 / 128 / 8, rel=0.15)


def test_lora_slots_are_laid_out_beforehand() -> None:
    """A slot has an A for each part of a fused matrix and a B for its rows; two slots take twice as much."""
    alone, one, two = (
        sure(memory(deploy(small(), **settings))).weights_gib.value * 2**30
        for settings in ({}, {"enable_lora": True}, {"enable_lora": True, "max_loras": 2})
    )
    qkv, out = 3 * 1024 + 1024 + 2 * 256, 1024 + 1024
    feed = 2 * 1024 + 2 * 4096 + 4096 + 1024
    words = 2 * (32000 + 1024)
    assert one - alone == pytest.approx(16 * 2 * (8 * (qkv + out + feed) + words), rel=0.001)
    assert two - alone == pytest.approx(2 * (one - alone), rel=1e-6)


@pytest.mark.parametrize(
    ("speculative", "more"),
    [
        ('{"method": "ngram", "num_speculative_tokens": 3}', 0),
        ('{"method": "mtp", "num_speculative_tokens": 1}', 1024 * 2048),
        ('{"method": "eagle", "model": "some/eagle"}', 1024 * 2048),
    ],
)
def test_draft_layers_are_counted(speculative: str, more: int) -> None:
    """What drafts by a layer of its own takes that layer and a matrix that joins its inputs; n-grams take nothing."""
    alone = sure(memory(deploy(small()))).weights_gib.value * 2**30
    with_draft = sure(memory(deploy(small(), speculative_config=speculative))).weights_gib.value * 2**30
    layer = 1024 * 1024 * 2 + 2 * 1024 * 256 + 3 * 1024 * 4096
    assert with_draft - alone == pytest.approx(2 * (layer + more) if more else 0, rel=0.01)


def test_a_broken_speculative_configuration_is_refused() -> None:
    """What is no JSON object is no draft."""
    for text in ("{", "[]", "3"):
        found = memory(deploy(small(), speculative_config=text))
        assert isinstance(found, Impossible)
        assert "speculative_config" in found.reason


def test_encoders_can_be_left_out() -> None:
    """With `language_model_only` the image encoder is not loaded."""
    inner = json.loads(small().config_json)
    outer = small(hidden_size=None, text_config=inner, vision_config={"hidden_size": 256, "depth": 4, "patch_size": 14})
    whole = sure(memory(deploy(outer))).weights_gib.value
    assert sure(memory(deploy(outer, language_model_only=True))).weights_gib.value < whole


def test_an_unknown_architecture_has_a_wide_band() -> None:
    """A model type whose source was not read is estimated, with a band that says so."""
    known_one, unknown = (sure(memory(deploy(small(model_type=kind)))).weights_gib for kind in ("llama", "llamoid"))
    assert unknown.value == pytest.approx(known_one.value, rel=0.01)
    assert unknown.high - unknown.low > 3 * (known_one.high - known_one.low)


def test_what_an_ignore_list_names_stays_unquantised() -> None:
    """Exact names, wildcards and expressions are honoured, for fused weights too."""
    scheme = {"quant_method": "fp8"}
    every = sure(memory(deploy(small(quantization_config=scheme)))).weights_gib.value
    for ignored in (["model.layers.0.mlp.up_proj"], ["model.layers.0.mlp*"], ["re:.*layers\\.0\\.mlp.*"], ["mlp"]):
        some = sure(memory(deploy(small(quantization_config={**scheme, "ignore": ignored})))).weights_gib.value
        assert some > every, ignored


def test_quantisation_while_loading_is_counted() -> None:
    """The engine's `quantization` setting applies to a checkpoint without a scheme."""
    asked = sure(memory(deploy(small(), quantization="fp8"))).weights_gib.value
    assert asked < 0.75 * sure(memory(deploy(small()))).weights_gib.value


def test_a_scheme_per_layer_is_followed() -> None:
    """A list that names layers one by one leaves the others as they are."""
    listed = {
        "quantized_layers": {"model.layers.0.mlp.down_proj": {"quant_algo": "FP8"}},
        "quant_algo": "MIXED_PRECISION",
    }
    one = sure(memory(deploy(small(quantization_config=listed)))).weights_gib.value
    none = sure(memory(deploy(small()))).weights_gib.value
    assert (none - one) * 2**30 == pytest.approx(4096 * 1024, rel=0.01)


@pytest.mark.parametrize(
    ("scaling", "context"),
    [
        ({"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}, 131072),
        ({"rope_type": "llama3", "factor": 8.0}, 8192),
        ({"type": "linear", "factor": 2.0}, 16384),
    ],
)
def test_rope_scaling_sets_the_context(scaling: dict[str, object], context: int) -> None:
    """YaRN multiplies the original context, Llama 3's scaling is in the number already."""
    assert max_context(small(rope_scaling=scaling)) == context


def test_a_wrapper_is_looked_into() -> None:
    """A vision-language configuration has its language model inside and an encoder beside it."""
    inner = json.loads(small().config_json)
    outer = small(hidden_size=None, text_config=inner, vision_config={"hidden_size": 256, "depth": 4, "patch_size": 14})
    text, both = parameters(small()), parameters(outer)
    assert isinstance(text, Parameters)
    assert isinstance(both, Parameters)
    assert both.total > text.total


def test_experts_beside_a_dense_part_are_quantised_though_the_dense_part_is_not() -> None:
    """NVIDIA's NVFP4 repack of Gemma 4 26B leaves `mlp*` plain and packs the experts: vLLM 0.20.2 printed 17.89 GiB."""
    found = sure(memory(deploy(known("nvidia/Gemma-4-26B-A4B-NVFP4"), "NVIDIA-GeForce-RTX-5090")))
    assert found.weights_gib.value == pytest.approx(17.89, rel=0.005)


def test_a_draft_model_that_is_not_known_is_said_to_be_left_out() -> None:
    """Its memory is not counted: the estimate says so, and its upper bound leaves room for it."""
    alone = sure(memory(deploy(known("meta-llama/Llama-3.1-8B-Instruct"), "H100-80GB")))
    draft = '{"model": "ours/draft", "num_speculative_tokens": 5}'
    found = sure(memory(deploy(known("meta-llama/Llama-3.1-8B-Instruct"), "H100-80GB", speculative_config=draft)))
    assert alone.doubts == ()
    assert "ours/draft" in found.doubts[0]
    assert found.weights_gib.high > 1.1 * alone.weights_gib.high
