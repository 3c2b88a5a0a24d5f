from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.render.trees import write
from tests.tools import tool
from trimtab.manifest import Tree
from trimtab.render import Target, Tools, Unrendered, Workspace
from trimtab.render.tracing import Traced, trace

SCHEMA = {
    "properties": {
        "tier": {"enum": ["gold", "silver"]},
        "howMany": {"type": "integer", "maximum": 10},
        "context": {"type": "string", "pattern": "^[0-9]+$"},
    }
}
CHART = {
    "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "c/values.schema.json": json.dumps(SCHEMA),
    "c/values.yaml": """\
brain: Qwen/Qwen3-8B
context: "8192"
share: 0.92
howMany: 2
tier: gold
fast: true
cards: 1
label: {kind: gpu-l40s}
words: [--seed=7, --dtype, auto]
mode: {name: serve}
unused: nothing
port: 8000
""",
    "c/templates/_all.tpl": '{{- define "c.flags" -}}\n- "--max-model-len={{ .Values.context }}"\n'
    "- --gpu-memory-utilization={{ .Values.share }}\n{{- end -}}\n",
    "c/templates/d.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-{{ .Values.tier }}}
spec:
  replicas: {{ .Values.howMany }}
  template:
    spec:
      nodeSelector: {accelerator: {{ .Values.label.kind | quote }}}
      containers:
        - name: server
          image: vllm/vllm-openai:v0.19.0
          {{- if eq .Values.mode.name "serve" }}
          args:
            - --model={{ .Values.brain }}
            {{- include "c.flags" . | nindent 12 }}
            {{- if .Values.fast }}
            - --enable-prefix-caching
            {{- end }}
            {{- toYaml .Values.words | nindent 12 }}
          {{- end }}
          ports: [{containerPort: {{ .Values.port }}}]
          resources: {limits: {nvidia.com/gpu: {{ mul 1 .Values.cards }}}}
""",
}
DEPLOYMENT = "/spec/template/spec/containers/0"


def traced(root: Path, files: dict[str, str], target: Target) -> Traced | Unrendered:
    """Return what is found out of a chart."""
    write(root, files)
    with Workspace(root, Tree.read(root), Tools(tool("helm"), tool("kustomize"))) as workspace:
        return trace(workspace, target)


def pointers(found: Traced | Unrendered, *leaf: str | int) -> list[str]:
    """Return the fields that a leaf drives."""
    assert isinstance(found, Traced), found
    return [one.pointer for one in found.drives.get(leaf, ())]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Traced | Unrendered:
    """Return what is found out of a chart whose keys say nothing by their names."""
    return traced(tmp_path_factory.mktemp("own"), CHART, Target("helm", "c", "r"))


@pytest.mark.parametrize(
    ("leaf", "pointer"),
    [
        (("brain",), f"{DEPLOYMENT}/args/0"),
        (("context",), f"{DEPLOYMENT}/args/1"),
        (("share",), f"{DEPLOYMENT}/args/2"),
        (("howMany",), "/spec/replicas"),
        (("label", "kind"), "/spec/template/spec/nodeSelector/accelerator"),
        (("words", 0), f"{DEPLOYMENT}/args/4"),
        (("words", 2), f"{DEPLOYMENT}/args/6"),
        (("cards",), f"{DEPLOYMENT}/resources/limits/nvidia.com~1gpu"),
        (("port",), f"{DEPLOYMENT}/ports/0/containerPort"),
    ],
)
def test_a_leaf_is_followed_to_its_field(own: Traced | Unrendered, leaf: tuple[str | int, ...], pointer: str) -> None:
    """Text, numbers, items of lists, and what passes through helpers and sums are found where they come out.

    So are the ones whose marks the chart's schema rejects.
    """
    assert pointers(own, *leaf) == [pointer]


def test_a_switch_is_found_by_turning_it(own: Traced | Unrendered) -> None:
    """A boolean drives what comes and goes with it."""
    assert pointers(own, "fast") == [f"{DEPLOYMENT}/args/3"]


def test_a_value_that_chooses_keeps_its_value(own: Traced | Unrendered) -> None:
    """A value that selects a branch drives what is in it, and hides none of what others drive there."""
    assert isinstance(own, Traced)
    assert pointers(own, "brain")
    assert f"{DEPLOYMENT}/args" in pointers(own, "mode", "name")


def test_what_drives_nothing_is_said(own: Traced | Unrendered) -> None:
    """A value that no template reads is silent; one whose schema takes no mark says another of its words."""
    assert isinstance(own, Traced)
    assert own.silent == (("unused",),)
    assert own.untried == ()
    assert pointers(own, "tier")


def test_an_umbrella_is_followed_into_its_parts(tmp_path: Path) -> None:
    """Values below a dependency's alias drive its fields, also the ones that only its own defaults set."""
    files = {path.replace("c/", "u/charts/c/", 1): text for path, text in CHART.items()}
    files["u/Chart.yaml"] = (
        "apiVersion: v2\nname: u\nversion: 1.0.0\ndependencies: [{name: c, alias: engine, version: 1.0.0}]\n"
    )
    files["u/values.yaml"] = "engine: {context: '4096'}\n"
    found = traced(tmp_path, files, Target("helm", "u", "r"))

    assert pointers(found, "engine", "context") == [f"{DEPLOYMENT}/args/1"]
    assert pointers(found, "engine", "howMany") == ["/spec/replicas"]


def test_the_same_chart_gives_the_same_answer(tmp_path: Path, own: Traced | Unrendered) -> None:
    """Nothing in the answer depends on when or where it was asked for."""
    assert traced(tmp_path, CHART, Target("helm", "c", "r")) == own


def test_a_chart_that_cannot_be_rendered_has_its_reason(tmp_path: Path) -> None:
    """What is built on something missing cannot be traced, and what is missing is named."""
    files = {**CHART, "c/Chart.yaml": CHART["c/Chart.yaml"] + "dependencies: [{name: far, version: 1.0.0}]\n"}
    found = traced(tmp_path, files, Target("helm", "c", "r"))

    assert isinstance(found, Unrendered)
    assert "far 1.0.0" in found.reason
