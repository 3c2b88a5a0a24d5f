"""ToolHive's EmbeddingServer, and what only pretends to serve."""

from __future__ import annotations

import pytest

from tests.manifest.samples import edited, one, said
from trimtab.manifest import Tree, inspect

EMBEDDING = """\
apiVersion: toolhive.stacklok.dev/v1beta1
kind: EmbeddingServer
metadata: {name: tools}
spec:
  model: org/embed-small
  image: ghcr.io/huggingface/text-embeddings-inference:1.8@sha256:0123
  args: [--max-batch-tokens, "16384"]
  replicas: 2
  resources:
    limits: {nvidia.com/gpu: 1, memory: 8Gi}
  podTemplateSpec:
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-L4}
"""
SERVICE = """\
apiVersion: serving.kserve.io/v1alpha1
kind: LLMInferenceService
metadata: {name: chat}
spec:
  model: {uri: hf://org/chat}
  template:
    containers:
    - {name: main, image: "IMAGE"}
"""


def test_an_embedding_server_says_what_it_serves() -> None:
    """The model and the image are keys of its own; flags, resources and the pod are as everywhere."""
    assert said(one(EMBEDDING)) == {
        "engine_version": "1.8",
        "gpu_count": 1,
        "gpu_product": "NVIDIA-L4",
        "gpu_resource": "nvidia.com/gpu",
        "max_num_batched_tokens": 16384,
        "memory_limit": "8Gi",
        "model": "org/embed-small",
        "replicas": 2,
    }


def test_an_embedding_server_is_edited_in_place() -> None:
    """Keys, flags and the selector of the pod keep their style."""
    text = edited(EMBEDDING, "chat.yaml#EmbeddingServer//tools/", replicas=3, gpu_product="NVIDIA-L40S")

    assert text == EMBEDDING.replace("replicas: 2", "replicas: 3").replace("NVIDIA-L4}", "NVIDIA-L40S}")


@pytest.mark.parametrize(
    ("image", "count"),
    [("ghcr.io/llm-d/llm-d-inference-sim:v0.7.1", 0), ("ghcr.io/llm-d/llm-d-cuda:v0.4.0", 1)],
)
def test_a_stand_in_serves_no_model(image: str, count: int) -> None:
    """Simulators answer for tests of what stands before them, whatever declares them."""
    assert len(inspect(Tree({"a.yaml": SERVICE.replace("IMAGE", image).encode()})).servings) == count
