from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.render.test_tracing import CHART
from tests.render.trees import write
from tests.tools import tool
from trimtab.cli.app import run

RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: support, namespace: llm}
spec:
  chart: {spec: {chart: c, version: "*", sourceRef: {kind: HelmRepository, name: acme}}}
  values:
    context: "4096"   # enough for support
    brain: Qwen/Qwen3-4B
"""


SUBJECT = "release.yaml#HelmRelease/llm/support/server"


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """Return a repository with a release, and a folder that holds its chart."""
    tool("helm")
    root, shelf = tmp_path / "root", tmp_path / "shelf"
    write(root, {"release.yaml": RELEASE})
    write(shelf, CHART)
    return root, shelf


def test_the_value_behind_a_rendered_setting_is_edited_where_it_wins(
    places: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """One value of the release changes and nothing else of the file, and the same edit again changes nothing."""
    root, shelf = places
    assert run(["inspect", str(root), "--format", "json", "--render", "--charts", str(shelf)]) == 0
    assert [one["subject"] for one in json.loads(capsys.readouterr().out)["servings"]] == [SUBJECT]
    command = ["edit", str(root), "--render", "--charts", str(shelf), "--subject", SUBJECT]
    for _ in range(2):
        assert run([*command, "--set", "max_model_len=2048", "--write"]) == 0
        assert (root / "release.yaml").read_text() == RELEASE.replace("4096", "2048")


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("gpu_memory_utilization=0.5", "no single value of the chart was seen to drive"),
        ("max_model_len=2048", "not in this repository"),
    ],
)
def test_what_cannot_be_traced_or_proven_is_refused(
    places: tuple[Path, Path], capsys: pytest.CaptureFixture[str], setting: str, reason: str
) -> None:
    """A setting of the chart's own defaults, one that stands nowhere, and a chart not at hand leave the file alone."""
    root, shelf = places
    charts = [] if "repository" in reason else ["--charts", str(shelf)]
    assert run(["edit", str(root), "--render", *charts, "--subject", SUBJECT, "--set", setting, "--write"]) == 4
    assert reason in capsys.readouterr().err
    assert (root / "release.yaml").read_text() == RELEASE


def test_a_value_that_drives_another_setting_too_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One value behind two settings cannot be changed for one of them alone."""
    tool("helm")
    template = CHART["c/templates/d.yaml"].replace("replicas: {{ .Values.howMany }}", "replicas: {{ .Values.cards }}")
    write(tmp_path, {**CHART, "c/templates/d.yaml": template})
    assert run(["inspect", str(tmp_path), "--format", "json", "--render"]) == 0
    (serving,) = json.loads(capsys.readouterr().out)["servings"]
    command = ["edit", str(tmp_path), "--render", "--subject", serving["subject"], "--set", "replicas=3"]
    assert run(command) == 4
    assert "would change, too" in capsys.readouterr().err
