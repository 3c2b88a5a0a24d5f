"""Deployments for tests, from the catalogue or from small configurations written here."""

from __future__ import annotations

import json
from typing import TypeVar

from trimtab.catalog import find_gpu, find_model
from trimtab.estimate import Deployment, Impossible, Memory, Speed
from trimtab.fleet import Found, GpuType, Model, Scalar

SMALL: dict[str, object] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 8,
    "num_attention_heads": 16,
    "num_key_value_heads": 4,
    "vocab_size": 32000,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
"""A small Llama: 8 layers, 16 heads of 64, 4 key-value heads."""
ENCODER: dict[str, object] = {
    "architectures": ["BertModel"],
    "model_type": "bert",
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "vocab_size": 30522,
    "max_position_embeddings": 512,
}
"""What BERT's configuration is by default: it reads, and writes nothing."""


def gpu(name: str) -> GpuType:
    """Return a GPU of the catalogue."""
    found = find_gpu(name)
    assert isinstance(found, Found)
    return found.value


def known(name: str) -> Model:
    """Return a model of the catalogue."""
    found = find_model(name)
    assert isinstance(found, Found)
    return found.value


def small(**changes: object) -> Model:
    """Return the small model with some keys changed; a key set to None is left out."""
    tree = {key: value for key, value in (SMALL | changes).items() if value is not None}
    return Model("small", json.dumps(tree))


def deploy(
    model: Model, gpu_name: str = "H100", gpus: int = 1, version: str = "0.19.0", **settings: Scalar
) -> Deployment:
    """Return a vLLM deployment."""
    return Deployment(model, gpu(gpu_name), gpus, "vllm", version, settings)


T = TypeVar("T", Memory, Speed)


def sure(found: T | Impossible) -> T:
    """Return what was found, failing with the reason where nothing was."""
    assert not isinstance(found, Impossible), found.reason
    return found
