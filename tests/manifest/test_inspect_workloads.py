from __future__ import annotations

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT, one, said
from trimtab.manifest import Tree, inspect


def container(body: str, kind: str = "Deployment") -> str:
    """Return an object around a container's lines."""
    lines = "\n".join(f"        {line}" for line in body.strip("\n").splitlines())
    return f"""\
apiVersion: apps/v1
kind: {kind}
metadata: {{name: m, namespace: n}}
spec:
  template:
    spec:
      containers:
      - name: c
{lines}
"""


def test_a_deployment_is_read_with_every_place() -> None:
    """Each setting has its value, its bytes, its line and how it is written."""
    serving = one(DEPLOYMENT)
    data = DEPLOYMENT.encode()

    assert serving.subject == SUBJECT
    assert (serving.engine, serving.wrapper, serving.selector_key) == ("vllm", "plain", "nvidia.com/gpu.product")
    assert said(serving) == {
        "engine_version": "v0.19.0",
        "gpu_count": 1,
        "gpu_product": "NVIDIA-H100-80GB-HBM3",
        "gpu_resource": "nvidia.com/gpu",
        "max_model_len": 8192,
        "memory_request": "32Gi",
        "model": "Qwen/Qwen2.5-7B-Instruct",
    }
    for setting in serving.settings.values():
        assert data[setting.location.start : setting.location.end].decode() == setting.raw
        assert data.count(b"\n", 0, setting.location.start) + 1 == setting.location.line
    assert {field: setting.via for field, setting in serving.settings.items()}["gpu_product"] == "selector"


def test_places_are_bytes_whatever_comes_before() -> None:
    """A byte order mark, CRLF and characters of several bytes before a value do not shift its place."""
    text = "\ufeff# café 😀\n" + DEPLOYMENT
    data = text.replace("\n", "\r\n").encode()
    setting = inspect(Tree({"chat.yaml": data})).servings[0].settings["max_model_len"]

    assert data[setting.location.start : setting.location.end] == b"8192"
    assert setting.location.line == text.split("8192")[0].count("\n") + 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("args: [--model, org/m, --max-model-len, '4096']\nimage: vllm/vllm-openai:v1", {"max_model_len": 4096}),
        ("command: [vllm, serve, org/m]\nargs: [-tp, '2']", {"model": "org/m", "tensor_parallel_size": 2}),
        ("command: [python3, -m, vllm.entrypoints.openai.api_server]\nargs: [--model=org/m]", {"model": "org/m"}),
        ("image: vllm/vllm-openai:v1\nargs: [org/m, --max_model_len=32k]", {"model": "org/m", "max_model_len": 32_000}),
        ("image: vllm/vllm-openai:v1\nargs: [--model=o/m, --max-num-seq=4]", {"max_num_seqs": 4}),
        ("image: vllm/vllm-openai:v1\nargs: [--model=o/m, --max-model-len=1, --max-model-len=2]", {"max_model_len": 2}),
        ("image: vllm/vllm-openai:v1\nargs: [--model=o/m, --enforce-eager]", {"enforce_eager": True}),
        ("image: vllm/vllm-openai:v1\nargs: [-q, awq, --no-enable-prefix-caching]", {"enable_prefix_caching": False}),
        (
            "command: [python3, -m, sglang.launch_server]\nimage: lmsysorg/sglang:v0.5\nargs: [--tp, '4']",
            {"tensor_parallel_size": 4},
        ),
        (
            "image: ghcr.io/huggingface/text-generation-inference:3\nenv: [{name: NUM_SHARD, value: '2'}]",
            {"tensor_parallel_size": 2},
        ),
        ("image: ghcr.io/ggml-org/llama.cpp:server\nargs: [-hf, o/m, -c, '-1']", {"model": "o/m", "max_model_len": -1}),
        ("image: ollama/ollama:0.12\nenv: [{name: OLLAMA_CONTEXT_LENGTH, value: '8192'}]", {"max_model_len": 8192}),
        (
            "image: nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.4",
            {"model": "meta/llama-3.1-8b-instruct", "engine_version": "1.8.4"},
        ),
        ("image: registry:5000/vllm/vllm-openai:v1@sha256:00\nargs: [--model=o/m]", {"engine_version": "v1"}),
    ],
)
def test_flags_are_read_as_the_engine_reads_them(body: str, expected: dict[str, object]) -> None:
    """Words, `=`, short forms, underscores, abbreviations, switches, repeats and variables."""
    found = said(one(container(body)))

    assert {field: found.get(field) for field in expected} == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('["vllm serve org/m --max-model-len 4096 && echo done"]', {"model": "org/m", "max_model_len": 4096}),
        ("['exec vllm serve \"org/m\" --dtype=''half'' # why']", {"model": "org/m", "dtype": "half"}),
        (
            "\n  - |\n    set -e\n    vllm serve org/m \\\n      --max-num-seqs 8 \\\n      --dtype half\n",
            {"max_num_seqs": 8},
        ),
        ("\n  - >-\n    vllm serve org/m\n    --max-num-seqs 8\n", {"max_num_seqs": 8}),
        ('\n  - "cd /x;\n    vllm serve org/m --max-num-seqs 8;"\n', {"max_num_seqs": 8}),
        ("['vllm serve org/m --max-model-len ${LEN:-2048}']", {"max_model_len": 2048}),
        ("['vllm serve $MODEL $EXTRA']", {"model": "org/from-env", "max_num_seqs": 16}),
    ],
)
def test_shell_scripts_are_read_word_by_word(script: str, expected: dict[str, object]) -> None:
    """Quotes, continued lines, folded text, comments, defaults and variables of a script."""
    env = "env: [{name: MODEL, value: org/from-env}, {name: EXTRA, value: --max-num-seqs 16}]"
    found = said(one(container(f"command: [/bin/bash, -lc]\n{env}\nargs: {script}")))

    assert {field: found.get(field) for field in expected} == expected


