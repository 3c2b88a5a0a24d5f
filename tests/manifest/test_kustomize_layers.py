"""Whatever layers are laid over one another, `inspect` says what `kustomize build` makes, and an edit changes that."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.manifest.samples import said
from tests.tools import tool
from trimtab.fleet import Scalar
from trimtab.manifest import Refusal, Tree, edit, inspect

BASE = {
    "base/kustomization.yaml": """\
resources: [chat.yaml]
configMapGenerator:
- name: facts
  literals: [LEN=8192, SEQ='7']
vars:
- name: SEQ
  objref: {apiVersion: v1, kind: ConfigMap, name: facts}
  fieldref: {fieldpath: data.SEQ}
""",
    "base/chat.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: chat, labels: {tier: gpu}, annotations: {team: ml}}
spec:
  replicas: 1
  template:
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-L4}
      containers:
      - {name: proxy, image: envoy:v1}
      - name: server
        image: vllm/vllm-openai:v0.10.0
        args: [--model=$(MODEL), --max-model-len=$(LEN), --max-num-seqs=$(SEQ)]
        env:
        - {name: MODEL, value: org/m}
        - name: LEN
          valueFrom: {configMapKeyRef: {name: facts, key: LEN}}
        resources: {limits: {nvidia.com/gpu: "1"}, requests: {cpu: "2", memory: 8Gi}}
""",
}
HEAD = """\
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
    spec:
"""
MERGES = (
    "      replicas: 3\n",
    "      replicas: null\n",
    "      template: {spec: {nodeSelector: {$patch: replace, zone: a}}}\n",
    "      template: {spec: {nodeSelector: {nvidia.com/gpu.product: NVIDIA-A100}, runtimeClassName: nvidia}}\n",
    "      template: {spec: {containers: [{name: server, args: [--model=org/p, --max-model-len=$(LEN)]}]}}\n",
    "      template: {spec: {containers: [{name: server, resources: {$patch: replace, limits: {cpu: '4'}}}]}}\n",
    "      template: {spec: {containers: [{name: server, resources: {requests: {cpu: '6', memory: null}}}]}}\n",
    "      template: {spec: {containers: [{name: server, env: [{$patch: replace}, {name: MODEL, value: org/r}]}]}}\n",
    "      template: {spec: {containers: [{name: server, env: [{name: LEN, value: '512', valueFrom: null}]}]}}\n",
    "      template: {spec: {containers: [{name: proxy, $patch: delete}]}}\n",
)
OPERATIONS = (
    "{op: add, path: /spec/replicas, value: 4}",
    "{op: add, path: /spec/template/spec/containers/1/args/0, value: --max-num-batched-tokens=600}",
    "{op: add, path: /spec/template/spec/containers/1/args/-, value: --dtype=half}",
    "{op: replace, path: /spec/template/spec/containers/1/args, value: [--model=org/j, --max-model-len=64]}",
    "{op: remove, path: /spec/template/spec/nodeSelector}",
    "{op: add, path: /metadata/labels/stage, value: x}",
)
SELECTORS = (
    "{kind: Deployment}",
    "{kind: StatefulSet|Deployment, name: .*chat.*}",
    "{group: apps, version: v1}",
    "{group: apps, version: v2}",
    "{name: a-chat}",
    "{namespace: ns.}",
    "{labelSelector: 'tier in (gpu, cpu), !old'}",
    "{labelSelector: tier notin (gpu)}",
    "{labelSelector: stage=x}",
    "{annotationSelector: team=ml}",
)
FIELDS = (
    *("namePrefix: a-\n", "nameSuffix: -b\n", "namespace: ns1\n", "replicas: [{name: chat, count: 5}]\n"),
    *("replicas: [{name: a-chat, count: 6}]\n", "commonLabels: {stage: x}\n", "commonAnnotations: {team: other}\n"),
    *("labels: [{pairs: {tier: cpu}}]\n", "images: [{name: vllm/vllm-openai, newTag: v0.11.0}]\n"),
    "configMapGenerator: [{name: facts, behavior: merge, literals: [LEN=1024]}]\n",
    'configMapGenerator: [{name: facts, behavior: replace, literals: [SEQ=9, LEN="2048"]}]\n',
)
NEW: dict[str, Scalar] = {
    "replicas": 9,
    "max_model_len": 1234,
    "max_num_seqs": 77,
    "model": "org/new",
    "dtype": "bfloat16",
    "cpu_request": "1",
    "engine_version": "v9.9.9",
    "gpu_count": 8,
    "gpu_product": "NVIDIA-H100",
}

