from __future__ import annotations

from pathlib import Path

import pytest

from tests.render.trees import APPLICATION, CHART, DEPLOYMENT, write
from tests.tools import tool
from trimtab.manifest import Tree
from trimtab.render import Rendered, Target, Tools, Unrendered, Workspace, compare, which_targets
from trimtab.render.fence import run


def tools() -> Tools:
    """Return the real renderers."""
    return Tools(tool("helm"), tool("kustomize"))


def replicas(found: Rendered | Unrendered) -> list[object]:
    """Return the replicas of every rendered object."""
    assert isinstance(found, Rendered), found
    specs = [one["spec"] for one in found.objects.values() if isinstance(one, dict)]
    return [spec["replicas"] for spec in specs if isinstance(spec, dict)]


def test_a_release_is_rendered_as_argo_would(tmp_path: Path) -> None:
    """Values files, then parameters win over the chart's defaults; release and namespace are the Application's."""
    root = write(tmp_path, {**CHART, "charts/chat/values-prod.yaml": "replicas: 4\n", "apps/support.yaml": APPLICATION})
    tree = Tree.read(root)
    with Workspace(root, tree, tools()) as workspace:
        found = workspace.render(which_targets(tree, "apps/support.yaml")[0])

    assert replicas(found) == [3]
    assert isinstance(found, Rendered)
    assert [str(key) for key in found.objects] == ["Deployment prod/support"]
    assert found.tool.startswith("helm 3.")


def test_a_change_is_rendered_and_forgotten(tmp_path: Path) -> None:
    """Rendering with replaced bytes shows their effect alone, and leaves neither the copy nor the folder changed."""
    root = write(tmp_path, dict(CHART))
    tree = Tree.read(root)
    target = Target("helm", "charts/chat", "chat")
    changed = {
        "charts/chat/values.yaml": CHART["charts/chat/values.yaml"].replace("replicas: 2", "replicas: 1").encode()
    }
    with Workspace(root, tree, tools()) as workspace:
        before, after, again = workspace.render(target), workspace.render(target, changed), workspace.render(target)

    assert isinstance(before, Rendered)
    assert isinstance(after, Rendered)
    assert [(one.pointer, one.before, one.after) for one in compare(before.objects, after.objects)] == [
        ("/spec/replicas", "2", "1")
    ]
    assert replicas(again) == [2]
    assert (root / "charts/chat/values.yaml").read_text() == CHART["charts/chat/values.yaml"]


def test_an_overlay_is_built(tmp_path: Path) -> None:
    """An overlay's names and patches show in what is rendered."""
    files = {
        "base/chat.yaml": DEPLOYMENT.replace("NAME", "chat"),
        "base/kustomization.yaml": "resources: [chat.yaml]\n",
        "eu/kustomization.yaml": "resources: [../base]\nnamePrefix: eu-\nreplicas: [{name: chat, count: 5}]\n",
    }
    root = write(tmp_path, files)
    with Workspace(root, Tree.read(root), tools()) as workspace:
        found = workspace.render(Target("kustomize", "eu"))

    assert replicas(found) == [5]
    assert isinstance(found, Rendered)
    assert [key.name for key in found.objects] == ["eu-chat"]


@pytest.mark.parametrize(
    "far", ["https://example.com/base.yaml", "github.com/acme/base?ref=v1", "git@example.com:acme/base.git"]
)
def test_what_would_be_fetched_is_not_rendered(tmp_path: Path, far: str) -> None:
    """An overlay that builds on something far away is said to need a network, and nothing is asked of it."""
    root = write(tmp_path, {"eu/kustomization.yaml": f"resources: ['{far}']\n"})
    with Workspace(root, Tree.read(root), tools()) as workspace:
        found = workspace.render(Target("kustomize", "eu"))

    assert isinstance(found, Unrendered)
    assert far in found.reason


def test_a_template_that_fails_has_its_reason(tmp_path: Path) -> None:
    """What helm says of a broken chart is the reason."""
    files = {**CHART, "charts/chat/templates/deployment.yaml": '{{ fail "no such thing" }}'}
    root = write(tmp_path, files)
    with Workspace(root, Tree.read(root), tools()) as workspace:
        found = workspace.render(Target("helm", "charts/chat", "chat"))

    assert isinstance(found, Unrendered)
    assert "no such thing" in found.reason


def test_a_template_sees_no_environment_and_no_file_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets of the environment and links that leave the repository do not reach a template."""
    monkeypatch.setenv("GITHUB_TOKEN", "top-secret-token")
    outside = write(tmp_path / "outside", {"secret.txt": "top-secret-file"})
    data = '{{ .Files.Get "link.txt" | quote }}'
    template = f"kind: ConfigMap\napiVersion: v1\nmetadata: {{name: a}}\ndata:\n  x: {data}\n"
    files = {**CHART, "charts/chat/templates/deployment.yaml": template}
    root = write(tmp_path / "repo", files)
    (root / "charts/chat/link.txt").symlink_to(outside / "secret.txt")
    with Workspace(root, Tree.read(root), tools()) as workspace:
        found = workspace.render(Target("helm", "charts/chat", "chat"))

    assert isinstance(found, Rendered)
    assert "top-secret" not in str(found.objects)
    said = run(["/usr/bin/env"], tmp_path)
    assert isinstance(said, bytes)
    assert b"top-secret" not in said


def test_without_tools_nothing_is_rendered(tmp_path: Path) -> None:
    """A missing renderer is a reason, not an error; a plain object needs none."""
    root = write(tmp_path, {**CHART, "apps/chat.yaml": DEPLOYMENT})
    with Workspace(root, Tree.read(root), Tools("", "")) as workspace:
        chart = workspace.render(Target("helm", "charts/chat", "chat"))
        plain = workspace.render(Target("object", "apps/chat.yaml"))
        values = workspace.render(Target("object", "charts/chat/values.yaml"))

    assert isinstance(chart, Unrendered)
    assert "helm is not installed" in chart.reason
    assert replicas(plain) == [2]
    assert isinstance(values, Unrendered)


def chart_of(root: Path, files: dict[str, str]) -> Rendered | Unrendered:
    """Return what the chart becomes with files added or replaced."""
    tree = Tree.read(write(root, {**CHART, **files}))
    with Workspace(root, tree, tools()) as workspace:
        return workspace.render(Target("helm", "charts/chat", "chat"))


def test_a_schema_elsewhere_and_a_new_kubernetes_are_no_failure(tmp_path: Path) -> None:
    """A chart whose schema refers to the web and that wants a recent cluster is rendered, and the proof says so."""
    chart = CHART["charts/chat/Chart.yaml"] + 'kubeVersion: ">=1.30.0-0"\n'
    schema = '{"$ref": "http://127.0.0.1:9/schema.json"}'
    found = chart_of(tmp_path, {"charts/chat/Chart.yaml": chart, "charts/chat/values.schema.json": schema})
    assert replicas(found) == [2]
    assert isinstance(found, Rendered)
    assert found.tool.endswith("its schema not at hand)")


def test_what_a_schema_forbids_is_said_in_full(tmp_path: Path) -> None:
    """A schema that is at hand is kept to, and the reason names the value, not only the chart."""
    schema = '{"properties": {"replicas": {"maximum": 1}}}'
    found = chart_of(tmp_path, {"charts/chat/values.schema.json": schema})
    assert isinstance(found, Unrendered)
    assert "specifications of the schema" in found.reason
    assert "replicas" in found.reason
