"""What several releases take from one file of values is said in the values that one of them alone lays over it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.tools import tool
from trimtab.fleet import Scalar
from trimtab.manifest import EditResult, Refusal, Tree, edit

VALUES = """\
model: org/m
image: {repository: vllm/vllm-openai, tag: v0.11.0}
vllm: {gpuMemoryUtilization: 0.9}
extraArgs: [--max-num-seqs=32]
resources:
  limits: {nvidia.com/gpu: 1, memory: 32Gi}
"""
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: chat-NAME}
spec:
  destination: {namespace: llm-NAME}
  source:
    path: chart
    helm:
      valueFiles: [values.yaml, NAME.yaml]
"""
RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: chat-NAME, namespace: llm-NAME}
spec:
  chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: here}}}
  values:
    replicaCount: 2
"""
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: chat\nversion: 1.0.0\n",
    "chart/templates/all.yaml": "kind: All\nsaid: {{ toJson .Values }}\n",
    "chart/values.yaml": VALUES,
    "chart/dev.yaml": "replicaCount: 1\n",
    "chart/prod.yaml": "replicaCount: 2\n",
}
ARGO = "apps/prod.yaml#Application/llm-prod/chat-prod/chat-prod"
FLUX = "apps/prod.yaml#HelmRelease/llm-prod/chat-prod/chat-prod"


def tree_with(declaration: str) -> Tree:
    """Return a chart, and two releases of it."""
    apps = {f"apps/{one}.yaml": declaration.replace("NAME", one) for one in ("dev", "prod")}
    return Tree({path: text.encode() for path, text in {**CHART, **apps}.items()})


@pytest.mark.parametrize(
    ("declaration", "subject", "path", "column"),
    [(APPLICATION, ARGO, "chart/prod.yaml", ""), (RELEASE, FLUX, "apps/prod.yaml", "    ")],
    ids=["a file of its own", "values in the object"],
)
@pytest.mark.parametrize(
    ("field", "value", "line"), [("memory_limit", "64Gi", "memory: 64Gi"), ("gpu_count", 2, "nvidia.com/gpu: 2")]
)
def test_the_uppermost_values_of_its_own_say_it(  # noqa: PLR0913, PLR0917 - what is set, and where
    declaration: str, subject: str, path: str, column: str, field: str, value: Scalar, line: str
) -> None:
    """The shared file stays, and the same edit again changes nothing."""
    tree = tree_with(declaration)
    result = edit(tree, subject, {field: value})
    assert isinstance(result, EditResult), result
    new = f"{column}resources:\n{column}  limits:\n{column}    {line}\n"
    assert result.files == {path: tree[path] + new.encode()}
    again = edit(tree.replaced(result.files), subject, {field: value})
    assert isinstance(again, EditResult)
    assert again.diff == ""


def test_helm_makes_of_it_what_was_asked(tmp_path: Path) -> None:
    """What is laid over keeps all that it does not say."""
    result = edit(tree_with(APPLICATION), ARGO, {"memory_limit": "64Gi"})
    assert isinstance(result, EditResult)
    made = []
    for files in (CHART, {**CHART, "chart/prod.yaml": result.files["chart/prod.yaml"].decode()}):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        chart = str(tmp_path / "chart")
        command = [tool("helm"), "template", chart, "-f", f"{chart}/values.yaml", "-f", f"{chart}/prod.yaml"]
        made.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert made[1] == made[0].replace("32Gi", "64Gi")


def test_a_list_is_not_repeated() -> None:
    """Helm takes lists whole, so that one more argument would need them all."""
    refused = edit(tree_with(APPLICATION), ARGO, {"max_num_seqs": 64})
    assert isinstance(refused, Refusal)
    assert "another serving" in refused.reason