MERGE = st.builds(lambda spec: f"- patch: |\n{HEAD}{spec}", st.sampled_from(MERGES))
CHOSEN = st.builds(
    lambda target, spec: f"- target: {target}\n  patch: |\n{HEAD}{spec}",
    st.sampled_from(SELECTORS),
    st.sampled_from(MERGES),
)
JSON = st.builds(
    lambda target, operation: f"- target: {target}\n  patch: |\n    - {operation}\n",
    st.sampled_from(SELECTORS),
    st.sampled_from(OPERATIONS),
)
PATCHES = st.lists(MERGE | CHOSEN | JSON, max_size=2).map(lambda found: "patches:\n" * bool(found) + "".join(found))
LAYER = st.builds(
    lambda patches, fields: patches + "".join({field.partition(":")[0]: field for field in fields}.values()),
    PATCHES,
    st.lists(st.sampled_from(FIELDS), max_size=3),
)


@st.composite
def overlays(draw: st.DrawFn) -> dict[str, str]:
    """Return a base under one to three overlays, the last in `top`, some with a component."""
    files, below = dict(BASE), "../base"
    for number in range(draw(st.integers(1, 3))):
        text = f"resources: [{below}]\n{draw(LAYER)}"
        if draw(st.booleans()):
            text += f"components: [../part{number}]\n"
            kind = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
            files[f"part{number}/kustomization.yaml"] = kind + draw(LAYER)
        files[f"layer{number}/kustomization.yaml"] = text
        below = f"../layer{number}"
    files["top/kustomization.yaml"] = f"resources: [{below}]\n"
    return files


def built(folder: Path, files: dict[str, str]) -> dict[str, Scalar] | None:
    """Return what the objects say that the real tool makes; None where it makes none."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    done = subprocess.run([tool("kustomize"), "build", folder / "top"], check=False, capture_output=True)
    found = inspect(Tree({"built.yaml": done.stdout})).servings
    return said(found[0]) | {"name": found[0].name, "namespace": found[0].namespace} if found else None


def encoded(files: dict[str, str]) -> Tree:
    """Return files as a tree."""
    return Tree({path: text.encode() for path, text in files.items()})


@given(files=overlays(), field=st.sampled_from(sorted(NEW)))
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_what_wins_is_what_is_built(
    files: dict[str, str], field: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Patches, components, generators, variables and names of three layers read as built, before and after an edit."""
    folder = tmp_path_factory.mktemp("tree")
    before = built(folder, files)
    assume(before is not None)
    tree = encoded(files)
    (serving,) = inspect(tree).servings
    assert said(serving) | {"name": serving.name, "namespace": serving.namespace} == before

    result = edit(tree, serving.subject, {field: NEW[field]})
    if isinstance(result, Refusal):
        setting = serving.settings.get(field)
        assert setting is None or not setting.editable
    else:
        after = built(folder, files | {path: data.decode() for path, data in result.files.items()})
        assert after == {**before, field: NEW[field]}


def test_each_base_has_its_own_generator(tmp_path: Path) -> None:
    """Two bases that generate a ConfigMap of one name under their own prefixes keep their values apart."""
    files = {"top/kustomization.yaml": "resources: [../eu, ../us]\n"}
    for name, length in (("eu", 1024), ("us", 2048)):
        files |= {path.replace("base", f"{name}/own"): text for path, text in BASE.items()}
        facts = f"configMapGenerator: [{{name: facts, behavior: merge, literals: [LEN={length}]}}]\n"
        files[f"{name}/kustomization.yaml"] = f"namePrefix: {name}-\nresources: [own]\n{facts}"
        files[f"{name}/own/kustomization.yaml"] = BASE["base/kustomization.yaml"].partition("vars:")[0]
    assert built(tmp_path, files) is not None

    found = {one.name: one.settings["max_model_len"] for one in inspect(encoded(files)).servings}
    assert {name: (one.value, one.location.path) for name, one in found.items()} == {
        "eu-chat": (1024, "eu/kustomization.yaml"),
        "us-chat": (2048, "us/kustomization.yaml"),
    }


def test_a_patch_means_the_object_of_its_namespace() -> None:
    """Of two objects of one name a patch changes the one whose namespace it says, or the one that leaves it open."""
    there = BASE["base/chat.yaml"].replace("name: chat, labels", "name: chat, namespace: there, labels")
    patches = f"- patch: |\n{HEAD}      replicas: 3\n- patch: |\n{HEAD}      replicas: 4\n"
    patches = patches.replace("{name: chat}", "{name: chat, namespace: there}", 1)
    files = {
        "kustomization.yaml": f"resources: [here.yaml, there.yaml]\npatches:\n{patches}",
        "here.yaml": BASE["base/chat.yaml"],
        "there.yaml": there,
    }

    found = {one.namespace: one.settings["replicas"].value for one in inspect(encoded(files)).servings}
    assert found == {"": 4, "there": 3}
