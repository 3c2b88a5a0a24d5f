"""From a manifest to a pull request on GitHub and back by a comment, through the command line alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forges.fake_github import FakeGitHub
from tests.forges.manifests import MANIFEST
from tests.forges.server import TOKEN, Served, serve
from tests.forges.state import ForgeState, make_repository
from trimtab.cli.app import run


@pytest.fixture
def state(tmp_path: Path) -> ForgeState:
    """Return a repository in which a context does not fit its GPU: manifests alone tell."""
    return ForgeState(make_repository(tmp_path / "gitops.git", {"deploy.yaml": MANIFEST}))


@pytest.fixture
def served(state: ForgeState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Serve it as GitHub would, and configure it by its address."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("TRIMTAB_PACE", "0")
    with serve(tmp_path, FakeGitHub(state)) as ready:
        forge = f"{{kind: github, repository: acme/gitops, api_url: {ready.url}/api/v3}}"
        (tmp_path / "trimtab.yaml").write_text(
            f"clusters:\n  - {{name: eu}}\nrepositories:\n  - url: {ready.url}/gitops.git\n    forge: {forge}\n"
        )
        yield ready


def call(tmp_path: Path, *arguments: str) -> int:
    """Run a command with the configuration."""
    return run([*arguments, "--config", str(tmp_path / "trimtab.yaml")])


def test_proposed_explained_and_dismissed(
    served: Served,
    state: ForgeState,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """One pull request, an answer, a dismissal; no second write without news; no token in anything printed."""
    assert call(tmp_path, "run") == 0
    assert [pull.state for pull in state.all()] == ["open"]
    writes, calls = len(served.log.writes), len(served.log.calls)

    assert call(tmp_path, "run") == 0
    assert len(served.log.writes) == writes
    assert sum(".git/" not in one for one in served.log.calls[calls:]) <= 3

    for body in ("/trimtab explain", "/trimtab dismiss we need the long context"):
        comment = state.say(1, "ada", body)
        event = {
            "action": "created",
            "issue": {"number": 1, "pull_request": {}},
            "comment": {"id": comment.id},
            "repository": {"full_name": "acme/gitops"},
        }
        (tmp_path / "event.json").write_text(json.dumps(event))
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
        monkeypatch.setenv("GITHUB_EVENT_NAME", "issue_comment")
        assert call(tmp_path, "comment") == 0

    assert [pull.state for pull in state.all()] == ["closed"]
    assert call(tmp_path, "run") == 0
    assert call(tmp_path, "ledger", "verify") == 0
    capfd.readouterr()
    assert call(tmp_path, "ledger", "show", "--format", "json") == 0
    entries = json.loads(capfd.readouterr().out)["entries"]
    assert [entry["step"] for entry in entries] == ["proposed", "open", "command", "dismissed"]
    assert entries[-1]["actor"] == {"login": "ada", "id": 7}
    assert entries[-1]["note"] == "we need the long context"
    assert len(state.all()) == 1


def test_a_wrong_token_is_said_without_showing_it(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A token that the API does not take is exit 3, with what it needs, and is not printed."""
    monkeypatch.setenv("GITHUB_TOKEN", "wrong-and-secret")

    assert call(tmp_path, "run") == 3

    printed = capfd.readouterr()
    assert "Bad credentials" in printed.err
    assert "contents: write" in printed.err
    assert "wrong-and-secret" not in printed.err + printed.out
    assert served.log.writes == []
