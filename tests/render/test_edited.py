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
        ("swap_space=4", "no single value of the chart was seen to drive"),
        ("max_model_len=2048", "not in this repository"),
    ],
)
def test_what_cannot_be_traced_or_proven_is_refused(
    places: tuple[Path, Path], capsys: pytest.CaptureFixture[str], setting: str, reason: str
) -> None:
    """A setting that nothing drives, and a chart not at hand leave the file alone."""
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


def test_a_default_of_a_chart_elsewhere_is_overridden_in_the_release(
    places: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """What only the chart's package says is put below the release's own values, once, in their style."""
    root, shelf = places
    command = ["edit", str(root), "--render", "--charts", str(shelf), "--subject", SUBJECT]
    for _ in range(2):
        assert run([*command, "--set", "gpu_memory_utilization=0.5", "--write"]) == 0
        assert (root / "release.yaml").read_text() == f"{RELEASE}    share: 0.5\n"
    assert capsys.readouterr().out.count("+    share: 0.5") == 1


UMBRELLA = {
    **{path.replace("c/", "u/charts/c/", 1): text for path, text in CHART.items()},
    "u/Chart.yaml": "apiVersion: v2\nname: u\nversion: 1.0.0\n"
    "dependencies: [{name: c, alias: engine, version: 1.0.0, condition: engine.enabled}]\n",
    "u/values.yaml": "# ours\nengine:\n  context: '4096'\nother: {}\n",
}


def test_a_default_below_an_umbrella_is_overridden_in_the_umbrella(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings that only a part's own defaults say are editable: the umbrella's values gain them, by alias."""
    tool("helm")
    write(tmp_path, UMBRELLA)
    assert run(["inspect", str(tmp_path), "--format", "json", "--render"]) == 0
    found = json.loads(capsys.readouterr().out)["servings"]
    (serving,) = [one for one in found if one["path"] == "u/values.yaml"]
    assert serving["settings"]["max_model_len"]["path"] == "u/values.yaml"
    replicas = serving["settings"]["replicas"]
    assert (replicas["path"], replicas["value"], replicas["editable"]) == ("u/charts/c/values.yaml", 2, True)
    command = ["edit", str(tmp_path), "--render", "--subject", serving["subject"]]
    for _ in range(2):
        assert run([*command, "--set", "replicas=3", "--set", "max_model_len=2048", "--write"]) == 0
        assert (tmp_path / "u/values.yaml").read_text() == (
            "# ours\nengine:\n  context: '2048'\n  howMany: 3\nother: {}\n"
        )
    assert (tmp_path / "u/charts/c/values.yaml").read_text() == CHART["c/values.yaml"]


def test_a_request_above_its_limit_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Values that a cluster would not take together are not written one by one."""
    tool("helm")
    old, new = (
        "limits: {nvidia.com/gpu:",
        "requests: {cpu: {{ .Values.low }}}, limits: {cpu: {{ .Values.top }}, nvidia.com/gpu:",
    )
    files = {**CHART, "c/templates/d.yaml": CHART["c/templates/d.yaml"].replace(old, new)}
    write(tmp_path, {**files, "c/values.yaml": f"{CHART['c/values.yaml']}low: 4\ntop: 8\n"})
    assert run(["inspect", str(tmp_path), "--format", "json", "--render"]) == 0
    (serving,) = json.loads(capsys.readouterr().out)["servings"]
    command = ["edit", str(tmp_path), "--render", "--subject", serving["subject"]]
    assert run([*command, "--set", "cpu_request=12"]) == 4
    assert "above `cpu_limit`" in capsys.readouterr().err
    assert run([*command, "--set", "cpu_request=12", "--set", "cpu_limit=12"]) == 0
