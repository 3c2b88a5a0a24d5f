"""How a container starts its engine: through a script, a program of its own, or an image like an engine's."""

from __future__ import annotations

import pytest

from tests.manifest.samples import edited, one, said
from trimtab.manifest import Tree, inspect
from trimtab.manifest.engines import engine_of_image

SCRIPTED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat}
spec:
  template:
    spec:
      containers:
      - name: server
        image: vllm/vllm-openai:v0.19.0
        command: [/bin/sh, -c, 'pip install extras && exec python3 -m vllm.entrypoints.openai.api_server "$@"', sh]
        args:
        - --model=$(MODEL_ID)
        - --max-model-len=8192
        env:
        - {name: MODEL_ID, value: org/chat}
"""


def test_a_script_hands_its_arguments_on() -> None:
    """What a script starts with `"$@"` is told by the words after the script; new flags go to their list."""
    subject = "chat.yaml#Deployment//chat/server"

    assert said(one(SCRIPTED))["model"] == "org/chat"
    assert "--max-model-len=4096\n" in edited(SCRIPTED, subject, max_model_len=4096)
    assert "        - --max-num-seqs=8\n        env" in edited(SCRIPTED, subject, max_num_seqs=8)


WRAPPED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat}
spec:
  template:
    spec:
      containers:
      - name: server
        image: registry.example/team/vllm-neuron:v8
        command: [/usr/local/bin/run.sh]
        env:
        - {name: MODEL, value: /checkpoints/chat}
        - {name: MAX_MODEL_LEN, value: "8192"}
"""


@pytest.mark.parametrize("text", [WRAPPED, WRAPPED.replace("name: MAX", "name: VLLM_MAX")])
def test_a_program_around_the_engine_is_told_by_its_variables(text: str) -> None:
    """A program of the image's own is no model, and the variables it is given are the settings."""
    assert said(one(text)) == {"engine_version": "v8", "max_model_len": 8192, "model": "/checkpoints/chat"}
    flagged = text.replace("[/usr/local/bin/run.sh]", "[vllm, serve, org/chat]")
    assert said(one(flagged)) == {"engine_version": "v8", "model": "org/chat"}


@pytest.mark.parametrize(
    ("image", "engine"),
    [
        ("nvcr.io/nvidia/tritonserver:24.12-py3", "triton"),
        ("nvcr.io/nvidia/tritonserver:24.12-py3-sdk", ""),
        ("registry.example/team/gradio-search-vllm-openai:latest", ""),
        ("registry.example/team/ollama-ubi9:0.2.8", "ollama"),
        ("registry.example/team/ollama-sycl-server:0.32", "ollama"),
        ("registry.example/team/ollama-exporter:1", ""),
        ("registry.example/llamastack/distribution-remote-vllm:0.1.0", ""),
    ],
)
def test_an_image_is_an_engines_or_its_clients(image: str, engine: str) -> None:
    """A client's image carries the engine's name too; packagings of an engine add their base to it."""
    assert engine_of_image(image) == engine


@pytest.mark.parametrize(
    "command",
    [
        "[sleep, infinity]",
        "[/bin/sh, -c, 'trap : TERM; sleep infinity & wait']",
        "[tail, -f, /dev/null]",
        "[python3, serve.py]",
    ],
)
def test_a_container_that_only_waits_serves_nothing(command: str) -> None:
    """People work inside such containers; a program that is not known may well serve with its GPUs."""
    body = WRAPPED.replace("[/usr/local/bin/run.sh]", command).split("        env:", maxsplit=1)[0]
    text = body + "        resources: {limits: {nvidia.com/gpu: 1}}\n"

    assert len(inspect(Tree({"chat.yaml": text.encode()})).servings) == ("serve.py" in command)


def test_a_module_that_python_runs_is_no_model() -> None:
    """`-m` before it belongs to Python; flags after it are the engine's where the image is."""
    command = "command: [python3, -m, uvicorn, app:main, --ctx-size, '4096']"
    text = PLAIN.format(image="registry.example/llama.cpp:server", rest=f"{command}\n        resources: {GPU}")

    assert said(one(text)) == {"engine_version": "server", "gpu_count": 1, "gpu_resource": "nvidia.com/gpu"} | {
        "max_model_len": 4096
    }


GPU = "{limits: {nvidia.com/gpu: 1}}"
PLAIN = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: chat}}
spec:
  template:
    spec:
      containers:
      - name: server
        image: {image}
        {rest}
