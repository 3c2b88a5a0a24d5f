"""Values of charts that nobody has seen before: where a part serves, what its words say, and what serves nothing."""

from __future__ import annotations

import pytest

from tests.manifest.samples import edited, one, said
from trimtab.manifest import Tree, inspect

NIM_BLUEPRINT = """\
envVars: {APP_LLM_MODELNAME: meta/llama-3.1-8b-instruct}
frontend: {image: {repository: registry.example/frontend, tag: "1.0"}, replicaCount: 2}
nimOperator:
  nim-llm:
    image: {repository: nvcr.io/nim/meta/llama-3.1-8b-instruct, tag: "1.8.0"}
    resources: {limits: {nvidia.com/gpu: 2}, requests: {nvidia.com/gpu: 2}}
    env:
      - name: NIM_MAX_MODEL_LEN
        value: "131072"
  embed:
    enabled: false
    image: {repository: nvcr.io/nim/nvidia/embed-1b, tag: "1.2.0"}
    resources: {limits: {nvidia.com/gpu: 1}}
"""
NESTED = """\
statbot:
  api: {image: registry.example/api, tag: latest}
  vllm:
    enabled: true
    service: {image: {version: "vllm/vllm-openai:v0.8.2"}}
    llm:
      hfModelName: org/chat-3b
      args: '--gpu-memory-utilization "0.8" --max-model-len "8200"'
"""
SPLIT = """\
huggingface: {model: org/chat-7b}
api:
  image: {containerImage: vllm/vllm-openai, version: v0.11.0}
  replicas: 1
  gpus: 2
  modelMaxContextLength: 4096
  extraArgs: []
ui:
  image: {repository: registry.example/ui, tag: v1}
  replicas: 3
"""
OLLAMA = """\
ollama:
  gpu: {enabled: true, type: nvidia, number: 1}
  models: {pull: ["gemma3:4b"]}
"""
KUBEAI = """\
catalog:
  chat:
    enabled: true
    url: hf://org/chat
    engine: VLLM
    resourceProfile: nvidia-gpu-l4:1
  other: {enabled: false, url: hf://org/other, engine: VLLM, resourceProfile: nvidia-gpu-l4:1}
"""


def test_parts_of_charts_are_found_at_any_depth() -> None:
    """A part with an engine's image serves, below whatever keys; one that is switched off does not."""
    serving = one(NIM_BLUEPRINT, "values.yaml")

    assert (serving.container, serving.engine) == ("nim-llm", "nim")
    assert said(serving) == {
        "engine_version": "1.8.0",
        "gpu_count": 2,
        "gpu_resource": "nvidia.com/gpu",
        "max_model_len": 131072,
        "model": "meta/llama-3.1-8b-instruct",
    }


def test_an_image_may_stand_under_its_version_and_arguments_in_one_text() -> None:
    """Quotes inside the text of arguments are the shell's, and not part of the values."""
    serving = one(NESTED, "values.yaml")

    assert (serving.container, serving.settings["max_model_len"].raw) == ("vllm", "8200")
    assert said(serving) == {
        "engine_version": "v0.8.2",
        "gpu_memory_utilization": 0.8,
        "max_model_len": 8200,
        "model": "org/chat-3b",
    }


def test_a_lone_part_without_a_model_takes_it_from_the_values_around() -> None:
    """The values are one serving where the engine and its model stand under different keys; the interface has none."""
    serving = one(SPLIT, "charts/chat/values.yaml")

    assert said(serving) == {
        "engine_version": "v0.11.0",
        "gpu_count": 2,
        "max_model_len": 4096,
        "model": "org/chat-7b",
        "replicas": 1,
    }


def test_an_empty_list_of_arguments_takes_the_first() -> None:
    """The chart has the list, so that a flag has its place."""
    after = edited(SPLIT, "values.yaml#//values/values", max_num_seqs=16)

    assert after == SPLIT.replace("extraArgs: []", "extraArgs: [--max-num-seqs=16]")


def test_a_part_named_after_an_engine_serves_with_its_models_or_gpus() -> None:
    """Ollama's chart names GPUs and models by keys of its own, and no image."""
    serving = one(OLLAMA, "values.yaml")

    assert (serving.container, serving.engine) == ("ollama", "ollama")
    assert said(serving) == {"gpu_count": 1, "model": "gemma3:4b"}


def test_models_of_a_catalogue_serve_where_they_are_switched_on() -> None:
    """KubeAI's models chart lists many, and deploys those that are enabled."""
    serving = one(KUBEAI, "values.yaml")

    assert serving.container == "chat"
    assert said(serving) == {"gpu_count": 1, "gpu_product": "nvidia-gpu-l4", "model": "org/chat"}


def test_a_stack_is_known_by_its_key_whatever_the_file_is_called() -> None:
    """`servingEngineSpec` stands in no other file than values of the production stack."""
    text = "servingEngineSpec:\n  modelSpec:\n  - {name: chat, modelURL: org/chat, requestGPU: 1}\n"

    assert said(one(text, "stack/specification.yaml")) == {"gpu_count": 1, "model": "org/chat"}


