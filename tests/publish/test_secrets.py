"""No token is ever printed, written, or given as an argument: every output of every command is searched."""

from __future__ import annotations

import base64
import json
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.manifests import MANIFEST
from tests.forges.server import TOKEN, Answer, Api, Fault, Served, serve
from tests.forges.state import ForgeState, git, make_repository
from trimtab.cli.app import run

SPELLINGS = [TOKEN] + [base64.b64encode(f"{user}:{TOKEN}".encode()).decode() for user in ("x-access-token", "oauth2")]
"""How the token would look: plain, and as git sends it."""

SPY = """\
#!/bin/sh
echo "$@" >> "{log}"
[ "$1" = --git-dir ] && [ -f "$2/config" ] && cat "$2/config" >> "{log}"
exec "{git}" "$@"
"""
"""Stands before git: notes its arguments, which other users of a machine see, and its scratch repository's settings."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A forge, and the places where a token could turn up."""

    kind: str
    served: Served
    state: ForgeState
    root: Path

    def call(self, *arguments: str) -> int:
        """Run a command with the configuration."""
        return run([*arguments, "--config", str(self.root / "trimtab.yaml")])

    def said(self, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> str:
        """Return everything that was printed, logged, given to git, and written to branches and pull requests."""
        printed = capfd.readouterr()
        spied = (self.root / "spied").read_text()
        entries = git(self.state.bare, "log", "-p", "--all")
        bodies = [f"{pull.body}{[said.body for said in pull.comments]}" for pull in self.state.all()]
        boards = [board.body for board in self.state.issues.values()]
        assert "--git-dir" in spied
        return "".join((printed.out, printed.err, caplog.text, spied, entries, *bodies, *boards))


@pytest.fixture(params=["github", "gitlab"])
def watched(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Watched]:
    """Serve a repository with something to recommend, and listen to everything, at every level."""
    state = ForgeState(make_repository(tmp_path / "gitops.git", {"deploy.yaml": MANIFEST}))
    _spy_on_git(tmp_path, monkeypatch)
    monkeypatch.setenv(f"{request.param.upper()}_TOKEN", TOKEN)
    monkeypatch.setenv("TRIMTAB_PACE", "0")
    monkeypatch.setattr("trimtab.publish.pace.sleep", lambda _: None)
    caplog.set_level(logging.DEBUG)
    api: Api = FakeGitHub(state) if request.param == "github" else FakeGitLab(state)
    with serve(tmp_path, api) as served:
        address = f"{served.url}/api/v3" if request.param == "github" else served.url
        forge = f"{{kind: {request.param}, repository: acme/gitops, api_url: {address}}}"
        (tmp_path / "trimtab.yaml").write_text(
            f"clusters:\n  - {{name: eu}}\nrepositories:\n  - url: {served.url}/gitops.git\n    forge: {forge}\n"
        )
        yield Watched(request.param, served, state, tmp_path)


def _spy_on_git(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = root / "bin"
    folder.mkdir()
    spy = folder / "git"
    spy.write_text(SPY.format(log=root / "spied", git=shutil.which("git")))
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def _event(watched: Watched, comment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, event = {"full_name": "acme/gitops"}, watched.root / "event.json"
    issue = {"number": 1, "pull_request": {}}
    told = {"action": "created", "issue": issue, "comment": {"id": comment}, "repository": repository}
    event.write_text(json.dumps(told))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    monkeypatch.setenv("GITHUB_EVENT_NAME", "issue_comment")


def test_no_output_holds_the_token(
    watched: Watched,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every command that has a token keeps it to itself, in text and JSON."""
    for form in ((), ("--format", "json")):
        for command in (("scan",), ("run",), ("settle",), ("ledger", "verify"), ("ledger", "show")):
            assert watched.call(*command, *form) in {0, 3}
    said = watched.state.say(1, "ada", "/trimtab explain").id
    if watched.kind == "github":
        _event(watched, said, monkeypatch)
        assert watched.call("comment") == 0

    text = watched.said(capfd, caplog)
    assert not [spelling for spelling in SPELLINGS if spelling in text]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, {"message": f"no: Authorization: token {TOKEN}"}),
        Answer(422, {"message": "no", "errors": [{"message": f"private-token {TOKEN}"}]}),
        Answer(500, f"<html>{TOKEN}"),
        Answer(200, f"not what was asked for: {TOKEN}"),
    ],
    ids=["403", "422", "500", "200"],
)
def test_no_error_holds_the_token(
    watched: Watched, answer: Answer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A server that repeats what it was sent gets no token into a message."""
    watched.served.log.faults.append(Fault("acme", answer, times=99))

    assert watched.call("run") == 3

    text = watched.said(capfd, caplog)
    assert not [spelling for spelling in SPELLINGS if spelling in text]
