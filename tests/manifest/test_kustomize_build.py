"""What `inspect` says of an overlay is what `kustomize build` makes of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.tools import tool
from trimtab.fleet import Scalar, Serving
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect

CHAT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, labels: {tier: gpu}}
spec:
  replicas: 1
  template:
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-L4}
      containers:
      - name: proxy
        image: envoy:v1
      - name: server
        image: server
        command: [vllm, serve, org/m]
        args: [--max-model-len=8192, --enforce-eager, --max-num-seqs=8]
        env: [{name: VLLM_USE_V1, value: "1"}]
        resources: {limits: {nvidia.com/gpu: "1"}, requests: {cpu: "2", memory: 8Gi}}
"""
SERVICE = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: chat}
spec:
  predictor:
    minReplicas: 1
    containers:
    - name: kserve-container
      image: vllm/vllm-openai:v0.11.0
      args: [--model=org/m, --max-model-len=8192]
      resources: {limits: {nvidia.com/gpu: "1"}}
"""
JSON_PATCH = """\
patches:
- target: {group: apps, version: v1, kind: Deployment, name: ch.*, labelSelector: "tier=gpu,!old"}
  patch: |
    - {op: test, path: /spec/replicas, value: 1}
    - {op: replace, path: /spec/replicas, value: 3}
    - {op: add, path: /spec/template/spec/containers/1/args/-, value: --kv-cache-dtype=fp8}
    - {op: replace, path: /spec/template/spec/containers/1/args/0, value: --max-model-len=4096}
    - {op: remove, path: /spec/template/spec/containers/1/args/1}
    - {op: replace, path: /spec/template/spec/containers/1/resources/limits/nvidia.com~1gpu, value: "2"}
    - {op: add, path: /spec/template/spec/containers/1/resources/limits/cpu, value: "8"}
    - {op: remove, path: /spec/template/spec/containers/1/resources/requests/memory}
    - {op: add, path: /spec/template/spec/runtimeClassName, value: nvidia}
    - {op: move, from: /spec/template/spec/containers/0, path: /spec/template/spec/containers/1}
    - {op: replace, path: /spec/template/spec/containers/0/command/2, value: org/n}
"""
MERGE_THEN_JSON = """\
patches:
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
    spec:
      template:
        spec:
          nodeSelector: {nvidia.com/gpu.product: NVIDIA-L40S}
          containers:
          - {name: server, resources: {requests: {cpu: "6", memory: null}}}
          - {name: proxy, $patch: delete}
- target: {kind: Deployment}
  patch: |
    - {op: add, path: /spec/template/spec/containers/0/args/-, value: --dtype=half}
"""
REPLACED = """\
configMapGenerator:
- name: facts
  literals: [COUNT=2, MODEL=org/other, REPLICAS=4]
replacements:
- source: {kind: ConfigMap, name: facts, fieldPath: data.COUNT}
  targets:
  - select: {kind: Deployment}
    reject: [{name: nobody}]
    fieldPaths:
    - "spec.template.spec.containers.[name=server].resources.limits.[nvidia.com/gpu]"
- source: {kind: ConfigMap, name: facts, fieldPath: data.MODEL}
  targets:
  - select: {kind: Deployment}
    fieldPaths: ["spec.template.spec.containers.1.command.2"]
- source:
    kind: Deployment
    name: chat
    fieldPath: spec.template.spec.containers.0.image
    options: {delimiter: ":", index: 1}
  targets:
  - select: {kind: Deployment}
    options: {create: true}
    fieldPaths: [spec.template.spec.priorityClassName]
"""
IMAGES = """\
images:
- {name: server, newName: vllm/vllm-openai, newTag: v0.11.0}
- {name: envoy, newTag: v2}
replicas: [{name: chat, count: 5}]
"""
WHOLE_LISTS = """\
patches:
- patch: |
    apiVersion: serving.kserve.io/v1beta1
    kind: InferenceService
    metadata: {name: chat}
    spec:
      predictor:
        maxReplicas: 4
        containers:
        - name: kserve-container
          image: vllm/vllm-openai:v0.12.0
          args: [--model=org/n]
