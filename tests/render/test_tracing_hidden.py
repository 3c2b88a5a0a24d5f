"""Leaves that show nothing as things are: empty ones, those behind a switch, choices, and charts that take no mark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.render.trees import write
from tests.tools import tool
from trimtab.manifest import Tree
from trimtab.render import Target, Tools, Unrendered, Workspace, trying
from trimtab.render.tracing import Traced, trace

SCHEMA = {
    "$defs": {"kind": {"enum": ["nvidia", "amd"]}},
    "properties": {
        "vendor": {"$ref": "#/$defs/kind"},
        "probe": {"properties": {"port": {"type": "integer", "maximum": 65535}}},
    },
}
CHART = {
    "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "c/values.schema.json": json.dumps(SCHEMA),
    "c/values.yaml": """\
model: Qwen/Qwen3-8B
runtimeClass: ""
nodeSelector: {}
extraArgs: []
extraEnv: []
affinity: null
vendor: nvidia
devices: {nvidia: nvidia.com/gpu, amd: amd.com/gpu}
cards: 2
probe: {port: 8000}
settings: {level: info}
greeting: "hello {{ .Release.Name }}"
scaling:
  enabled: false
  most: 4
  down: {enabled: false, after: 300}
""",
    "c/templates/d.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  annotations:
    checksum/config: {{ toYaml .Values.settings | sha256sum }}
    greeting: {{ tpl .Values.greeting . }}
spec:
  template:
    spec:
      {{- with .Values.runtimeClass }}
      runtimeClassName: {{ . }}
      {{- end }}
      {{- with .Values.nodeSelector }}
      nodeSelector: {{ toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.affinity }}
      affinity: {{ toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: server
          args:
            - --model={{ .Values.model }}
            {{- with .Values.extraArgs }}{{ toYaml . | nindent 12 }}{{ end }}
          env:
            - {name: HOME, value: /tmp}
            {{- range .Values.extraEnv }}
            - {name: {{ .name }}, value: {{ .value }}}
            {{- end }}
          livenessProbe: {httpGet: {port: {{ .Values.probe.port }}}}
          resources: {limits: { {{ index .Values.devices .Values.vendor }}: {{ .Values.cards }}}}
""",
    "c/templates/h.yaml": """\
{{- if .Values.scaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: {{ .Release.Name }}}
spec:
  maxReplicas: {{ .Values.scaling.most }}
  {{- if .Values.scaling.down.enabled }}
  behavior: {scaleDown: {stabilizationWindowSeconds: {{ .Values.scaling.down.after }}}}
  {{- end }}
{{- end }}
""",
}
POD = "/spec/template/spec"


def traced(root: Path) -> Traced:
    """Return what is found out of the chart."""
    write(root, CHART)
    with Workspace(root, Tree.read(root), Tools(tool("helm"), tool("kustomize"))) as workspace:
        found = trace(workspace, Target("helm", "c", "r"))
    assert not isinstance(found, Unrendered), found
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Traced:
    """Return what is found out of a chart most of whose leaves show nothing as they are."""
    return traced(tmp_path_factory.mktemp("hidden"))


@pytest.mark.parametrize(
    ("leaf", "pointer"),
    [
        (("runtimeClass",), f"{POD}/runtimeClassName"),
        (("nodeSelector",), f"{POD}/nodeSelector"),
        (("affinity",), f"{POD}/affinity"),
        (("extraArgs",), f"{POD}/containers/0/args/1"),
        (("extraEnv",), f"{POD}/containers/0/env/1"),
        (("settings", "level"), "/metadata/annotations/checksum~1config"),
        (("greeting",), "/metadata/annotations/greeting"),
        (("probe", "port"), f"{POD}/containers/0/livenessProbe/httpGet/port"),
        (("cards",), f"{POD}/containers/0/resources/limits/nvidia.com~1gpu"),
        (("devices", "nvidia"), f"{POD}/containers/0/resources/limits/nvidia.com~1gpu"),
    ],
)
def test_a_leaf_is_found_by_filling_or_by_another_value(found: Traced, leaf: tuple[str, ...], pointer: str) -> None:
    """What is empty is filled with what its template takes; hashes and schemas are no hindrance."""
    assert pointer in [one.pointer for one in found.drives.get(leaf, ())]


@pytest.mark.parametrize(
    ("leaf", "switch", "pointer"),
    [
        (("scaling", "most"), ("scaling", "enabled"), "/spec/maxReplicas"),
        (
            ("scaling", "down", "after"),
            ("scaling", "down", "enabled"),
            "/spec/behavior/scaleDown/stabilizationWindowSeconds",
        ),
        (("devices", "amd"), ("vendor",), f"{POD}/containers/0/resources/limits/amd.com~1gpu"),
    ],
)
def test_a_leaf_that_waits_for_a_switch_names_it(
    found: Traced, leaf: tuple[str, ...], switch: tuple[str, ...], pointer: str
) -> None:
    """What drives nothing while something is off is said to stand behind it, switches behind switches included."""
    behind = found.behind[leaf]
    assert behind.switch == switch
    assert any(one.pointer in {pointer, ""} or pointer.startswith(one.pointer) for one in behind.fields)


def test_every_leaf_is_accounted_for_once(found: Traced) -> None:
    """A leaf drives something, waits for a switch, is silent or was not tried: never two of these."""
    everything = [*found.drives, *found.behind, *found.silent, *found.untried]
    assert len(everything) == len(set(everything)) == 17
    assert found.untried == ()
    assert found.silent == ()


def test_a_chart_is_rendered_so_often_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the allowed renderings do not reach is said not to have been tried, and is not taken for silent."""
    monkeypatch.setattr(trying, "_MOST", 2)
    found = traced(tmp_path)
    assert ("scaling", "most") in {*found.untried, *found.silent}
    assert ("nodeSelector",) in found.untried


def test_a_chart_of_chance_is_not_followed(tmp_path: Path) -> None:
    """Where an object has another name each time, nothing tells what a value changes, and that is said."""
    template = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: job-{{ randAlpha 8 | lower }}}\n"
    write(tmp_path, {"c/Chart.yaml": CHART["c/Chart.yaml"], "c/templates/d.yaml": template})
    with Workspace(tmp_path, Tree.read(tmp_path), Tools(tool("helm"), tool("kustomize"))) as workspace:
        found = trace(workspace, Target("helm", "c", "r"))
    assert isinstance(found, Unrendered)
    assert "another name each time" in found.reason
