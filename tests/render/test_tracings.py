"""What was found out of a chart is kept: by content, for this user alone, and believed only where it fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.render.trees import write
from tests.tools import tool
from trimtab.manifest import Tree
from trimtab.render import Target, Tools, Workspace
from trimtab.render import tracings as module
from trimtab.render.tracing import Traced, trace
from trimtab.render.tracings import tracings_of

TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-gold}
spec:
  replicas: {{ .Values.howMany }}
  {{- if eq .Values.mode "serve" }}
  model: {{ .Values.brain }}
  {{- end }}
"""
CHART = {
    "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "c/values.yaml": "brain: Qwen/Qwen3-8B\nhowMany: 2\nmode: serve\ncards: 1\n",
    "c/templates/d.yaml": TEMPLATE,
}
RELEASES = (
    Target("helm", "c", "first", "llm", values_files=("one.yaml",)),
    Target("helm", "c", "second", "prod", values_files=("two.yaml",)),
)
FILES = {**CHART, "one.yaml": "brain: a/b\nhowMany: 4\n", "two.yaml": "brain: c/d\nhowMany: 5\n"}


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the releases that were traced by rendering, as it happens."""
    seen: list[str] = []

    def noted(workspace: Workspace, target: Target) -> object:
        seen.append(target.release)
        return trace(workspace, target)

    monkeypatch.setattr(module, "trace", noted)
    return seen


def traced(root: Path, targets: tuple[Target, ...], cache: Path | None = None) -> list[Traced]:
    """Return what is found out of releases in turn."""
    tools = Tools(tool("helm"), tool("kustomize"), cache=str(cache) if cache else "")
    with Workspace(root, Tree.read(root), tools) as workspace:
        found = [tracings_of(workspace).of(target) for target in targets]
    kept = [one for one in found if isinstance(one, Traced)]
    assert len(kept) == len(targets)
    return kept


def replicas(found: Traced) -> tuple[str, str, str]:
    """Return namespace, name and field that the count drives."""
    (field,) = found.drives["howMany",]
    return field.object.namespace, field.object.name, field.pointer


def test_releases_that_differ_in_figures_alone_are_traced_once(tmp_path: Path, traces: list[str]) -> None:
    """The second release has its own names in the answer, and nothing was rendered with marks for it."""
    write(tmp_path, FILES)
    first, second = traced(tmp_path, RELEASES)
    assert traces == ["first"]
    assert replicas(first) == ("", "first-gold", "/spec/replicas")
    assert replicas(second) == ("", "second-gold", "/spec/replicas")


def test_a_value_that_chooses_another_branch_is_traced_anew(tmp_path: Path, traces: list[str]) -> None:
    """An answer that does not fit what a release becomes is not believed."""
    write(tmp_path, {**FILES, "two.yaml": "mode: idle\nbrain: c/d\nhowMany: 5\n"})
    _, second = traced(tmp_path, RELEASES)
    assert traces == ["first", "second"]
    assert ("brain",) not in second.drives


def test_an_answer_is_kept_for_this_user_alone(tmp_path: Path, traces: list[str]) -> None:
    """The next run renders no marks; a changed template is traced again."""
    root, cache = write(tmp_path / "root", FILES), tmp_path / "cache"
    before = traced(root, RELEASES[:1], cache)
    assert traced(root, RELEASES[:1], cache) == before
    assert traces == ["first"]
    assert [one.stat().st_mode & 0o077 for one in cache.iterdir()] == [0]
    (root / "c/templates/d.yaml").write_text(TEMPLATE.replace("Values.howMany", "Values.cards"))
    (after,) = traced(root, RELEASES[:1], cache)
    assert traces == ["first", "first"]
    assert ("howMany",) in after.silent


@pytest.mark.parametrize("damage", [b"", b"{}", b"0\n[]", None])
def test_a_damaged_answer_is_made_anew(tmp_path: Path, traces: list[str], damage: bytes | None) -> None:
    """Whatever stands in the place of a kept answer, the chart itself is what is told."""
    root, cache = write(tmp_path / "root", FILES), tmp_path / "cache"
    before = traced(root, RELEASES[:1], cache)
    (place,) = cache.iterdir()
    place.write_bytes(place.read_bytes().replace(b"replicas", b"seplicas") if damage is None else damage)
    assert traced(root, RELEASES[:1], cache) == before
    assert traces == ["first", "first"]
