"""What helm printed is kept by the content of all that it was given, and never for anything else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.render.test_tracings import FILES, RELEASES
from tests.render.trees import write
from tests.tools import tool
from trimtab.manifest import Tree
from trimtab.render import Rendered, Target, Tools, Workspace
from trimtab.render import workspace as module
from trimtab.render.fence import run


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the commands of helm that are run, as it happens."""
    seen: list[str] = []

    def noted(command: list[str], folder: Path) -> object:
        seen.append(command[2])
        return run(command, folder)

    monkeypatch.setattr(module, "run", noted)
    return seen


def rendered(root: Path, target: Target, cache: Path, *, again: bool = False) -> Rendered:
    """Return what a release becomes, in a workspace of its own."""
    tools = Tools(tool("helm"), tool("kustomize"), cache=str(cache / "traces"))
    with Workspace(root, Tree.read(root), tools) as workspace:
        found = workspace.again(target) if again else workspace.render(target)
    assert isinstance(found, Rendered)
    return found


def test_the_same_is_not_rendered_twice(tmp_path: Path, runs: list[str]) -> None:
    """A second run renders nothing that it was given before, but where it asks for another rendering."""
    root, cache = write(tmp_path / "repo", FILES), tmp_path / "cache"
    first = rendered(root, RELEASES[0], cache)

    assert rendered(root, RELEASES[0], cache) == first
    assert runs == ["first"]
    assert rendered(root, RELEASES[0], cache, again=True) == first
    assert runs == ["first", "first"]


@pytest.mark.parametrize("path", ["one.yaml", "c/values.yaml", "c/Chart.yaml", "c/templates/d.yaml"])
def test_whatever_is_changed_is_rendered_anew(tmp_path: Path, runs: list[str], path: str) -> None:
    """A file of values, the chart's own values and each of its files decide what is printed."""
    root, cache = write(tmp_path / "repo", FILES), tmp_path / "cache"
    rendered(root, RELEASES[0], cache)
    (root / path).write_text(FILES[path] + "\n# changed\n")

    rendered(root, RELEASES[0], cache)

    assert runs == ["first", "first"]


def test_what_a_release_says_itself_is_part_of_it(tmp_path: Path, runs: list[str]) -> None:
    """Another namespace, name or version of Kubernetes is another rendering."""
    root, cache = write(tmp_path / "repo", FILES), tmp_path / "cache"
    one = RELEASES[0]
    for target in (
        one,
        replace(one, namespace="other"),
        replace(one, release="x"),
        replace(one, kube_version="1.30.0"),
    ):
        rendered(root, target, cache)

    assert runs == ["first", "first", "x", "first"]
