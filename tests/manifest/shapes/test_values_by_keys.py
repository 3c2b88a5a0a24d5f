"""Values of charts told by their keys: parts and whose they are, files of other names, values of other values."""

from __future__ import annotations

import pytest

from tests.manifest.samples import one, said
from trimtab.manifest import Tree, inspect

UMBRELLA = """\
tgi: {enabled: true, config: {modelID: org/chat}, resources: {limits: {nvidia.com/gpu: 1}}}
reranker: {enabled: true, config: {modelID: org/rerank}, resources: {limits: {nvidia.com/gpu: 1}}}
database: {enabled: true, resources: {limits: {memory: 1Gi}}}
"""


def test_a_part_is_of_the_chart_that_its_alias_stands_for() -> None:
    """Dependencies may have names of their own; Chart.yaml says which chart each configures."""
    chart = "dependencies:\n- {name: text-embeddings-inference, alias: reranker}\n- {name: chroma, alias: database}\n"
    files = {"stack/values.yaml": UMBRELLA, "stack/Chart.yaml": chart}
    servings = inspect(Tree({path: text.encode() for path, text in files.items()})).servings

    assert {one.container: (one.engine, one.settings["model"].value) for one in servings} == {
        "tgi": ("tgi", "org/chat"),
        "reranker": ("tei", "org/rerank"),
    }


def test_a_part_named_after_an_engine_and_its_task_is_that_engines() -> None:
    """`vllm-embeddings` runs vLLM; `vllm-router` only stands before it."""
    text = "{part}: {{enabled: true, model: org/embed, args: [--enforce-eager]}}\nother: {{}}\n"
    found = {
        part: [one.engine for one in inspect(Tree({"values.yaml": text.format(part=part).encode()})).servings]
        for part in ("vllm-embeddings", "vllm-router")
    }

    assert found == {"vllm-embeddings": ["vllm"], "vllm-router": []}


def test_several_models_to_pull_are_a_serving_without_one_model() -> None:
    """Ollama loads each that is listed; none of them is the model."""
    assert said(one("ollama: {enabled: true, models: [granite4:3b, embed:30m]}\n", "values.yaml")) == {}
    assert said(one("ollama: {enabled: true, models: [granite4:3b]}\n", "values.yaml")) == {"model": "granite4:3b"}


def test_values_may_have_a_key_that_names_a_kind() -> None:
    """A chart that makes a Deployment or a StatefulSet of the same pod is told which by `kind`."""
    text = "kind: Deployment\nimage: {repository: vllm/vllm-openai}\nconfig: {model: org/chat, max_model_len: 4096}\n"

    assert said(one(text, "chart/values.yaml")) == {"max_model_len": 4096, "model": "org/chat"}


OVERLAY = """\
reasoning:
  enabled: true
  image: {repository: registry.example/vllm-openai, tag: v0.19.1}
  model: org/chat
  maxModelLen: 8192
  resources: {limits: {nvidia.com/gpu: 2}}
"""


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (OVERLAY, 1),
        (f"apiVersion: example.com/v1\nkind: Settings\n{OVERLAY}", 0),
        (f"services: {{}}\n{OVERLAY}", 0),
        (OVERLAY.replace("maxModelLen", "max_model_length").replace("nvidia.com/gpu", "gpus"), 0),
    ],
)
def test_values_are_told_by_their_keys_where_their_file_has_another_name(text: str, count: int) -> None:
    """Files for one environment are called after it; objects, Compose files and catalogues are no values."""
    assert len(inspect(Tree({"env/prod.yaml": text.encode()})).servings) == count


PARTS = """\
image: {vllm: {repository: registry.example/vllm-openai, tag: v0.19.1}, status: {repository: status, tag: "2"}}
resources:
  vllm: {limits: {cpu: 4, nvidia.com/gpu: 2}}
  status: {limits: {cpu: 100m}}
compute: {gpu: {limits: {numGPUs: 10}}}
volumes: [{name: shm, emptyDir: {medium: Memory, sizeLimit: 8Gi}}]
volumeMounts: [{name: shm, mountPath: /dev/shm}]
model: {name: org/chat}
"""