@pytest.mark.parametrize(
    "text",
    [
        "vllm: {enabled: true, baseUrl: 'http://vllm:8000/v1', model: org/chat}\n",
        "ollama: {enabled: false, models: {pull: ['gemma3:4b']}, gpu: {enabled: true, number: 1}}\n",
        "agent: {llm_engine: vllm, model: org/chat, max_new_tokens: '4096', replicaCount: 1}\n",
        "ollamaUrls: ['http://ollama:11434']\nimage: {repository: ghcr.io/open-webui/open-webui, tag: main}\n",
        "model_list: [{model_name: chat, litellm_params: {model: hosted_vllm/org/chat, api_base: 'http://vllm'}}]\n",
        "trainer: {image: {repository: train}, model: org/chat, resources: {limits: {nvidia.com/gpu: 8}}}\n",
    ],
    ids=["client", "off", "agent", "web", "gateway", "training"],
)
def test_clients_of_models_serve_none(text: str) -> None:
    """A name of a model, of an engine or of its address is no engine."""
    assert inspect(Tree({"values.yaml": text.encode()})).servings == ()


LLM_D = """\
modelArtifacts: {uri: "hf://org/chat", name: org/chat}
decode:
  replicas: 2
  parallelism: {tensor: 4}
  acceleratorTypes: {labelKey: nvidia.com/gpu.product, labelValues: [NVIDIA-H100-80GB-HBM3]}
  containers:
  - name: vllm
    image: ghcr.io/llm-d/llm-d-cuda:v0.3.0
    args: ["--model={{ .Values.modelArtifacts.name }}", --max-model-len=8192]
prefill: {create: false}
"""


def test_a_pool_of_llm_d_refers_to_the_charts_model() -> None:
    """A template that stands for the chart's own model is followed to it; the label and its value pick the GPU."""
    assert said(one(LLM_D, "values.yaml")) == {
        "engine_version": "v0.3.0",
        "gpu_product": "NVIDIA-H100-80GB-HBM3",
        "max_model_len": 8192,
        "model": "org/chat",
        "replicas": 2,
        "tensor_parallel_size": 4,
    }


def test_an_address_may_refer_to_the_name_too() -> None:
    """Where the address is made from the name, the name is the model."""
    text = LLM_D.replace("hf://org/chat", "hf://{{ .Values.modelArtifacts.name }}")
    setting = one(text, "values.yaml").settings["model"]

    assert (setting.value, setting.raw, setting.editable) == ("org/chat", "org/chat", True)


def test_the_model_of_llm_d_changes_with_its_name() -> None:
    """The address and the name that the command is given stay the same model."""
    after = edited(LLM_D, "values.yaml#//decode/decode", model="org/other")

    assert after == LLM_D.replace("org/chat", "org/other")


def test_a_command_may_stand_in_the_image() -> None:
    """Charts that keep the command beside the image's name are read there."""
    text = (
        "image:\n  repository: vllm/vllm-openai\n  tag: v0.11.0\n"
        "  command: [vllm, serve, org/chat, --max-model-len, '8192']\n"
    )

    assert said(one(text, "values.yaml")) == {
        "engine_version": "v0.11.0",
        "max_model_len": 8192,
        "model": "org/chat",
    }


RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: small, namespace: ai}
spec:
  chart: {spec: {chart: CHART, version: 1.0.0}}
  values:
    image: {tag: 0.5.1}
    replicaCount: 1
    ollama:
      gpu: {enabled: true, number: 1}
      models: {pull: ["gemma3:4b"]}
    extraEnv:
    - {name: OLLAMA_CONTEXT_LENGTH, value: "8192"}
"""


def test_the_charts_name_tells_the_engine() -> None:
    """A release of an engine's own chart needs no image to say what it serves; its tag is the engine's version."""
    assert said(one(RELEASE.replace("CHART", "ollama"))) == {
        "engine_version": "0.5.1",
        "gpu_count": 1,
        "max_model_len": 8192,
        "model": "gemma3:4b",
        "replicas": 1,
    }


@pytest.mark.parametrize("key", ["gpu", "gpus", "gpuCount", "numGpus"])
def test_gpus_may_be_counted_by_a_key_of_the_chart(key: str) -> None:
    """Charts name the number in many ways; a switch of the same name is none."""
    text = f"models: [{{name: chat, modelId: org/chat, maxModelLen: 8192, {key}: 2}}]\n"

    assert said(one(text, "values.yaml")) == {"gpu_count": 2, "max_model_len": 8192, "model": "org/chat"}
    assert "gpu_count" not in said(one(text.replace(": 2}", ": true}"), "values.yaml"))


def test_tritons_chart_keeps_everything_in_the_image() -> None:
    """The image's whole name, the GPUs and the arguments stand in one mapping."""
    text = "image: {imageName: 'nvcr.io/nvidia/tritonserver:24.05-py3', numGpus: 2, serverArgs: [--log-verbose=1]}\n"

    assert said(one(text, "values.yaml")) == {"engine_version": "24.05-py3", "gpu_count": 2}
