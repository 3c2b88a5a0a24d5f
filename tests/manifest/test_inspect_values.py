from __future__ import annotations

import pytest

from tests.manifest.samples import one, said
from trimtab.manifest import Tree, inspect

STACK = """\
servingEngineSpec:
  runtimeClassName: nvidia
  modelSpec:
  - name: "llama"
    repository: "vllm/vllm-openai"
    tag: "v0.11.0"
    modelURL: "meta-llama/Llama-3.1-8B-Instruct"
    replicaCount: 2
    requestCPU: 10
    requestGPU: 1
    vllmConfig:
      maxModelLen: 16384
      enablePrefixCaching: false
      extraArgs: ["--gpu-memory-utilization", "0.8"]
  - name: mistral
    modelURL: mistralai/Mistral-7B-Instruct-v0.3
    requestGPU: 2
"""
OWN = """\
replicaCount: 1
image: {repository: vllm/vllm-openai, tag: v0.10.0}
model:
  name: Qwen/Qwen3-8B
  maxModelLen: "16384"
server:
  extraArgs:
  - --gpu-memory-utilization=0.9
resources:
  limits:
    nvidia.com/gpu: 1
nodeSelector: {nvidia.com/gpu.product: NVIDIA-L40S}
autoscaling: {enabled: false, minReplicas: 1, maxReplicas: 9}
"""
APP_TEMPLATE = """\
controllers:
  chat:
    replicas: 1
    pod: {nodeSelector: {nvidia.com/gpu.product: NVIDIA-L40S}}
    containers:
      app:
        image: {repository: vllm/vllm-openai, tag: v0.10.0}
        args: [--model, org/m, --max-model-len, "8192"]
        env: {TZ: UTC}
        resources: {limits: {nvidia.com/gpu: 1}}
  web:
    containers: {app: {image: {repository: nginx, tag: "1"}}}
"""
APP_TEMPLATE_SAID = {
    "engine_version": "v0.10.0",
    "gpu_count": 1,
    "gpu_product": "NVIDIA-L40S",
    "gpu_resource": "nvidia.com/gpu",
    "max_model_len": 8192,
    "model": "org/m",
    "replicas": 1,
}


def indented(text: str, by: int) -> str:
    """Return lines moved to the right."""
    return "".join(f"{' ' * by}{line}\n" for line in text.splitlines())


def test_each_model_of_the_production_stack_is_a_serving() -> None:
    """Items of `modelSpec` are servings by their names, with typed keys and flags of `extraArgs` together."""
    servings = inspect(Tree({"values.yaml": STACK.encode()})).servings

    assert [serving.subject for serving in servings] == ["values.yaml#//llama/llama", "values.yaml#//mistral/mistral"]
    assert said(servings[0]) == {
        "cpu_request": "10",
        "enable_prefix_caching": False,
        "engine_version": "v0.11.0",
        "gpu_count": 1,
        "gpu_memory_utilization": 0.8,
        "max_model_len": 16384,
        "model": "meta-llama/Llama-3.1-8B-Instruct",
        "replicas": 2,
        "runtime_class": "nvidia",
    }


def test_an_engines_own_image_in_a_container_of_values_is_enough() -> None:
    """What it loads may stand in a file that the chart mounts; its replicas and memory are the controller's."""
    text = """\
controllers:
  chat:
    replicas: 2
    containers:
      app:
        image: {repository: ghcr.io/ggml-org/llama.cpp, tag: server-b9049}
        args: [--models-preset, /config/presets.ini]
        resources: {requests: {memory: 512Mi}}
"""

    wanted = {"engine_version": "server-b9049", "memory_request": "512Mi", "replicas": 2}
    assert said(one(text, "values.yaml")) == wanted


def test_values_of_any_chart_are_read_by_their_words() -> None:
    """A chart of one's own: keys that name a setting, lists of flags, resources and selectors."""
    serving = one(OWN, "charts/chat/values.yaml")

    assert serving.wrapper == "helm-values"
    assert (serving.kind, serving.name) == ("", "chat")
    assert said(serving) == {
        "engine_version": "v0.10.0",
        "gpu_count": 1,
        "gpu_memory_utilization": 0.9,
        "gpu_product": "NVIDIA-L40S",
        "gpu_resource": "nvidia.com/gpu",
        "max_model_len": 16384,
        "model": "Qwen/Qwen3-8B",
        "replicas": 1,
    }
    assert serving.settings["max_model_len"].raw == "16384"