"""
DELETED = """\
patches:
- patch: |
    $patch: delete
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
"""
CASES = {
    "json-patch": (CHAT, JSON_PATCH),
    "merge-then-json": (CHAT, MERGE_THEN_JSON),
    "replacements": (CHAT, REPLACED),
    "images-and-replicas": (CHAT, IMAGES),
    "lists-of-custom-resources": (SERVICE, WHOLE_LISTS),
    "deleted": (CHAT, DELETED),
    "not-selected": (CHAT, JSON_PATCH.replace("tier=gpu", "tier!=gpu")),
}


def files(base: str, overlay: str) -> dict[str, bytes]:
    """Return a base and the overlay that builds on it."""
    return {
        "base/kustomization.yaml": b"resources: [chat.yaml]\nnamespace: llm\n",
        "base/chat.yaml": base.encode(),
        "over/kustomization.yaml": f"resources: [../base]\nnamePrefix: eu-\n{overlay}".encode(),
    }


def told(serving: Serving) -> tuple[tuple[str, str, str, str], dict[str, Scalar]]:
    """Return whom a serving's settings are of, and what they say."""
    values = {field: setting.value for field, setting in serving.settings.items()}
    return (serving.kind, serving.namespace, serving.name, serving.container), values


@pytest.mark.parametrize("case", CASES)
def test_an_overlay_says_what_it_builds(case: str, tmp_path: Path) -> None:
    """Every setting of every object reads as it does in the output of the real tool."""
    made = files(*CASES[case])
    for path, data in made.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    built = subprocess.run([tool("kustomize"), "build", tmp_path / "over"], check=True, capture_output=True)

    expected = [told(serving) for serving in inspect(Tree({"built.yaml": built.stdout})).servings]
    assert [told(serving) for serving in inspect(Tree(made)).servings] == expected
    assert bool(expected) == (case != "deleted")


def test_an_operation_of_a_patch_is_edited_where_it_stands() -> None:
    """What a JSON patch puts in is changed in the patch; what it leaves alone, in the base."""
    tree = Tree(files(CHAT, JSON_PATCH))
    subject = inspect(tree).servings[0].subject
    result = edit(tree, subject, {"max_model_len": 2048, "gpu_count": 4, "max_num_seqs": 16, "kv_cache_dtype": "auto"})

    assert isinstance(result, EditResult)
    patched = result.files["over/kustomization.yaml"].decode()
    assert (
        patched
        == files(
            CHAT,
            JSON_PATCH.replace("len=4096", "len=2048")
            .replace('gpu, value: "2"', 'gpu, value: "4"')
            .replace("=fp8", "=auto"),
        )["over/kustomization.yaml"].decode()
    )
    assert result.files["base/chat.yaml"].decode() == CHAT.replace("seqs=8", "seqs=16")


def test_a_key_that_a_patch_finds_its_value_by_keeps_its_name() -> None:
    """Renaming the resource in the base would leave the patch without its place, so it is refused."""
    tree = Tree(files(CHAT, JSON_PATCH))
    result = edit(tree, inspect(tree).servings[0].subject, {"gpu_resource": "nvidia.com/mig-1g.10gb"})

    assert isinstance(result, Refusal)


def test_a_part_of_a_copied_value_is_not_edited() -> None:
    """A value that a replacement cuts out of another field is found, and says where to edit instead."""
    tree = Tree(files(CHAT, REPLACED))
    setting = inspect(tree).servings[0].settings["priority_class"]

    assert (setting.value, setting.editable) == ("v1", False)
    assert "base/chat.yaml:11" in setting.reason


def test_a_copied_value_is_found_where_it_stands() -> None:
    """A literal of a generator that a replacement copies is the place of the setting, and is not changed for one."""
    setting = inspect(Tree(files(CHAT, REPLACED))).servings[0].settings["gpu_count"]

    assert (setting.location.path, setting.raw, setting.editable) == ("over/kustomization.yaml", "2", False)
    assert "COUNT in over/kustomization.yaml" in setting.reason