def test_the_engines_own_resources_win_over_those_of_others() -> None:
    """Beside a sidecar's resources and a pool's limits the engine's container says how many GPUs it takes."""
    assert said(one(PARTS, "chart/values.yaml")) == {
        "cpu_limit": "4",
        "engine_version": "v0.19.1",
        "gpu_count": 2,
        "gpu_resource": "nvidia.com/gpu",
        "model": "org/chat",
        "shm_size": "8Gi",
    }


def test_arguments_that_name_the_model_are_enough() -> None:
    """A file of a few flags is laid over a chart; KServe's own mount names no model."""
    text = "backend:\n  vllmArgs: [--model={model}, --max-model-len=4096]\n"

    assert said(one(text.format(model="org/chat"), "values-a.yaml")) == {"max_model_len": 4096, "model": "org/chat"}
    assert inspect(Tree({"values-a.yaml": text.format(model="/mnt/models").encode()})).servings == ()


FOLLOWED = """\
image: {repository: ghcr.io/huggingface/text-generation-inference, tag: "3.3"}
tgi:
  model: org/chat
  port: 8080
  args: ["--model-id={{ .Values.tgi.model }}", "--port={{ .Values.tgi.port | quote }}", --max-total-tokens=2048]
"""


def test_a_value_that_refers_to_another_is_found_there() -> None:
    """Charts put values into values; the setting stands where its text is."""
    serving = one(FOLLOWED, "chart/values.yaml")

    assert said(serving)["model"] == "org/chat"
    assert serving.settings["model"].location.line == FOLLOWED[: FOLLOWED.index("org/chat")].count("\n") + 1


def test_what_all_parts_share_is_no_part() -> None:
    """Defaults name an engine's image and GPUs for models that are declared elsewhere."""
    text = "defaults: {image: vllm/vllm-openai:v0.19.0, resources: {limits: {nvidia.com/gpu: 1}}}\n"
    text += "models: {chat: {model: org/chat, args: [--max-model-len=4096]}}\n"

    assert one(text, "values.yaml").container == "chat"


def test_a_part_without_settings_or_an_engines_name_is_not_listed() -> None:
    """A runtime's container starts the engine; what is served stands beside it."""
    text = """\
runtime:
  container: {image: {repository: registry.example/vllm}, command: [python, -m, vllm.entrypoints.openai.api_server]}
service:
  model: {args: [--max-model-len=4096], storageUri: "oci://registry.example/chat:1", resources: {limits: {cpu: 2}}}
"""

    assert [one.container for one in inspect(Tree({"values.yaml": text.encode()})).servings] == ["model"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("vllm:\n  servingEngineSpec:\n    modelSpec: [{name: chat, modelURL: org/chat}]\n", 1),
        ("main:\n  args:\n    - --model=org/chat\n    - --max-model-len=4096\n", 1),
        ("jobs: {}\nmain:\n  args:\n    - --model=org/chat\n    - --max-model-len=4096\n", 0),
        ("- hosts: all\n  args:\n    - --model=org/chat\n    - --max-model-len=4096\n", 0),
    ],
)
def test_values_are_told_by_their_flags_too(text: str, count: int) -> None:
    """Flags of an engine in a list are values, unless the file is a pipeline's or a playbook's."""
    assert len(inspect(Tree({"examples/prod.yaml": text.encode()})).servings) == count


def test_an_engines_image_that_only_counts_tokens_serves_nothing() -> None:
    """A router's tokenizer runs the engine's image, and no model's weights."""
    text = "tokenizer:\n  image: {repository: vllm/vllm-openai-cpu, tag: v0.21.0}\n  args: [--max-model-len=4096]\n"
    text += "other:\n  image: {repository: vllm/vllm-openai, tag: v0.21.0}\n  args: [--model=org/chat]\n"

    assert [one.container for one in inspect(Tree({"values.yaml": text.encode()})).servings] == ["other"]
    inside = "router:\n  tokenizer: {image: vllm/vllm-openai-cpu:v0.21.0}\n  args: [--v=1]\n  replicas: 1\n"
    assert inspect(Tree({"values.yaml": inside.encode()})).servings == ()


