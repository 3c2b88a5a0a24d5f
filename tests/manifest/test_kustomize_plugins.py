"""What transformers, generators, configurations and schemas of a kustomization make is what `inspect` says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.manifest.samples import said
from tests.tools import tool
from trimtab.fleet import Scalar, Serving
from trimtab.manifest import EditResult, Tree, edit, inspect

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
      - name: server
        image: vllm/vllm-openai:v0.10.0
        args: [--model=org/m, --max-model-len=$(LEN)]
        env:
        - name: LEN
          valueFrom: {configMapKeyRef: {name: facts, key: LEN}}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: talk}
spec:
  predictor:
    minReplicas: 1
    containers:
    - name: kserve-container
      image: vllm/vllm-openai:v0.11.0
      args: [--model=org/n]
      resources: {limits: {nvidia.com/gpu: "1"}}
"""
BASE = {
    "base/kustomization.yaml": "resources: [chat.yaml]\ngenerators: [facts.yaml]\n",
    "base/chat.yaml": CHAT,
    "base/facts.yaml": """\
apiVersion: builtin
kind: ConfigMapGenerator
metadata: {name: facts}
literals: [LEN=8192, MODEL=org/f]
""",
}
MERGE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat}
spec: {replicas: 3, template: {spec: {containers: [{name: server, image: "vllm/vllm-openai:v0.13.0"}]}}}
"""
SCHEMA = """\
{"definitions": {"v1beta1.InferenceService": {
  "properties": {"spec": {"properties": {"predictor": {"properties": {"containers": {"type": "array",
    "items": {"type": "object"}, "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge"}}}}}},
  "x-kubernetes-group-version-kind": [{"group": "serving.kserve.io", "kind": "InferenceService", "version": "v1beta1"}]
}}}
"""


def transformer(kind: str, says: str) -> str:
    """Return a transformer's configuration."""
    return f"apiVersion: builtin\nkind: {kind}\nmetadata: {{name: more}}\n{says}"


def one(kind: str, says: str, fields: str = "") -> dict[str, str]:
    """Return an overlay with one transformer, in a file of its own."""
    return {
        "top/kustomization.yaml": f"resources: [../base]\n{fields}transformers: [more.yaml]\n",
        "top/more.yaml": transformer(kind, says),
    }


def top(fields: str, **others: str) -> dict[str, str]:
    """Return an overlay with more fields, and files beside it."""
    beside = {f"top/{name}.yaml": text for name, text in others.items()}
    return {"top/kustomization.yaml": f"resources: [../base]\n{fields}", **beside}


INDENTED = "".join(f"  {line}\n" for line in MERGE.splitlines())
CASES = {
    "a patch comes after the images and replicas of its kustomization": one(
        "PatchTransformer",
        f"patch: |\n{INDENTED}",
        "images: [{name: vllm/vllm-openai, newTag: v0.12.0}]\nreplicas: [{name: chat, count: 5}]\n",
    ),
    "patches in one text": one("PatchStrategicMergeTransformer", f"patches: |\n{INDENTED}  ---\n{INDENTED}"),
    "operations of an older kind": one(
        "PatchJson6902Transformer",
        "target: {group: apps, version: v1, kind: Deployment, name: chat}\n"
        'jsonOp: \'[{"op": "replace", "path": "/spec/replicas", "value": 4}]\'\n',
    ),
    "replicas where its fields say": one(
        "ReplicaCountTransformer",
        "replica: {name: chat, count: 6}\nfieldSpecs: [{path: spec/replicas, create: true}]\n",
    ),
    "an image": one("ImageTagTransformer", "imageTag: {name: vllm/vllm-openai, newTag: v0.14.0}\n"),
    "a namespace": one("NamespaceTransformer", "fieldSpecs: [{path: metadata/namespace, create: true}]\n").copy()
    | {"top/more.yaml": "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: n, namespace: prod}\n"},
    "a prefix": one("PrefixTransformer", "prefix: big-\nfieldSpecs: [{path: metadata/name}]\n"),
    "labels that a later patch is for": one(
        "LabelTransformer",
        "labels: {a: b}\nfieldSpecs: [{path: metadata/labels, create: true, kind: Deployment}]\n---\n"
        + transformer("PatchTransformer", f"target: {{labelSelector: a=b}}\npatch: |\n{INDENTED}"),
    ),
    "a folder of transformers": top("transformers: [../more]\n")
    | {"more/kustomization.yaml": "resources: [p.yaml]\n"}
    | {"more/p.yaml": transformer("PatchTransformer", f"patch: |\n{INDENTED}")},
    "one in place": top(
        "transformers:\n- |\n"
        + "".join(f"  {line}\n" for line in transformer("PatchTransformer", f"patch: |\n{INDENTED}").splitlines())
    ),
    "a patch over what is generated": top(
        "patches:\n- patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: facts}, data: {LEN: \"4096\"}}'\n"
    ),
    "an operation over what is generated": top(
        "patches:\n- target: {kind: ConfigMap}\n  patch: |\n    - {op: replace, path: /data/LEN, value: '2048'}\n"
    ),
    "merged over a generator of a file": top(
        "configMapGenerator: [{name: facts, behavior: merge, literals: [LEN=1]}]\n"
    ),
    "replicas of a custom resource": top(
        "replicas: [{name: talk, count: 4}]\nconfigurations: [more.yaml]\n",
        more="replicas: [{path: spec/predictor/minReplicas, kind: InferenceService}]\n",
    ),
    "annotations that choose a node": top(
        "commonAnnotations: {nvidia.com/gpu.product: NVIDIA-T4}\nconfigurations: [more.yaml]\n",
        more="commonAnnotations: [{path: spec/template/spec/nodeSelector, kind: Deployment, create: true}]\n",
    ),
    "labels in fields of their own": top(
        "labels:\n- pairs: {nvidia.com/gpu.product: NVIDIA-T4}\n"
        "  fields: [{path: spec/template/spec/nodeSelector, kind: Deployment}]\n"
    ),
    "a name that a patch may change": top(
        "patches:\n- target: {kind: Deployment}\n  options: {allowNameChange: true}\n  patch: |\n"
        + "".join(f"  {line}\n" for line in INDENTED.replace("{name: chat}", "{name: other}").splitlines())
    ),
    "a name by an operation": top(
        "patches:\n- target: {kind: Deployment}\n  patch: |\n    - {op: replace, path: /metadata/name, value: other}\n"
    ),
    "another kind": top(
        "patches:\n- target: {kind: Deployment}\n  options: {allowKindChange: true}\n  patch: |\n"
        "    - {op: replace, path: /kind, value: StatefulSet}\n"
    ),
    "a list merged by a schema": top(
        "openapi: {path: more.yaml}\npatches:\n- patch: |\n    apiVersion: serving.kserve.io/v1beta1\n"
        "    kind: InferenceService\n    metadata: {name: talk}\n    spec: {predictor: {containers: "
        '[{name: kserve-container, resources: {limits: {nvidia.com/gpu: "2"}}}]}}\n',
        more=SCHEMA,
    ),
    "a part of an argument that is copied": top(
        "replacements:\n- source: {kind: Deployment, fieldPath: metadata.labels.tier}\n  targets:\n"
        "  - select: {kind: Deployment}\n    fieldPaths: [spec.template.spec.containers.0.args.0]\n"
        "    options: {delimiter: =, index: 1}\n"
    ),
    "a value of its own, and a name with a prefix, put where nothing was": top(
        "namePrefix: z-\nreplacements:\n- sourceValue: NVIDIA-T4\n  targets:\n  - select: {kind: Deployment}\n"
        "    fieldPaths: ['spec.template.spec.nodeSelector.[nvidia.com/gpu.product]']\n"
        "- source: {kind: Deployment, fieldPath: metadata.name}\n  targets:\n  - select: {kind: Deployment}\n"
        "    fieldPaths: [spec.template.spec.priorityClassName]\n    options: {create: true}\n"
    ),
}