def test_an_autoscaler_of_the_chart_owns_the_count() -> None:
    """Where the chart's autoscaling is on, its limits are the settings."""
    serving = one(OWN.replace("enabled: false", "enabled: true"), "values.yaml")

    assert (serving.settings["min_replicas"].value, serving.settings["max_replicas"].value) == (1, 9)
    assert not serving.settings["replicas"].editable


def test_charts_below_a_chart_are_servings_of_their_own() -> None:
    """An umbrella's parts and the items of a list of models are told apart by their keys."""
    text = "vllm:\n" + indented(OWN, 2) + "qdrant:\n  replicaCount: 3\n  image: {repository: qdrant/qdrant}\n"
    listed = "models:\n- name: a\n  maxModelLen: 1\n  model: o/a\n- name: b\n  maxModelLen: 2\n  model: o/b\n"

    assert one(text, "values.yaml").name == "vllm"
    assert one(text, "values.yaml").settings["replicas"].value == 1
    assert [serving.name for serving in inspect(Tree({"values.yaml": listed.encode()})).servings] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "model: gpt-4\nreplicaCount: 2\nimage: {repository: ghcr.io/berriai/litellm, tag: v1}\n",
        "replicaCount: 1\nresources: {limits: {nvidia.com/gpu: 1}}\n",
        "args: [--verbose, --port=1]\nmodel: org/m\n",
        "- a\n- b\n",
        "",
    ],
)
def test_values_of_other_charts_are_no_servings(text: str) -> None:
    """A model's name or a GPU alone makes no serving."""
    assert inspect(Tree({"values.yaml": text.encode()})).servings == ()


def test_a_helm_release_carries_its_values() -> None:
    """Flux's inline values are read in place, under the release's name and target namespace."""
    text = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: chat, namespace: flux-system}\n"
        "spec:\n  targetNamespace: llm\n  values:\n" + indented(APP_TEMPLATE, 4)
    )
    serving = one(text, "release.yaml")

    assert serving.subject == "release.yaml#HelmRelease/llm/chat/chat/app"
    assert serving.wrapper == "flux-helmrelease"
    assert said(serving) == APP_TEMPLATE_SAID


@pytest.mark.parametrize("key", ["values: |", "valuesObject:"])
def test_an_application_carries_its_values(key: str) -> None:
    """Argo CD's values are read as an object and as text, with places in the file itself."""
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: chat}\nspec:\n"
        "  destination: {namespace: llm}\n  source:\n    chart: app-template\n    helm:\n"
        f"      {key}\n" + indented(APP_TEMPLATE, 8)
    )
    serving = one(text, "app.yaml")
    place = serving.settings["max_model_len"].location

    assert (serving.wrapper, serving.namespace, serving.name) == ("argo-application", "llm", "chat")
    assert said(serving) == APP_TEMPLATE_SAID
    assert text.encode()[place.start : place.end] == b"8192"


def test_a_parameter_wins_over_the_chart_and_locks_it() -> None:
    """An Application's parameter is the setting; the same key of the chart's values is found and not editable."""
    app = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chat}
spec:
  source:
    path: charts/chat
    helm:
      parameters:
      - {name: model.maxModelLen, value: "4096"}
"""
    found = inspect(Tree({"app.yaml": app.encode(), "charts/chat/values.yaml": OWN.encode()})).servings
    by_wrapper = {serving.wrapper: serving for serving in found}

    assert by_wrapper["argo-application"].settings["max_model_len"].value == 4096
    assert by_wrapper["argo-application"].settings["max_model_len"].via == "parameter"
    assert "parameter model.maxModelLen" in by_wrapper["helm-values"].settings["max_model_len"].reason


def test_templates_of_a_chart_are_no_servings() -> None:
    """A template is not what runs, even where it happens to be YAML."""
    template = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{image: vllm/vllm-openai:v1}]}\n"
    files = {"c/Chart.yaml": b"name: c\nversion: 1.0.0\n", "c/templates/pod.yaml": template.encode()}

    assert inspect(Tree(files)).servings == ()