@pytest.mark.parametrize(
    "text",
    [
        'ollama: {url: "http://192.0.2.1:11434/api/generate", model: "chat:14b"}\nother: {}\n',
        "ollama: {host: ollama.example, model: chat}\nother: {}\n",
    ],
)
def test_where_another_answers_nothing_is_served(text: str) -> None:
    """A client is told an engine's address and model; nothing of it runs there."""
    assert inspect(Tree({"agent/values.yaml": text.encode()})).servings == ()


ITEMS = """\
llama-cpp-engine:
  engines:
    - name: chat
      modelFile: /data/models/chat-Q4_K_M.gguf
      resources: {limits: {nvidia.com/gpu: "1"}}
      llama: {ctxSize: 8192}
"""


def test_items_below_a_part_named_after_an_engine_are_that_engines() -> None:
    """Each item of such a part's list runs the engine that the part is named after."""
    serving = one(ITEMS, "stack/values.example.yaml")

    assert (serving.container, serving.engine) == ("chat", "llama.cpp")
    assert said(serving) == {
        "gpu_count": 1,
        "gpu_resource": "nvidia.com/gpu",
        "max_model_len": 8192,
        "model": "/data/models/chat-Q4_K_M.gguf",
    }


def test_the_kind_of_gpu_beside_its_number_is_the_resource() -> None:
    """A chart that writes the resource's name itself has it under `gpu`."""
    text = "image: vllm/vllm-openai:v0.19.0\ngpu: {type: amd.com/gpu, count: 8}\nmodel: {path: org/chat}\n"

    assert said(one(text, "chat/values.yaml"))["gpu_resource"] == "amd.com/gpu"
    assert "gpu_resource" not in said(one(text.replace("amd.com/gpu", "a10g"), "chat/values.yaml"))


@pytest.mark.parametrize(("chart", "count"), [("vllm-kserve", 1), ("vllm-router", 0), ("guardrails-detector", 0)])
def test_a_chart_named_after_its_engine_needs_only_a_model(chart: str, count: int) -> None:
    """The charts that run an engine under KServe are told the model, and nothing else."""
    charts = f"helmCharts:\n- {{name: {chart}, releaseName: chat, repo: https://e.example, valuesFile: values.yaml}}\n"
    files = {"kustomization.yaml": charts, "values.yaml": "model:\n  uri: oci://e.example/models/chat:1\n"}
    found = inspect(Tree({path: text.encode() for path, text in files.items()})).servings

    assert [said(serving) for serving in found] == [{"model": "oci://e.example/models/chat:1"}] * count


def test_arguments_and_a_split_may_be_spelled_out() -> None:
    """`additionalArguments` is a list of flags, and `parallelism` has a number for each way to split."""
    text = "model: {uri: oci://e/chat}\nvllm:\n  additionalArguments: [--max-num-seqs=35]\nparallelism: {tensor: 4}\n"

    assert said(one(text, "values.yaml")) == {
        "max_num_seqs": 35,
        "model": "oci://e/chat",
        "tensor_parallel_size": 4,
    }


@pytest.mark.parametrize(("image", "count"), [("llm-d-inference-sim", 0), ("chat", 1)])
def test_a_chart_of_a_simulator_serves_no_model(image: str, count: int) -> None:
    """It takes the same words, and perhaps an engine beside it that cuts prompts into tokens."""
    text = (
        f"image: {{repository: ghcr.io/acme/{image}, tag: v1}}\n"
        "vllmRender: {image: 'vllm/vllm-openai-cpu:v0.21.0'}\nconfig: {model: org/chat, maxModelLen: 4096}\n"
    )

    assert len(inspect(Tree({"values.yaml": text.encode()})).servings) == count
