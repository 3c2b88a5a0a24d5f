"""What a base says that several overlays share is patched in the one that is meant; kustomize itself shows it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.manifest.overlays import (
    BASE,
    MERGE,
    OVERLAY,
    PROD,
    Files,
    built,
    changed,
    files,
    patched,
    subject_in,
    tree_of,
)
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Refusal, edit, inspect


@pytest.mark.parametrize(
    ("field", "value", "gone", "new"),
    [
        ("max_model_len", 4096, ["- --max-model-len=8192"], ["- --max-model-len=4096"]),
        ("max_num_seqs", 64, ['- "32"'], ['- "64"']),
        ("enforce_eager", False, ["- --enforce-eager"], []),
        ("kv_cache_dtype", "fp8", [], ["- --kv-cache-dtype", "- fp8"]),
        ("gpu_memory_utilization", 0.8, [], ["- --gpu-memory-utilization", '- "0.8"']),
        ("replicas", 3, ["replicas: 1"], ["replicas: 3"]),
        ("engine_version", "v0.12.0", ["image: vllm/vllm-openai:v0.11.0"], ["image: vllm/vllm-openai:v0.12.0"]),
        ("memory_limit", "64Gi", ["memory: 32Gi"], ["memory: 64Gi"]),
        ("cpu_request", "4", [], ["cpu: 4"]),
        ("gpu_count", 2, ["nvidia.com/gpu: 1"] * 2, ["nvidia.com/gpu: 2"] * 2),
        ("gpu_product", "NVIDIA-L40S", ["nvidia.com/gpu.product: NVIDIA-L4"], ["nvidia.com/gpu.product: NVIDIA-L40S"]),
        ("gpu_resource", "nvidia.com/mig-1g.10gb", ["nvidia.com/gpu: 1"] * 2, ["nvidia.com/mig-1g.10gb: 1"] * 2),
        ("runtime_class", "nvidia", [], ["runtimeClassName: nvidia"]),
    ],
)
def test_a_setting_is_patched_in_one_overlay(field: str, value: Scalar, gone: list[str], new: list[str]) -> None:
    """The build of that overlay changes in the field alone, the other's not at all; and back again."""
    texts = files()
    after = patched(texts, {field: value})
    assert changed(texts, after) == (gone, new)
    old = inspect(tree_of(texts)).servings[1].settings
    if field in old and field != "enforce_eager":
        back = patched(after, {field: old[field].value})
        assert built(back, "overlays/prod") == built(texts, "overlays/prod")


def test_what_belongs_together_is_one_patch() -> None:
    """Several settings of one edit are operations of one patch, each argument tested before it is replaced."""
    after = patched(files(), {"tensor_parallel_size": 2, "gpu_count": 2, "max_model_len": 4096})
    assert (
        after[PROD]
        == OVERLAY.replace("NAME", "prod")
        + """\
patches:
- target:
    kind: Deployment
    name: chat
  patch: |-
    - op: test
      path: /spec/template/spec/containers/1/name
      value: server
    - op: test
      path: /spec/template/spec/containers/1/args/1
      value: --max-model-len=8192
    - op: replace
      path: /spec/template/spec/containers/1/args/1
      value: --max-model-len=4096
    - op: add
      path: /spec/template/spec/containers/1/args/-
      value: --tensor-parallel-size
    - op: add
      path: /spec/template/spec/containers/1/args/-
      value: "2"
    - op: replace
      path: /spec/template/spec/containers/1/resources/limits/nvidia.com~1gpu
      value: 2
    - op: replace
      path: /spec/template/spec/containers/1/resources/requests/nvidia.com~1gpu
      value: 2
"""
    )
    moved = {**after, "base/app.yaml": BASE.replace("[--model=org/m, ", "[--enforce-eager, --model=org/m, ")}
    assert built(moved, "overlays/prod") == ()


def test_what_is_patched_is_found_in_the_patch_and_edited_there() -> None:
    """A setting of a shared base is editable; once it is patched, it stands in the patch and changes in place."""
    texts = files()
    before, after = (inspect(tree_of(one)).servings[1].settings for one in (texts, patched(texts, {"gpu_count": 2})))
    assert (before["gpu_count"].editable, before["gpu_count"].location.path) == (True, "base/app.yaml")
    assert (after["gpu_count"].editable, after["gpu_count"].location.path) == (True, PROD)
    twice = patched(patched(texts, {"gpu_count": 2}), {"gpu_count": 4})
    assert twice[PROD] == patched(texts, {"gpu_count": 4})[PROD]


NESTED = {
    "region/kustomization.yaml": "resources: [../base]\nnameSuffix: -eu\n",
    "overlays/dev/kustomization.yaml": "resources: [../../base]\n",
    "overlays/prod/kustomization.yaml": "resources: [../../region]\n",
}
GATHERED = {
    "overlays/kustomization.yaml": "resources: [dev, prod, other]\n",
    "overlays/other/kustomization.yaml": "resources: [a.yaml]\n",
    "overlays/other/a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 1}]}\n",
}
COMPONENT = {
    "high/kustomization.yaml": "kind: Component\npatches:\n- path: p.yaml\n",
    "high/p.yaml": MERGE.replace("env: [{name: A, value: b}]", "resources: {limits: {memory: 48Gi}}"),
    **{
        f"overlays/{one}/kustomization.yaml": f"resources: [../../base]\nnamePrefix: {one}-\ncomponents: [../../high]\n"
        for one in ("dev", "prod")
    },
}


