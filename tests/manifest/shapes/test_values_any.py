"""Values of charts that nobody has seen before: where a part serves, what its words say, and what serves nothing."""

from __future__ import annotations

import pytest

from tests.manifest.samples import edited, one, said
from trimtab.manifest import Refusal, Tree, edit, inspect

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


CATALOGUE = """\
servingRuntime: {env: []}
models:
  small:
    id: org/small-3b
    args: [--max-model-len, "14336", --dtype, bfloat16]
    resources: {limits: {cpu: "2"}}
  plain:
    id: org/plain-20b
    args: [--tool-call-parser, openai]
  big:
    id: org/big-70b
    enabled: false
    accelerators: "4"
    args: [--tensor-parallel-size, "4"]
"""


def test_a_mapping_of_models_is_a_serving_for_each_that_is_on() -> None:
    """Each model's arguments are its own, and never another's; one that is switched off is not deployed."""
    servings = inspect(Tree({"llm/values.yaml": CATALOGUE.encode()})).servings

    assert {one.container: said(one) for one in servings} == {
        "small": {"cpu_limit": "2", "dtype": "bfloat16", "max_model_len": 14336, "model": "org/small-3b"},
        "plain": {"model": "org/plain-20b"},
    }


CHOICE = """\
image: {repository: registry.example/vllm-cpu, tag: v0.10.2}
LLM_MODEL_ID: org/chat
max_model_len: 8192
presets:
  org/chat: {extraCmdArgs: [--max-num-seqs, "256", --enforce-eager]}
  org/code: {extraCmdArgs: [--max-num-seqs, "8", --enforce-eager]}
"""


def test_arguments_of_models_side_by_side_are_not_one_command() -> None:
    """Which of them runs is decided elsewhere, so that no flag of theirs is the serving's."""
    assert said(one(CHOICE, "values.yaml")) == {
        "engine_version": "v0.10.2",
        "max_model_len": 8192,
        "model": "org/chat",
    }


SEVERAL = """\
backend: vllm
image:
  llamaCpp: {tag: server-cuda}
  vllm: {tag: v0.19.1}
model: {storageUri: "oci://registry.example/models/chat:1.0"}
vllm: {maxModelLen: 49152}
scaling: {minReplicas: 1, maxReplicas: 3}
dshm: {sizeLimit: 8Gi}
"""


def test_the_image_of_the_engine_that_is_said_to_run_counts() -> None:
    """A chart for several engines has an image for each, and a key that chooses."""
    assert said(one(SEVERAL, "values.yaml")) == {
        "engine_version": "v0.19.1",
        "max_model_len": 49152,
        "max_replicas": 3,
        "min_replicas": 1,
        "model": "oci://registry.example/models/chat:1.0",
        "shm_size": "8Gi",
    }


@pytest.mark.parametrize(
    "text",
    ["workload: {framework: sglang, gpus: 8, model: {name: org/chat}}", "model: {name: org/chat, gpus: 8}\nsglang: {}"],
)
def test_a_key_that_names_the_engine_is_enough_beside_model_and_gpus(text: str) -> None:
    """Recipes name the engine as a value or as a key, and no image."""
    serving = one(text, "values.yaml")

    assert (serving.engine, said(serving)) == ("sglang", {"gpu_count": 8, "model": "org/chat"})


@pytest.mark.parametrize(
    "text", ["image: python:3.12\nvllm: {host: chat.llm.svc, port: 80, model: org/chat}", "framework: vllm\ngpus: 8"]
)
def test_a_client_or_a_bare_word_is_no_serving(text: str) -> None:
    """Where another's engine answers, or what nobody gave a model, nothing is served."""
    assert not inspect(Tree({"values.yaml": text.encode()})).servings


def test_a_chart_that_measures_or_trains_serves_nothing() -> None:
    """Such charts run an engine's image for a while, and their own names say for what."""
    values = b"image: rocm/vllm:rocm6\ngpus: 1\nmodel: org/chat\n"

    def servings(folder: str) -> int:
        return len(inspect(Tree({f"{folder}/values.yaml": values})).servings)

    assert servings("llm-inference-vllm") == 1
    assert servings("llm-inference-vllm-benchmark/helm") == 0


