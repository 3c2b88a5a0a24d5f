"""Values of charts that people write themselves: many models, several engines, clients, and where flags go."""

from __future__ import annotations

import pytest

from tests.manifest.samples import edited, one, refused, said
from trimtab.manifest import Refusal, Tree, edit, inspect

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


COMMAND_LINE = """\
images:
  vLLM: registry.example/vllm-openai:v0.19.0
  openwebui: ghcr.io/open-webui/open-webui:v0.6.0
resources:
  nvidia.com/gpu: "4"
cli: ". /opt/venv/bin/activate;
      python3 -m vllm.entrypoints.openai.api_server
        --model 'org/chat-70b'
        --tensor-parallel-size 4
        --enable-prefix-caching"
"""


def test_a_whole_command_line_may_be_one_value() -> None:
    """Some charts hand a script to a shell; what it starts serves, with GPUs that requests and limits share."""
    serving = one(COMMAND_LINE, "chat/values.yaml")

    assert said(serving) == {
        "enable_prefix_caching": True,
        "engine_version": "v0.19.0",
        "gpu_count": 4,
        "gpu_resource": "nvidia.com/gpu",
        "model": "org/chat-70b",
        "tensor_parallel_size": 4,
    }
    assert serving.settings["tensor_parallel_size"].via == "shell"


def test_a_value_in_a_command_line_is_edited_in_place() -> None:
    """Only the characters of the flag's value change."""
    after = edited(COMMAND_LINE, "chat/values.yaml#//chat/chat", tensor_parallel_size=2)

    assert after == COMMAND_LINE.replace("size 4", "size 2")


@pytest.mark.parametrize(
    "text",
    [
        "ollama:\n  image: {repository: ollama/ollama, tag: latest}\n  resources: {limits: {memory: 48Gi}}\n",
        "engine:\n  image: {repository: vllm/vllm-openai, tag: v0.19.0}\n  args: [--trust-remote-code]\n",
    ],
)
def test_an_engines_image_beside_what_a_container_has_serves(text: str) -> None:
    """Resources or arguments say that the image runs, though neither a model nor a GPU is named here."""
    assert one(text, "stack/values.yaml").settings["engine_version"].value in {"latest", "v0.19.0"}


@pytest.mark.parametrize(
    "text",
    [
        "ollama:\n  image: {repository: ollama/ollama, tag: latest}\n",
        "notes: run vllm serve org/chat by hand\nresources: {limits: {nvidia.com/gpu: 1}}\n",
    ],
)
def test_an_image_or_a_remark_alone_serves_nothing(text: str) -> None:
    """An image that nothing runs, and a command that people are told of, are no serving."""
    assert inspect(Tree({"stack/values.yaml": text.encode()})).servings == ()


KSERVE_CHART = """\
replicas: 2
storage: {type: oci, uri: "oci://registry.example/models/chat:1.5"}
resources:
  limits: {cpu: "6", gpuCount: "1"}
  requests: {cpu: "6", gpuCount: "1"}
vllm:
  extraArgs: [--enable-auto-tool-choice]
kvTransfer: {blockSize: 128}
"""


def test_a_charts_own_words_for_storage_and_gpus_are_understood() -> None:
    """The address of the model stands under `storage`; a key of what moves the cache is no setting of the engine."""
    assert said(one(KSERVE_CHART, "chat-values.yaml")) == {
        "cpu_limit": "6",
        "cpu_request": "6",
        "gpu_count": 1,
        "model": "oci://registry.example/models/chat:1.5",
        "replicas": 2,
    }


def test_a_model_named_for_its_engine_is_the_model() -> None:
    """`model.vllm` names what the mounted folder holds; the folder itself names nothing."""
    text = "global: {model: {vllm: org/chat-7b}}\nruntime:\n  args: [--model=/cache/models, --max-model-len=4096]\n"

    assert said(one(text, "values-test.yaml")) == {"max_model_len": 4096, "model": "org/chat-7b"}


