from __future__ import annotations

from pathlib import Path

from tests.render.trees import APPLICATION, CHART, DEPLOYMENT, write
from tests.tools import tool
from trimtab.fleet import ObjectRef, Serving
from trimtab.manifest import Tree, inspect
from trimtab.render import Tools, Workspace, live_names


def named(root: Path) -> tuple[Serving, ...]:
    """Return the servings of a folder with what they become."""
    tree = Tree.read(root)
    with Workspace(root, tree, Tools(tool("helm"), tool("kustomize"))) as workspace:
        return live_names(inspect(tree).servings, workspace)


def test_a_plain_manifest_becomes_itself(tmp_path: Path) -> None:
    """A Deployment is the object of its own name."""
    (found,) = named(write(tmp_path, {"chat.yaml": DEPLOYMENT.replace("NAME", "chat")}))

    assert found.live_names == (ObjectRef("Deployment", "llm", "chat"),)
    assert found.live_names_by == "the object itself"


def test_a_chart_becomes_what_its_release_is_called(tmp_path: Path) -> None:
    """Values become the Deployment that rendering shows, with the annotations that the chart gives it."""
    files = {**CHART, "charts/chat/values-prod.yaml": "replicas: 4\n", "apps/support.yaml": APPLICATION}
    servings = named(write(tmp_path, files))

    assert {one.live_names for one in servings} == {(ObjectRef("Deployment", "prod", "support"),)}
    assert {one.live_names_by for one in servings} == {"rendered with helm"}
    assert all(one.annotations["trimtab.dev/intent"] == "chat" for one in servings)


def test_an_overlay_becomes_its_own_names(tmp_path: Path) -> None:
    """A prefix and a namespace of an overlay are part of the live name."""
    files = {
        "base/chat.yaml": DEPLOYMENT.replace("NAME", "chat"),
        "base/kustomization.yaml": "resources: [chat.yaml]\n",
        "eu/kustomization.yaml": "resources: [../base]\nnamePrefix: eu-\nnamespace: prod\n",
    }
    (found,) = named(write(tmp_path, files))

    assert found.live_names == (ObjectRef("Deployment", "prod", "eu-chat"),)
