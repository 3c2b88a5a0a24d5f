"""`trimtab init --pull-request` against forges on loopback."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forges.server import TOKEN
from tests.forges.state import commit_to, git
from tests.publish.stages import SERVED, Stage, stage
from trimtab.cli.app import run
from trimtab.gitio import TOKENS
from trimtab.publish.onboarding import ONBOARDING

SERVING = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: "chat<b>", namespace: llm}
spec:
  template:
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.11.0
          args: [--model=org/model, --max-model-len=4096]
          resources: {limits: {nvidia.com/gpu: 2}}
"""
WRITTEN = {
    "github": ["trimtab.yaml", ".github/workflows/trimtab.yml"],
    "gitlab": ["trimtab.yaml", ".gitlab/trimtab.yml", ".gitlab-ci.yml"],
    "gitea": ["trimtab.yaml"],
}


@pytest.fixture(params=SERVED)
def forge(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A served forge, its token in the environment, and no job around."""
    monkeypatch.delenv("CI", raising=False)
    for name, _ in TOKENS.values():
        monkeypatch.setenv(name, TOKEN)
    monkeypatch.setenv("TRIMTAB_PACE", "0")
    with stage(str(request.param), tmp_path) as served:
        (tmp_path / "acme").mkdir()
        (tmp_path / "acme" / "gitops.git").symlink_to(served.bare)
        commit_to(served.bare, "main", {"chat.yaml": SERVING}, "Serve")
        yield served


def checkout(forge: Stage) -> Path:
    """Return a clone whose origin is the forge, with a secret in its address as some runners leave it."""
    folder = forge.root / "checkout"
    git(forge.root, "clone", "-q", str(forge.bare), str(folder))
    git(folder, "remote", "set-url", "origin", forge.url.replace("://", "://user:in-the-address@") + "/acme/gitops.git")
    return folder


def init(forge: Stage, folder: Path, *arguments: str) -> int:
    """Run the command for this forge."""
    return run(["init", str(folder), "--forge", forge.kind, *arguments])


def test_it_says_what_it_does_and_found(forge: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """The pull request brings the files, and says what merging does, what was recognised, and what is left to do."""
    folder = checkout(forge)

    code = init(forge, folder, "--pull-request", "--format", "json")

    said = capsys.readouterr()
    (pull,) = forge.site().forge.pulls(ONBOARDING)
    brought = git(forge.bare, "diff", "--name-only", "main", ONBOARDING).splitlines()
    assert code == 0
    assert json.loads(said.out)["pull_request"] == pull.url
    assert sorted(brought) == sorted(WRITTEN[forge.kind])
    assert not (folder / "trimtab.yaml").exists()
    assert "mode: report" in pull.body
    assert "| `org/model` | 2 |" in pull.body
    assert "No Prometheus was given" in pull.body
    assert "<b>" not in pull.body.replace("`chat.yaml#Deployment/llm/chat<b>/vllm`", "")
    everything = said.out + said.err + pull.body + git(forge.bare, "show", f"{ONBOARDING}:trimtab.yaml")
    assert TOKEN not in everything
    assert "in-the-address" not in everything


def test_a_prometheus_that_does_not_answer_is_said(forge: Stage) -> None:
    """The first scan goes on without metrics, and the pull request says why they are missing."""
    init(forge, checkout(forge), "--pull-request", "--prometheus", "http://127.0.0.1:9")

    (pull,) = forge.site().forge.pulls(ONBOARDING)
    assert "`http://127.0.0.1:9` was asked about the last week. Not read: " in pull.body
    assert "Give the address of Prometheus" not in pull.body


def test_again_changes_nothing(forge: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """A second call finds the same pull request; after a close it says so and opens none."""
    folder = checkout(forge)
    init(forge, folder, "--pull-request")
    writes = list(forge.log.writes)

    assert init(forge, folder, "--pull-request") == 0
    assert forge.log.writes == writes
    forge.people.close(forge.site().forge.pulls(ONBOARDING)[0].number)
    assert init(forge, folder, "--pull-request") == 0
    assert forge.log.writes == writes
    assert "no pull request: " in capsys.readouterr().out


def test_what_the_base_has_is_not_brought(forge: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """A repository that lacks one of the files gets that, and one that has all gets no pull request."""
    *others, last = WRITTEN[forge.kind]
    commit_to(forge.bare, "main", dict.fromkeys(others, "mine\n"), "Have some")
    folder = checkout(forge)
    init(forge, folder, "--pull-request")
    brought = git(forge.bare, "diff", "--name-only", "main", ONBOARDING).splitlines()

    assert brought == [last]
    commit_to(forge.bare, "main", {last: "mine\n"}, "Have all")
    capsys.readouterr()
    assert init(forge, folder, "--pull-request") == 0
    assert "has all of it" in capsys.readouterr().out


def test_in_a_job_with_a_token_it_is_the_default(forge: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """In continuous integration nobody would see files that are written, so a pull request is opened."""
    folder = checkout(forge)
    monkeypatch.setenv("CI", "true")

    assert init(forge, folder) == 0
    assert [pull.branch for pull in forge.site().forge.pulls(ONBOARDING)] == [ONBOARDING]
    assert init(forge, folder, "--no-pull-request") == 0
    assert (folder / "trimtab.yaml").exists()


def test_without_a_token_nothing_is_tried(forge: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The missing token is named before anything is asked."""
    folder = checkout(forge)
    for name, _ in TOKENS.values():
        monkeypatch.delenv(name)
    asked = list(forge.log.calls)

    assert init(forge, folder, "--pull-request") == 2
    assert forge.log.calls == asked


def test_no_forge_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an origin there is nowhere to open it."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    assert run(["init", str(tmp_path), "--pull-request"]) == 2
    assert "cannot be told where" in capsys.readouterr().err
