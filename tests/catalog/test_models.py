"""Models by all the names they go by."""

from __future__ import annotations

import json

import pytest

from trimtab.catalog import find_model, model_names, with_scheme
from trimtab.fleet import Found, Unknown


@pytest.mark.parametrize(
    ("name", "known_as"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"),
        ("META-LLAMA/llama-3.1-8b-instruct", "meta-llama/Llama-3.1-8B-Instruct"),
        ("/models/meta-llama/Llama-3.1-8B-Instruct/", "meta-llama/Llama-3.1-8B-Instruct"),
        ("Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"),
        ("hf://Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("/hub/models--Qwen--Qwen3-8B/snapshots/0123abc", "Qwen/Qwen3-8B"),
        ("meta-llama/Llama-3.3-70B-Instruct", "meta-llama/Llama-3.3-70B-Instruct"),
    ],
)
def test_names_that_are_understood(name: str, known_as: str) -> None:
    """Ids, paths, caches and other names of the same shape are found, with their source."""
    found = find_model(name)
    assert isinstance(found, Found)
    assert found.value.name == known_as
    assert found.source


@pytest.mark.parametrize("name", ["", "/mnt/models", "google/gemma-2-9b-it", "Qwen/Qwen3", "TheBloke/Llama-2-7B-GGUF"])
def test_names_that_are_not(name: str) -> None:
    """What is not in the catalogue is said to be unknown; nothing is made up."""
    assert isinstance(find_model(name), Unknown)


@pytest.mark.parametrize(
    ("name", "method", "detail"),
    [
        ("Qwen/Qwen2.5-7B-Instruct-AWQ", "awq", ("group_size", 128)),
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "gptq", ("bits", 8)),
        ("RedHatAI/Qwen2.5-7B-Instruct-quantized.w8a8", "compressed-tensors", ("ignore", ["lm_head"])),
        ("RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "compressed-tensors", ("ignore", ["lm_head"])),
        ("someone/Qwen3-8B-FP8", "fp8", ("activation_scheme", "dynamic")),
        ("someone/Qwen3-8B-GGUF:Q4_K_M", "gguf", ("gguf_type", "Q4_K_M")),
        ("/models/Qwen3-8B.Q8_0.gguf", "gguf", ("gguf_type", "Q8_0")),
        ("unsloth/Qwen3-8B-bnb-4bit", "bitsandbytes", ("load_in_4bit", True)),
        ("someone/Qwen3-8B-w4a16-g64", "compressed-tensors", ("group_size", 64)),
    ],
)
def test_a_repack_has_its_base_and_its_scheme(name: str, method: str, detail: tuple[str, object]) -> None:
    """The name of a repack tells the base and how the weights are stored."""
    found = find_model(name)
    assert isinstance(found, Found)
    scheme = json.loads(found.value.config_json)["quantization_config"]
    assert scheme["quant_method"] == method
    assert scheme[detail[0]] == detail[1]


def test_an_official_quantised_checkpoint_has_its_own_configuration() -> None:
    """A checkpoint in the catalogue is not taken for a repack."""
    found = find_model("Qwen/Qwen3-32B-FP8")
    assert isinstance(found, Found)
    assert json.loads(found.value.config_json)["quantization_config"]["weight_block_size"] == [128, 128]


def test_a_companion_file_belongs_to_its_model() -> None:
    """What stands in hf_quant_config.json is part of the bundled configuration."""
    found = find_model("nvidia/Llama-3.1-70B-Instruct-FP8")
    assert isinstance(found, Found)
    assert json.loads(found.value.config_json)["quantization_config"]["quant_algo"] == "FP8"


def test_a_scheme_of_its_own_is_kept() -> None:
    """The name adds nothing to a configuration that has a scheme, and nothing to what is no JSON."""
    own = json.dumps({"quantization_config": {"quant_method": "fp8"}})
    assert with_scheme(own, "x-AWQ") == own
    assert with_scheme("{", "x-AWQ") == "{"


def test_other_names_change_only_what_they_say() -> None:
    """Llama 3 has Llama 3.1's shape with a context of 8192."""
    found = find_model("meta-llama/Meta-Llama-3-8B-Instruct")
    assert isinstance(found, Found)
    tree = json.loads(found.value.config_json)
    assert (tree["max_position_embeddings"], "rope_scaling" in tree) == (8192, False)


@pytest.mark.parametrize("name", model_names())
def test_every_configuration_can_be_read(name: str) -> None:
    """Every entry is a JSON object with a source and a licence."""
    found = find_model(name)
    assert isinstance(found, Found)
    assert isinstance(json.loads(found.value.config_json), dict)
    assert "(Apache-2.0" in found.source or "(MIT" in found.source
