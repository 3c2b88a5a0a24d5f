"""Releases of K3s, RKE2 and Fleet: which values win, and where an edit lands."""

from __future__ import annotations

import pytest

from trimtab.fleet import Serving
from trimtab.manifest import EditResult, Tree, edit, inspect

CHART = """\
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata: {name: chat, namespace: kube-system}
spec:
  chart: vllm-stack
  targetNamespace: llm
  set: {replicaCount: "2"}
  valuesContent: |-
    replicaCount: 1
    image: {repository: vllm/vllm-openai, tag: v0.10.0}
    args: [--model=org/m, --max-model-len=8192]
    resources: {limits: {nvidia.com/gpu: 1}}
"""
CONFIG = """\
apiVersion: helm.cattle.io/v1
kind: HelmChartConfig
metadata: {name: chat, namespace: kube-system}
spec:
  valuesContent: |-
    resources: {limits: {nvidia.com/gpu: 4}}
"""
FLEET = """\
defaultNamespace: llm
helm:
  chart: vllm-stack
  releaseName: chat
  values:
    image: {repository: vllm/vllm-openai, tag: v0.10.0}
    args: [--model=org/m, --max-model-len=8192]
    resources: {limits: {nvidia.com/gpu: 1}}
    replicaCount: 1
  valuesFiles: [more.yaml]
"""


def serving(files: dict[str, str], path: str) -> Serving:
    """Return the serving of a file."""
    found = inspect(Tree({name: text.encode() for name, text in files.items()})).servings
    (one,) = (one for one in found if one.path == path)
    return one


def test_values_of_a_helm_chart_object_are_found() -> None:
    """What is set wins over the config's text, which wins over the chart's; each keeps its place."""
    found = serving({"chart.yaml": CHART, "config.yaml": CONFIG}, "chart.yaml")
    said = {field: (found.settings[field].value, found.settings[field].location.path) for field in found.settings}

    assert (found.namespace, found.name, found.engine) == ("llm", "chat", "vllm")
    assert said["replicas"] == (2, "chart.yaml")
    assert said["gpu_count"] == (4, "config.yaml")
    assert said["max_model_len"] == (8192, "chart.yaml")


def test_a_text_of_values_is_edited_in_place() -> None:
    """The text inside the object changes in the characters that carry the value."""
    tree = Tree({"chart.yaml": CHART.encode()})
    result = edit(tree, inspect(tree).servings[0].subject, {"max_model_len": 4096, "replicas": 3})

    assert isinstance(result, EditResult)
    assert result.files["chart.yaml"].decode() == CHART.replace("8192", "4096").replace('"2"', '"3"')


def test_a_secret_that_may_win_locks_all_values() -> None:
    """What only the cluster knows may lie over the values, so that none is edited."""
    text = CHART.replace("  set: {", "  valuesSecrets: [{name: hidden, keys: [values]}]\n  set: {")
    found = serving({"chart.yaml": text}, "chart.yaml")
    assert {field for field, one in found.settings.items() if one.editable} == {"replicas"}


@pytest.mark.parametrize(
    ("more", "customized", "value", "path", "editable"),
    [
        ("replicaCount: 3\n", "", 3, "more.yaml", True),
        ("other: 3\n", "", 1, "fleet.yaml", True),
        (
            "other: 3\n",
            "targetCustomizations: [{name: eu, helm: {values: {replicaCount: 5}}}]\n",
            1,
            "fleet.yaml",
            False,
        ),
    ],
)
def test_files_win_in_a_fleet(more: str, customized: str, value: int, path: str, editable: bool) -> None:
    """Files of values lie over the values beside them; what a target says otherwise belongs to each, and is locked."""
    found = serving({"vllm/fleet.yaml": FLEET + customized, "vllm/more.yaml": more}, "vllm/fleet.yaml")
    replicas = found.settings["replicas"]

    assert (replicas.value, replicas.location.path, replicas.editable) == (value, f"vllm/{path}", editable)
    assert found.settings["max_model_len"].editable