def test_a_variable_is_followed_to_where_its_text_stands() -> None:
    """`$(NAME)` leads to `env`, and from there to the ConfigMap that the key is in."""
    text = container(
        "image: vllm/vllm-openai:v1\n"
        "args: [--model=$(MODEL), --max-model-len=$(LEN)]\n"
        "env:\n"
        "- {name: MODEL, value: org/m}\n"
        "- name: LEN\n"
        "  valueFrom: {configMapKeyRef: {name: conf, key: LEN}}"
    )
    config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata:\n  LEN: "4096"\n'
    serving = inspect(Tree({"a/m.yaml": text.encode(), "a/conf.yaml": config.encode()})).servings[0]
    model, length = serving.settings["model"], serving.settings["max_model_len"]

    assert (model.value, model.via, model.location.path) == ("org/m", "env", "a/m.yaml")
    assert (length.value, length.via, length.location.path, length.raw) == (4096, "configmap", "a/conf.yaml", "4096")


def test_what_is_computed_elsewhere_is_found_and_not_editable() -> None:
    """A reference that nothing in the tree resolves keeps its text and says why it cannot be edited."""
    setting = one(container("image: vllm/vllm-openai:v1\nargs: [--model=o/m, --max-model-len=$(LEN)]")).settings[
        "max_model_len"
    ]

    assert (setting.value, setting.editable) == ("$(LEN)", False)
    assert "not in the tree" in setting.reason


def test_an_autoscaler_owns_the_number_of_replicas() -> None:
    """With an HPA, its limits are settings, and the count is found but not to be edited."""
    hpa = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: m, namespace: llm}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}
  minReplicas: 2
  maxReplicas: 5
"""
    text = DEPLOYMENT.replace("  # one", "  replicas: 3\n  # one")
    serving = inspect(Tree({"chat.yaml": text.encode(), "hpa.yaml": hpa.encode()})).servings[0]

    assert (serving.settings["min_replicas"].value, serving.settings["max_replicas"].value) == (2, 5)
    assert "HorizontalPodAutoscaler m" in serving.settings["replicas"].reason


@pytest.mark.parametrize(
    "text",
    [
        container("image: nginx:1"),
        container("image: vllm/vllm-openai:v1\ncommand: [sleep, infinity]"),
        container("image: lmcache/lmstack-router:latest\nargs: [--static-models, o/m]"),
        container("image: vllm/vllm-openai:v1\nargs: [--model=o/m]", kind="DaemonSet").replace(
            "apps/v1", "example.com/v1"
        ),
        "apiVersion: batch/v1\nkind: Job\nspec: {template: {spec: {containers: [{image: vllm/v}]}}}\n",
    ],
)
def test_what_only_looks_like_a_serving_is_none(text: str) -> None:
    """Other images, other commands, routers, other API groups and jobs serve no model."""
    assert inspect(Tree({"a.yaml": text.encode()})).servings == ()


def test_objects_inside_lists_and_templates_are_found() -> None:
    """Items of a `List` and objects of an OpenShift Template count like documents."""
    inner = "\n".join(f"  {line}" for line in DEPLOYMENT.splitlines()).replace("  apiVersion", "- apiVersion", 1)
    listed = f"apiVersion: v1\nkind: List\nitems:\n{inner}\n"
    template = f"apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {{name: t}}\nobjects:\n{inner}\n"

    assert said(one(listed)) == said(one(template)) == said(one(DEPLOYMENT))


def test_files_that_no_parser_takes_are_listed() -> None:
    """A broken file is said with its line; the others are still read."""
    found = inspect(Tree({"bad.yaml": b"a: b: c\n", "chat.yaml": DEPLOYMENT.encode(), "x.env": b"A=1\n"}))

    assert [(one.path, one.line) for one in found.unreadable] == [("bad.yaml", 1)]
    assert (len(found.servings), found.files_read) == (1, 2)


def test_labels_and_annotations_are_kept() -> None:
    """What users declare on the object and on its pods comes with the serving."""
    text = DEPLOYMENT.replace("  namespace: llm", "  namespace: llm\n  annotations: {trimtab.dev/intent: chat}")

    assert one(text).annotations == {"app": "chat", "trimtab.dev/intent": "chat"}


def test_a_group_of_leader_and_workers_is_one_serving() -> None:
    """A LeaderWorkerSet's leader tells the settings; the GPUs of its workers belong to it."""
    text = """\
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: big}
spec:
  replicas: 2
  leaderWorkerTemplate:
    size: 2
    leaderTemplate:
      spec:
        containers:
        - name: leader
          command: [sh, -c, "ray-start leader; vllm serve org/m --tensor-parallel-size 8"]
          resources: {limits: {nvidia.com/gpu: "8"}}
    workerTemplate:
      spec:
        containers:
        - name: worker
          command: [sh, -c, ray-start worker]
          resources: {limits: {nvidia.com/gpu: "8"}}
"""
    serving = one(text)

    assert serving.subject == "chat.yaml#LeaderWorkerSet//big/leader"
    assert said(serving) == {
        "gpu_count": 8,
        "gpu_resource": "nvidia.com/gpu",
        "model": "org/m",
        "replicas": 2,
        "tensor_parallel_size": 8,
    }