LISTED = """\
defaultServingImage: registry.example/vllm-cuda:3.3.0
models:
- name: plain
  uri: oci://registry.example/models/plain-20b:1.5
  extraArgs: [--trust-remote-code]
- name: long
  uri: oci://registry.example/models/long-30b:1.0
  extraArgs: [--max-model-len=131072]
"""


def test_in_a_list_of_models_each_serves_where_one_plainly_does() -> None:
    """One item's flags tell what the list is for; its neighbours need no flags of their own."""
    servings = inspect(Tree({"values.yaml": LISTED.encode()})).servings

    assert {one.container: said(one)["model"] for one in servings} == {
        "plain": "oci://registry.example/models/plain-20b:1.5",
        "long": "oci://registry.example/models/long-30b:1.0",
    }


PARTED = """\
images:
  vllmRuntime: {repository: registry.example/vllm-cpu, tag: "0.3"}
  notebook: {repository: registry.example/workbench, tag: "1.8"}
model: {storageUri: "oci://registry.example/tiny:1.0", maxModelLen: 2048}
resources:
  inference: {requests: {cpu: "2"}, limits: {cpu: "8"}}
"""


def test_images_and_resources_may_stand_under_the_parts_names() -> None:
    """Of several images the engine's own counts; resources of the only part that has any are the serving's."""
    assert said(one(PARTED, "values.yaml")) == {
        "cpu_limit": "8",
        "cpu_request": "2",
        "engine_version": "0.3",
        "max_model_len": 2048,
        "model": "oci://registry.example/tiny:1.0",
    }


def test_ollama_serves_without_a_model_of_its_own() -> None:
    """Models are pulled when asked for: its image and how often it runs make a serving, an operator's list does not."""
    text = "replicaCount: 1\nimage: {repository: ollama/ollama, tag: 0.12.0}\nollama: {models: {pull: []}}"

    operator = "modelServers:\n  OLlama: {images: {default: 'ollama/ollama:0.12.0'}}"

    assert said(one(text, "values.yaml")) == {"engine_version": "0.12.0", "replicas": 1}
    assert not inspect(Tree({"values.yaml": operator.encode()})).servings


SHARED_MEMORY = """\
controllers:
  vllm:
    containers:
      app:
        image: {repository: vllm/vllm-openai, tag: v0.19.0}
        args: [--model, org/chat]
persistence:
  cache: {type: emptyDir, sizeLimit: 1Gi, globalMounts: [{path: /cache}]}
  memory:
    type: emptyDir
    medium: Memory
    sizeLimit: 8Gi
    advancedMounts: {vllm: {app: [{path: /dev/shm}]}}
"""


def test_shared_memory_is_what_the_container_itself_mounts() -> None:
    """The template for applications mounts a volume for one container by the names of both."""
    other = SHARED_MEMORY.replace("{vllm: {app:", "{vllm: {sidecar:")

    assert said(one(SHARED_MEMORY, "values.yaml"))["shm_size"] == "8Gi"
    assert "shm_size" not in said(one(other, "values.yaml"))


def test_no_list_of_arguments_is_made_up_where_the_chart_has_none() -> None:
    """Variables of the chart are no sign that it reads a key `args`; nothing is written that nothing reads."""
    text = "image: vllm/vllm-openai:v0.19.0\nmodel: org/chat\ngpus: 1\nenv_vars: {HF_HOME: /cache}\n"
    refused = edit(Tree({"chat/values.yaml": text.encode()}), "chat/values.yaml#//chat/chat", {"max_model_len": 4096})

    assert isinstance(refused, Refusal)
    assert "no place" in refused.reason


def test_a_mapping_of_the_engines_flags_takes_another() -> None:
    """Charts that turn keys into flags take a new key, spelled as its neighbours are."""
    text = "image: vllm/vllm-openai:v0.19.0\nmodel: org/chat\ngpus: 1\nserverArgs:\n  max-num-seqs: 128\n"
    after = edited(text, "chat/values.yaml#//chat/chat", max_model_len=4096)

    assert after == text + "  max-model-len: 4096\n"