@pytest.mark.parametrize(
    ("more", "folder", "place"),
    [
        (NESTED, "overlays/prod", PROD),
        (GATHERED, "overlays", PROD),
        (COMPONENT, "overlays/prod", PROD),
    ],
    ids=["a region between", "a folder that gathers overlays", "a component of both"],
)
def test_the_outermost_kustomization_of_its_own_is_patched(more: Files, folder: str, place: str) -> None:
    """Not the one that others go through: a region's base, a folder that brings many together, a component."""
    texts = files() | dict(more)
    subjects = [one.subject for one in inspect(tree_of(texts)).servings if one.path.startswith(folder)]
    result = edit(tree_of(texts), subjects[-1], {"memory_limit": "64Gi", "max_model_len": 4096})
    assert isinstance(result, EditResult), result
    assert list(result.files) == [place]
    after = {**texts, place: result.files[place].decode()}
    gone, new = changed(texts, after)
    assert (len(gone), new) == (2, ["- --max-model-len=4096", "memory: 64Gi"])


def test_a_custom_resource_and_its_runtime_are_patched_each() -> None:
    """Lists of a custom resource have no keys to merge by; the setting of a runtime is the runtime's."""
    base = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: chat}
spec:
  predictor:
    model:
      modelFormat: {name: vLLM}
      runtime: rt
      resources: {limits: {nvidia.com/gpu: "1"}}
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: {name: rt}
spec:
  supportedModelFormats: [{name: vLLM}]
  containers:
  - name: kserve-container
    image: vllm/vllm-openai:v0.11.0
    args: [--model=/mnt/models, --max-model-len=8192]
"""
    texts = files(base=base)
    after = patched(texts, {"max_model_len": 4096, "gpu_count": 2})
    assert changed(texts, after) == (
        ["- --max-model-len=8192", 'nvidia.com/gpu: "1"'],
        ["- --max-model-len=4096", 'nvidia.com/gpu: "2"'],
    )


def test_a_script_is_patched_as_a_whole() -> None:
    """The text of a script is one value, tested before it is replaced, its last line break kept."""
    command = "exec vllm serve org/m \\\n            --max-model-len 8192\n"
    script = f"command: [sh, -c]\n        args:\n        - |\n          {command}"
    start, end = BASE.index("args: ["), BASE.index("        resources:")
    texts = files(base=BASE[:start] + script + BASE[end:])
    after = patched(texts, {"max_model_len": 4096})
    assert changed(texts, after) == (["--max-model-len 8192"], ["--max-model-len 4096"])
    moved = {**after, "base/app.yaml": after["base/app.yaml"].replace("exec ", "exec nice ")}
    assert built(moved, "overlays/prod") == ()


@pytest.mark.parametrize(
    ("texts", "wanted", "reason"),
    [
        (files("# Code generated by a tool. DO NOT EDIT.\n" + OVERLAY), {"max_model_len": 4096}, "generated"),
        (files(base=BASE.replace("32Gi}", "32Gi} # do not change")), {"memory_limit": "64Gi"}, "a comment says"),
        (
            files(
                base=BASE.replace("--max-model-len=8192", "--config=/etc/c/c.yaml").replace(
                    "        resources:",
                    "        volumeMounts: [{name: c, mountPath: /etc/c}]\n        resources:",
                )
                + "      volumes: [{name: c, configMap: {name: cfg}}]\n",
                kustomization="resources: [app.yaml]\nconfigMapGenerator: [{name: cfg, files: [c.yaml]}]\n",
            )
            | {"base/c.yaml": "max-model-len: 8192\n"},
            {"max_model_len": 4096},
            "no patch can say otherwise",
        ),
        (
            files(
                OVERLAY + "generatorOptions: {disableNameSuffixHash: true}\n",
                BASE.replace("=8192", "=$(LEN)").replace(
                    "        resources:", "        envFrom: [{configMapRef: {name: cfg}}]\n        resources:"
                ),
                "resources: [app.yaml]\nconfigMapGenerator: [{name: cfg, literals: [LEN=8192]}]\n",
            ),
            {"max_model_len": 4096},
            "`generatorOptions` would change more of cfg",
        ),
    ],
    ids=["a generated overlay", "a comment in the base", "a file of the base", "options of all generators"],
)
def test_what_an_overlay_cannot_say_is_refused(texts: Files, wanted: Mapping[str, Scalar], reason: str) -> None:
    """The reason says why."""
    result = edit(tree_of(texts), subject_in(texts), wanted)
    assert isinstance(result, Refusal)
    assert reason in result.reason
