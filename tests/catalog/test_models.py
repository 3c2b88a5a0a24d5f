"""Models by all the names they go by."""

from __future__ import annotations

import json

import pytest

from trimtab.catalog import find_model, model_names, with_scheme
from trimtab.catalog.ollama import tags
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
        ("Qwen/Qwen3-8B@main", "Qwen/Qwen3-8B"),
        ("hf://Qwen/Qwen3-8B:v1.0", "Qwen/Qwen3-8B"),
        ("https://huggingface.co/Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("nvcr.io/nim/meta/llama-3.1-8b-instruct:1.3.0", "meta-llama/Llama-3.1-8B-Instruct"),
        ("oci://ghcr.io/acme/qwen3-8b:v1", "Qwen/Qwen3-8B"),
        ("pvc://models/Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("s3://bucket/weights/Qwen3-8B/", "Qwen/Qwen3-8B"),
        ("/models/Qwen3-8B/model.safetensors", "Qwen/Qwen3-8B"),
    ],
)
def test_names_that_are_understood(name: str, known_as: str) -> None:
    """Ids, paths, caches and other names of the same shape are found, with their source."""
    found = find_model(name)
    assert isinstance(found, Found)
    assert found.value.name == known_as
    assert found.source


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/mnt/models",
        "google/gemma-2-9b-it",
        "Qwen/Qwen3",
        "TheBloke/Llama-2-7B-GGUF",
        "deepseek-r1:1.5b",
        "qwen3:4b",
        "ollama/qwen3:4b",
        "../../etc/passwd",
        "a" * 9_999,
    ],
)
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
        ("unsloth/Qwen3-8B-GGUF:UD-Q4_K_XL", "gguf", ("gguf_type", "Q4_K_XL")),
        ("/m/Qwen3-8B-IQ4_XS-00001-of-00002.gguf", "gguf", ("gguf_type", "IQ4_XS")),
        ("bartowski/Qwen_Qwen3-8B-GGUF:Q4_K_M", "gguf", ("gguf_type", "Q4_K_M")),
        ("hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4", "awq", ("group_size", 128)),
        ("llama3.1:8b-instruct-q5_K_M", "gguf", ("gguf_type", "Q5_K_M")),
        ("ollama/qwen3:32b", "gguf", ("gguf_type", "Q4_K_M")),
        ("deepseek-r1:70b", "gguf", ("gguf_type", "Q4_K_M")),
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


def test_a_tag_of_a_size_is_that_size() -> None:
    """The size in an Ollama tag chooses the model: a 70B distillate is no 671B original."""
    small, large = find_model("deepseek-r1:70b"), find_model("deepseek-r1:671b-q8_0")
    assert isinstance(small, Found)
    assert isinstance(large, Found)
    assert json.loads(small.value.config_json)["model_type"] == "llama"
    assert json.loads(large.value.config_json)["model_type"] == "deepseek_v3"


def test_every_tag_of_the_library_is_a_model_of_the_catalogue() -> None:
    """Each line of the table of tags leads to a configuration."""
    for family, size in tags():
        assert isinstance(find_model(f"{family}:{size}"), Found), (family, size)