def test_what_a_template_makes_of_flat_resources_is_not_guessed() -> None:
    """Below `cpu` and `memory` of a chart's own no template reads `requests` or `limits`: neither is added there."""
    text = "image: vllm/vllm-openai:v0.19.0\nmodel: org/chat\nresources: {cpu: 4, memory: 8Gi, gpu: 1}\nextraArgs: []\n"
    subject = one(text, "chat/values.yaml").subject

    assert "makes requests and limits of `memory`" in refused(text, subject, memory_limit="9Gi")


def test_a_chart_named_after_the_engine_serves_with_its_image_alone() -> None:
    """Nothing else need be said; below the chart of another program the same image may never run."""
    text = "generic:\n  deployment:\n    image: ollama/ollama:0.32.9\n"

    assert said(one(text, "apps/ollama/values.yaml")) == {"engine_version": "0.32.9"}
    assert inspect(Tree({"apps/chat/values.yaml": text.encode()})).servings == ()


def test_the_resource_of_a_gpu_may_have_a_key_of_its_own() -> None:
    """A kind that is no resource, such as `nvidia`, says none."""
    text = "ollama:\n  gpu: {enabled: true, type: nvidia, number: 2, nvidiaResource: nvidia.com/gpu.shared}\n"

    settings = said(one(text, "apps/ollama/values.yaml"))

    assert (settings["gpu_count"], settings["gpu_resource"]) == (2, "nvidia.com/gpu.shared")


def test_a_chart_named_after_the_engine_may_run_an_image_of_its_own() -> None:
    """Its tag is the version, as of any renamed image; an endpoint that something else reports to makes no client."""
    text = """\
image: {repository: registry.example/team/triton-infer, tag: 24.01-py3}
resources: {limits: {nvidia.com/gpu: 1}}
telemetry: {endpoint: "collector:4317"}
"""

    assert said(one(text, "services/triton/helm/values.yaml"))["engine_version"] == "24.01-py3"
    plain = text.replace("team/triton-infer", "vllm/vllm-openai")
    assert said(one(plain, "helm/chat/values.yaml"))["engine_version"] == "24.01-py3"


def test_a_bare_name_is_a_model_to_ollama() -> None:
    """Its image tells, wherever beside the model it stands; a kind of GPU is no number of them."""
    text = """\
embedding:
  model: "embed:0.6b"
  image: ollama/ollama:latest
  numCtx: "8192"
  numParallel: "2"
  resources: {gpu: nvidia-l4, num_gpus: 1}
other: {}
"""

    assert said(one(text, "charts/search/values.yaml")) == {
        "engine_version": "latest",
        "gpu_count": 1,
        "max_model_len": 8192,
        "max_num_seqs": 2,
        "model": "embed:0.6b",
    }


def test_an_empty_list_of_arguments_says_that_an_image_runs() -> None:
    """A chart's own values name the engine's image, and leave room for its flags."""
    text = "image: {repository: registry.example/lmsysorg/sglang, tag: v0.5}\nargs: []\nresources: {}\n"

    assert said(one(text, "charts/deploy/values.yaml")) == {"engine_version": "v0.5"}


def test_a_flag_is_added_to_the_engines_own_list() -> None:
    """Below another engine's key, or in a list that says nothing to this one, it would be another's flag."""
    text = (
        "image: {repository: vllm/vllm-openai, tag: v0.19.0}\nmodel: org/chat\nmaxModelLen: 8192\n"
        "vllm:\n  extraArgs:\n  - --max-num-seqs=3\nrouter2:\n  extraArgs:\n  - --verbose\n"
        "small:\n  llamaCpp:\n    extraArgs:\n    - --ctx-size=512\n"
    )
    subject = next(one.subject for one in inspect(Tree({"chat/values.yaml": text.encode()})).servings)

    assert "  - --max-num-seqs=3\n  - --dtype=half\n" in edited(text, subject, dtype="half")
