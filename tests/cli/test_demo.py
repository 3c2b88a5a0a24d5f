from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from tests.tools import tool
from trimtab.cli.app import run

FOUND = {
    "legal/contract-review": "out-of-memory-risk",
    "office/mail-triage": "kv-cache-pressure",
    "agents/coder-agent": "starved-gpu",
    "chat/support-chat": "oversized-gpu",
    "writing/writing-qwen8b-deployment-vllm": "surplus-replicas",
    "travel/planner": "oversharded-model",
    "office/faq-bot": "idle-replica",
}
"""What each workload of the demo was written to show, by the rule that sees it."""

QUIET = {
    "research/long-reader": "oversized-gpu",
    "batch/nightly-summaries": "starved-gpu",
    "chat/failover-chat": "idle-replica",
    "research/experiments": "idle-replica",
    "translate/translator-predictor": "surplus-replicas",
}
"""The look-alikes, by the rule that says why it is silent."""


@dataclass(frozen=True, slots=True)
class Made:
    """The demo's folder after its first run, what that printed as JSON, and what a scan of its facts does."""

    root: Path
    said: str
    scan: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The demo, with the real helm and kustomize."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TRIMTAB_HELM", tool("helm"))
        environment.setenv("TRIMTAB_KUSTOMIZE", tool("kustomize"))
        root = tmp_path_factory.mktemp("made") / "demo"
        yield Made(root, printed("demo", "--dir", str(root)), scan_of(root))


@pytest.fixture
def demo(made: Made, tmp_path: Path) -> Path:
    """A copy of its folder, to change."""
    return shutil.copytree(made.root, tmp_path / "demo")


def printed(*words: str) -> str:
    """Return what a command that ends well prints as JSON."""
    with redirect_stdout(StringIO()) as out:
        assert run([*words, "--format", "json"]) == 0
    return out.getvalue()


def scan_of(root: Path) -> str:
    """Return what a scan of a demo's facts prints."""
    return printed("scan", "--config", str(root / "trimtab.yaml"), "--facts", str(root / "facts"))


def test_every_planted_fault_is_found_and_opened(made: Made) -> None:
    """Each workload gets the recommendation it was written for, and a pull request with it."""
    document = json.loads(made.scan)

    found = {
        f"{one['subject']['namespace']}/{one['subject']['name']}": one["rule"]
        for one in document["recommendations"]
        if one["changes"]
    }
    assert found == FOUND
    assert len(list((made.root / "pull-requests").glob("[0-9]*.md"))) == len(FOUND)


def test_every_look_alike_has_its_silence(made: Made) -> None:
    """What looks like waste and is none is said to have been looked at, with the reason."""
    document = json.loads(made.scan)

    silent = {
        (f"{one['subject'].get('namespace')}/{one['subject']['name']}", one["rule"]) for one in document["silences"]
    }
    assert set(QUIET.items()) <= silent


def test_same_facts_give_the_same_bytes(made: Made) -> None:
    """Two scans of the recorded week print the same document."""
    assert scan_of(made.root) == made.scan


def test_merged_pull_requests_are_followed_to_their_outcome(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One merge becomes actuated when the cluster runs it; its promise is verified a week later."""
    numbers = {
        path.read_text(encoding="utf-8").partition("branch: trimtab/")[2].partition("/")[0]: int(path.stem)
        for path in (demo / "pull-requests").glob("[0-9]*.md")
    }
    capsys.readouterr()

    first = run(["demo", "--dir", str(demo), "--merge", str(numbers["oversized-gpu"])])
    then = capsys.readouterr().out
    second = run(["demo", "--dir", str(demo), "--merge", str(numbers["surplus-replicas"])])
    later = capsys.readouterr().out

    assert (first, second) == (0, 0)
    assert "approved" in then
    assert "actuated" in then
    assert "verified" in later
    assert run(["ledger", "verify", "--config", str(demo / "trimtab.yaml")]) == 0


def test_a_pull_request_is_merged_once(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Merging the same one again is a message, and no week passes."""
    run(["demo", "--dir", str(demo), "--merge", "1"])

    code = run(["demo", "--dir", str(demo), "--merge", "1"])

    assert code == 2
    assert "pull request 1 is merged already" in capsys.readouterr().err


def test_demo_needs_no_helm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without helm and kustomize the plain manifests get their pull requests, and the others a reason."""
    monkeypatch.setenv("TRIMTAB_HELM", str(tmp_path / "none"))
    monkeypatch.setenv("TRIMTAB_KUSTOMIZE", str(tmp_path / "none"))

    code = run(["demo", "--dir", str(tmp_path / "demo")])

    said = capsys.readouterr().out
    assert code == 0
    assert "support-chat: L40S instead of H100" in said
    assert "helm" in said


def test_somebody_s_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The demo never unpacks over files that are not its own."""
    (tmp_path / "mine.txt").write_text("mine")

    code = run(["demo", "--dir", str(tmp_path)])

    assert code == 4
    assert "nothing was touched" in capsys.readouterr().err


def test_json_is_one_document_with_the_way_on(made: Made, demo: Path) -> None:
    """With --format json stdout is one document that names the files and the pull request to merge first."""
    first = json.loads(made.said)
    merged = json.loads(printed("demo", "--dir", str(demo), "--merge", str(first["merge_first"])))

    assert first["schema"] == "trimtab/demo/v1"
    assert all(Path(pull["path"]).is_file() for pull in first["pull_requests"])
    assert [step["state"] for step in merged["steps"]] == ["approved", "actuated"]
