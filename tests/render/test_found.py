from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.render.test_tracing import CHART
from tests.render.trees import write
from tests.tools import tool
from trimtab.cli.app import run
from trimtab.fleet import Serving
from trimtab.manifest import Tree, inspect
from trimtab.render import Tools, Workspace, with_rendered

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: support, namespace: argocd}
spec:
  destination: {namespace: prod}
  source:
    path: c
    helm:
      valueFiles: [eu.yaml]
      valuesObject:
        context: "4096"
      parameters: [{name: howMany, value: "3"}]
"""


def servings(root: Path, files: dict[str, str]) -> tuple[Serving, ...]:
    """Return the servings of a folder with what rendering adds."""
    write(root, files)
    tree = Tree.read(root)
    with Workspace(root, tree, Tools(tool("helm"), tool("kustomize"))) as workspace:
        return with_rendered(inspect(tree).servings, workspace)


def places(found: Serving, root: Path) -> dict[str, tuple[str, str]]:
    """Return each setting's file and the bytes that carry it."""
    said = {}
    for field, setting in found.settings.items():
        data = (root / setting.location.path).read_bytes()
        said[field] = (setting.location.path, data[setting.location.start : setting.location.end].decode())
    return said


def test_settings_are_found_whatever_their_keys_are_called(tmp_path: Path) -> None:
    """A chart whose keys say nothing by their names has its settings all the same, each at its very bytes."""
    (found,) = servings(tmp_path, CHART)

    assert (found.wrapper, found.engine, found.path) == ("helm-values", "vllm", "c/values.yaml")
    assert places(found, tmp_path) == {
        "dtype": ("c/values.yaml", "auto"),
        "gpu_count": ("c/values.yaml", "1"),
        "gpu_memory_utilization": ("c/values.yaml", "0.92"),
        "max_model_len": ("c/values.yaml", "8192"),
        "model": ("c/values.yaml", "Qwen/Qwen3-8B"),
        "replicas": ("c/values.yaml", "2"),
    }


def test_the_layer_that_wins_is_the_place(tmp_path: Path) -> None:
    """What the release says itself stands there, what its values file says there, the rest in the chart."""
    (found,) = servings(tmp_path, {**CHART, "c/eu.yaml": "share: 0.8\n", "app.yaml": APPLICATION})

    assert (found.wrapper, found.kind, found.namespace) == ("argo-application", "Application", "prod")
    said = places(found, tmp_path)
    assert said["max_model_len"] == ("app.yaml", "4096")
    assert said["gpu_memory_utilization"] == ("c/eu.yaml", "0.8")
    assert said["model"] == ("c/values.yaml", "Qwen/Qwen3-8B")
    assert "replicas" not in said


def test_inspect_renders_when_it_is_asked_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--render` prints the same document with more in it."""
    tool("helm")
    write(tmp_path, CHART)

    assert run(["inspect", str(tmp_path), "--format", "json"]) == 0
    before = json.loads(capsys.readouterr().out)
    assert run(["inspect", str(tmp_path), "--format", "json", "--render"]) == 0
    after = json.loads(capsys.readouterr().out)

    assert before["servings"] == [] or len(before["servings"][0]["settings"]) < len(after["servings"][0]["settings"])
    assert after["servings"][0]["settings"]["max_model_len"]["value"] == 8192
