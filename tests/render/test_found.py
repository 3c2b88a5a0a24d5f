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
        "enable_prefix_caching": ("c/values.yaml", "true"),
        "gpu_count": ("c/values.yaml", "1"),
        "gpu_memory_utilization": ("c/values.yaml", "0.92"),
        "max_model_len": ("c/values.yaml", "8192"),
        "model": ("c/values.yaml", "Qwen/Qwen3-8B"),
        "replicas": ("c/values.yaml", "2"),
    }


def test_the_layer_that_wins_is_the_place(tmp_path: Path) -> None:
    """What the release says itself stands there, what its values file says there, the rest in the chart."""
    every = servings(tmp_path, {**CHART, "c/eu.yaml": "share: 0.8\n", "app.yaml": APPLICATION})
    (found,) = [one for one in every if one.path == "app.yaml"]

    assert (found.wrapper, found.kind, found.namespace) == ("argo-application", "Application", "prod")
    said = places(found, tmp_path)
    assert said["max_model_len"] == ("app.yaml", "4096")
    assert said["gpu_memory_utilization"] == ("c/eu.yaml", "0.8")
    assert said["model"] == ("c/values.yaml", "Qwen/Qwen3-8B")
    assert said["replicas"] == ("app.yaml", "3")


def test_inspect_renders_when_it_is_asked_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--render` prints the same document with more in it."""
    tool("helm")
    write(tmp_path, CHART)

    assert run(["inspect", str(tmp_path), "--format", "json"]) == 0
    before = json.loads(capsys.readouterr().out)
    assert run(["inspect", str(tmp_path), "--format", "json", "--render"]) == 0
    after = json.loads(capsys.readouterr().out)

    assert before["servings"] == after["servings"]
    assert after["servings"][0]["settings"]["max_model_len"]["value"] == 8192
    (traced,) = after["traced"]
    assert (traced["path"], traced["driving"], traced["silent"]) == ("c", traced["leaves"] - 1, ["/unused"])
    assert run(["inspect", str(tmp_path), "--render"]) == 0
    assert f"c: c: {traced['driving']} of {traced['leaves']} values drive something" in capsys.readouterr().err


SHELVED = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: support, namespace: llm}
spec:
  chart: {spec: {chart: c, version: "*", sourceRef: {kind: HelmRepository, name: acme}}}
  values: {context: "4096"}
"""


def test_a_chart_of_the_folder_named_by_charts_is_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the folder of charts a release of a chart that is elsewhere shows its settings; without it, it does not."""
    tool("helm")
    shelf, root = tmp_path / "shelf", tmp_path / "root"
    write(shelf, CHART)
    write(root, {"release.yaml": SHELVED})
    command = ["inspect", str(root), "--format", "json", "--render"]
    found = []
    for more in ([], ["--charts", str(shelf)]):
        assert run([*command, *more]) == 0
        found.append(json.loads(capsys.readouterr().out)["servings"])
    fields = [{name for one in servings_ for name in one["settings"]} for servings_ in found]
    assert "max_model_len" not in fields[0]
    assert "max_model_len" in fields[1]


def test_a_folder_of_charts_needs_rendering_and_a_folder(tmp_path: Path) -> None:
    """Charts that would not be looked at, or that are nowhere, are wrong usage."""
    (tmp_path / "file").write_text("")
    assert run(["inspect", str(tmp_path), "--charts", str(tmp_path)]) == 2
    assert run(["inspect", str(tmp_path), "--render", "--charts", str(tmp_path / "file")]) == 2


def test_charts_that_cannot_be_rendered_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A release whose chart is not at hand is listed with the reason; a library chart, which never renders, is not."""
    tool("helm")
    library = {"lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n"}
    write(tmp_path, {"release.yaml": SHELVED, **library})
    assert run(["inspect", str(tmp_path), "--format", "json", "--render"]) == 0
    missed = json.loads(capsys.readouterr().out)["unrendered"]
    assert [(one["path"], one["release"]) for one in missed] == [("release.yaml", "support")]
    assert "not in this repository" in missed[0]["reason"]
    assert run(["inspect", str(tmp_path), "--render"]) == 0
    assert "release.yaml: support cannot be rendered: chart c of acme" in capsys.readouterr().err


TWO = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: {{ .Values.NAME.copies }}
  template:
    spec:
      priorityClassName: {{ .Values.NAME.rank }}
      containers:
        - name: server
          image: {{ .Values.NAME.image.repository }}:{{ .Values.NAME.image.tag }}
          args: ["--model={{ .Values.NAME.modelName }}"]
"""


def test_each_of_several_known_servings_gets_what_its_own_workload_shows(tmp_path: Path) -> None:
    """Where a chart serves several, what rendering adds goes to the one that shares most places with the workload."""
    image = "image: {repository: vllm/vllm-openai, tag: v0.19.0}"
    values = "".join(
        f"{name}:\n  {image}\n  modelName: Qwen/Qwen3-{size}\n  copies: {copies}\n  rank: {name}-first\n"
        for name, size, copies in (("chat", "8B", 2), ("code", "4B", 3))
    )
    templates = {f"c/templates/{name}.yaml": TWO.replace("NAME", name) for name in ("chat", "code")}
    found = servings(tmp_path, {"c/Chart.yaml": CHART["c/Chart.yaml"], "c/values.yaml": values, **templates})
    assert {one.container: one.settings["priority_class"].value for one in found} == {
        "chat": "chat-first",
        "code": "code-first",
    }