"""


@pytest.mark.parametrize(
    ("args", "engine"),
    [
        ('[-m, /models/chat.Q4_K_M.gguf, -c, "4096"]', "llama.cpp"),
        ('[--model-path, org/chat, --mem-fraction-static, "0.8", --served-model-name, chat]', "sglang"),
        ('[--model-id, org/chat, --num-shard, "2"]', "tgi"),
    ],
)
def test_flags_name_the_engine_of_an_image_that_does_not(args: str, engine: str) -> None:
    """People rename images; flags that only one engine has still tell it."""
    assert one(PLAIN.format(image="registry.example/team/runtime:1.0", rest=f"args: {args}")).engine == engine


@pytest.mark.parametrize(
    ("image", "variable", "engine"),
    [
        ("registry.example/team/runtime:1.0", "OLLAMA_NUM_PARALLEL", "ollama"),
        ("registry.example/team/runtime:1.0", "LLAMA_ARG_CTX_SIZE", "llama.cpp"),
        ("registry.example/team/open-webui:ollama", "OLLAMA_NUM_PARALLEL", ""),
        ("registry.example/team/runtime:1.0", "OLLAMA_HOST", ""),
    ],
)
def test_variables_name_the_engine_of_an_image_that_does_not(image: str, variable: str, engine: str) -> None:
    """What only an engine's server reads tells it; where the engine answers is told to its clients too."""
    text = PLAIN.format(image=image, rest=f"env: [{{name: {variable}, value: '2'}}]")

    assert [found.engine for found in inspect(Tree({"chat.yaml": text.encode()})).servings] == [engine] * bool(engine)


@pytest.mark.parametrize(
    ("image", "rest", "count"),
    [
        ("registry.example/vllm-optimizer-backend:dev", "resources: {limits: {cpu: 1}}", 0),
        ("registry.example/vllm-chat-bot:dev", "resources: {limits: {cpu: 1}}", 0),
        ("registry.example/vllm-chat-bot:dev", "resources: {limits: {nvidia.com/gpu: 1}}", 1),
        ("registry.example/vllm-chat-bot:dev", "args: [--max-model-len=8192]", 1),
        ("registry.example/vllm-openai-rocm:dev", "resources: {limits: {cpu: 1}}", 1),
    ],
)
def test_an_image_around_an_engine_serves_only_with_gpus_or_flags(image: str, rest: str, count: int) -> None:
    """Programs that watch or call an engine carry its name; they run without GPUs and without its flags."""
    assert len(inspect(Tree({"chat.yaml": PLAIN.format(image=image, rest=rest).encode()})).servings) == count


@pytest.mark.parametrize(("image", "version"), [("nvidia/cuda:12.4.1-devel", ""), ("vllm/vllm-openai:v0.9", "v0.9")])
def test_a_base_images_tag_is_no_version_of_an_engine(image: str, version: str) -> None:
    """What an engine is installed on when it starts says nothing of the engine's release."""
    serving = one(PLAIN.format(image=image, rest="command: [vllm, serve, org/chat]"))

    assert said(serving) == ({"model": "org/chat", "engine_version": version} if version else {"model": "org/chat"})


ALIASED = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: &app ollama}
spec:
  chartRef: {kind: OCIRepository, name: app-template}
  values:
    controllers:
      *app :
        replicas: 1
        containers:
          *app :
            image: {repository: ollama/ollama, tag: 0.12.3}
"""


def test_an_alias_stands_for_a_key() -> None:
    """A name that is written once is used for controllers and containers too."""
    serving = one(ALIASED)

    assert (serving.container, said(serving)) == ("ollama", {"engine_version": "0.12.3", "replicas": 1})


def test_below_an_alias_for_a_key_values_are_edited_in_place() -> None:
    """The alias stays as it is; only the value changes, and what is added stands in its column."""
    after = edited(ALIASED, "chat.yaml#HelmRelease//ollama/ollama", replicas=2, max_model_len=8192)

    assert after.count("*app :") == ALIASED.count("*app :")
    assert "        replicas: 2\n" in after
    assert said(one(after))["max_model_len"] == 8192


@pytest.mark.parametrize(("name", "count"), [("chat-benchmark", 0), ("bench-1", 0), ("chat", 1), ("workbench", 1)])
def test_a_job_that_measures_a_server_is_no_serving(name: str, count: int) -> None:
    """Such a job starts a server only to measure it; its name says so."""
    job = PLAIN.replace("apps/v1", "batch/v1").replace("Deployment", "Job").replace("chat}}", f"{name}}}}}")
    text = job.format(image="vllm/vllm-openai:v0.9", rest="command: [vllm, serve, org/chat]")

    assert len(inspect(Tree({"chat.yaml": text.encode()})).servings) == count