def told(servings: tuple[Serving, ...]) -> list[tuple[tuple[str, str, str], dict[str, Scalar]]]:
    """Return whom the settings of servings are of, and what they say."""
    return sorted(((one.kind, one.namespace, one.name), said(one)) for one in servings)


def built(folder: Path, files: dict[str, str]) -> list[tuple[tuple[str, str, str], dict[str, Scalar]]]:
    """Return what the real tool makes of the overlay."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    done = subprocess.run([tool("kustomize"), "build", folder / "top"], check=True, capture_output=True)
    return told(inspect(Tree({"built.yaml": done.stdout})).servings)


def tree(files: dict[str, str]) -> Tree:
    """Return files as a tree."""
    return Tree({path: text.encode() for path, text in files.items()})


@pytest.mark.parametrize("case", CASES)
def test_what_plugins_make_is_what_is_said(case: str, tmp_path: Path) -> None:
    """Every setting of every object reads as it does in the output of the real tool."""
    files = BASE | CASES[case]
    assert told(inspect(tree(files)).servings) == built(tmp_path, files)


def test_a_transformer_is_edited_where_it_stands(tmp_path: Path) -> None:
    """The number that a transformer sets is the place of the setting, and the edit is what is built."""
    files = BASE | CASES["replicas where its fields say"]
    chat = next(one for one in inspect(tree(files)).servings if one.name == "chat")
    result = edit(tree(files), chat.subject, {"replicas": 7})

    assert isinstance(result, EditResult)
    assert list(result.files) == ["top/more.yaml"]
    after = files | {path: data.decode() for path, data in result.files.items()}
    assert built(tmp_path, after)[0][1]["replicas"] == 7


@pytest.mark.parametrize(
    ("fields", "locked"),
    [
        ("transformers: [more.yaml]\n", {"replicas", "model", "engine_version"}),
        ("images: [{name: vllm/vllm-openai, tagSuffix: -cu}]\n", {"engine_version"}),
        ("namePrefix: a-\nconfigurations: [paths.yaml]\n", {"gpu_product"}),
        (CASES["a part of an argument that is copied"]["top/kustomization.yaml"].partition("\n")[2], {"model"}),
    ],
)
def test_what_is_put_together_is_not_edited(fields: str, locked: set[str]) -> None:
    """What an unknown program makes, or what stands nowhere as it reads, is found and locked; the rest is not."""
    paths = 'namePrefix: [{path: "spec/template/spec/nodeSelector/nvidia.com\\\\/gpu.product"}]\n'
    files = BASE | top(fields, more=transformer("ValueAddTransformer", "value: 3\n"), paths=paths)
    chat = next(one for one in inspect(tree(files)).servings if one.kind == "Deployment")

    seen = {field for field, setting in chat.settings.items() if not setting.editable}
    assert seen & {"replicas", "model", "engine_version", "gpu_product"} >= locked
    assert "more.yaml" in fields or seen == locked
