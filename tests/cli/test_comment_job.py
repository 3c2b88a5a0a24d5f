"""The job for a comment, from its event to its exit code, on GitHub and on GitLab, through the command line alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.test_comment import call
from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.manifests import MANIFEST
from tests.forges.server import TOKEN, Answer, Api, Fault, Log, serve
from tests.forges.state import BOT, ForgeState, git, make_repository
from tests.text.reading import acts


@dataclass(frozen=True, slots=True)
class Job:
    """A forge, and the events that it starts jobs with."""

    kind: str
    root: Path
    state: ForgeState
    log: Log
    patch: pytest.MonkeyPatch

    def say(self, body: str, login: str = "ada", number: int = 1) -> int:
        """Comment, run the job for it, and return its exit code."""
        return self.handle(self.state.say(number, login, body).id, number)

    def handle(self, comment: int, number: int = 1, *, inline: bool = False, **more: object) -> int:
        """Run the job for a comment with the event as the forge gives it, or with more in it."""
        file = self.root / "event.json"
        text = json.dumps((self._github if self.kind == "github" else self._gitlab)(comment, number) | more)
        file.write_text(text)
        name = "GITHUB_EVENT_PATH" if self.kind == "github" else "TRIGGER_PAYLOAD"
        self.patch.setenv(name, text if inline else str(file))
        self.patch.setenv("GITHUB_EVENT_NAME", "issue_comment")
        return call(self.root, "comment")

    def replies(self, number: int = 1) -> list[str]:
        """Return what the bot said."""
        return [said.body for said in self.state.get(number).comments if said.login == BOT]

    def _github(self, comment: int, number: int) -> dict[str, object]:
        return {
            "action": "created",
            "issue": {"number": number, "pull_request": {}},
            "comment": {"id": comment, "user": {"login": "ada", "id": 7}, "author_association": "OWNER"},
            "repository": {"full_name": "acme/gitops"},
        }

    def _gitlab(self, comment: int, number: int) -> dict[str, object]:
        return {
            "object_kind": "note",
            "user": {"id": 7, "username": "ada"},
            "object_attributes": {"id": comment, "noteable_type": "MergeRequest", "action": "create"},
            "merge_request": {"iid": number},
            "project": {"path_with_namespace": "acme/gitops"},
        }


@pytest.fixture(params=["github", "gitlab"])
def job(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    """Return each forge with one open pull request that a run made."""
    kind = request.param
    state = ForgeState(make_repository(tmp_path / "gitops.git", {"deploy.yaml": MANIFEST}))
    api: Api = FakeGitHub(state) if kind == "github" else FakeGitLab(state)
    monkeypatch.setenv(f"{kind.upper()}_TOKEN", TOKEN)
    monkeypatch.setenv("TRIMTAB_PACE", "0")
    for name in ("GITHUB_EVENT_PATH", "TRIGGER_PAYLOAD"):
        monkeypatch.delenv(name, raising=False)
    with serve(tmp_path, api) as ready:
        address = f"{ready.url}/api/v3" if kind == "github" else ready.url
        (tmp_path / "trimtab.yaml").write_text(
            f"clusters:\n  - {{name: eu}}\nrepositories:\n  - url: {ready.url}/gitops.git\n"
            f"    forge: {{kind: {kind}, repository: acme/gitops, api_url: {address}}}\n"
        )
        assert call(tmp_path, "run") == 0
        yield Job(kind, tmp_path, state, ready.log, monkeypatch)


def test_a_rollback_opens_its_revert_in_the_same_job(job: Job) -> None:
    """What was merged is asked back: the revert is open, linked in the one reply, and made of no words of a person."""
    job.state.merge(1)

    assert job.say("/trimtab rollback Slow at night. @ada closes #1 {{ 7*7 }} Signed-off-by: Eve <eve@x.example>") == 0

    (reply,) = job.replies()
    revert = max(job.state.all(), key=lambda pull: pull.number)
    assert revert.state == "open"
    assert revert.number > 1
    assert re.search(rf"Outcome of the way back: opened \(\[pull request\]\(http\S+/{revert.number}\)\)", reply)
    assert "Slow at night" in reply
    assert acts(reply.split("Outcome")[0]) == []
    assert "@ada" not in revert.title + revert.body
    assert "closes #1" not in revert.title + revert.body
    message = git(job.state.bare, "log", "-1", "--format=%(trailers)", revert.branch)
    assert "Signed-off-by" not in message
    assert "Trimtab-Recommendation" in message
    diff = git(job.state.bare, "diff", "main", revert.branch)
    assert '+          args: ["--model=meta-llama/Llama-3.1-8B-Instruct", "--max-model-len=131072"]' in diff


def test_exit_codes_tell_what_the_job_should_do(job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    """Handled, refused and passed over are 0; a forge that does not answer is 3; no token is ever printed."""
    assert job.say("/trimtab help") == 0
    assert job.say("/trimtab approve", "eve") == 0
    assert job.say("Nice work.") == 0
    assert job.handle(424242) == 0
    assert job.handle(9001, 77) == 0

    comment = job.state.say(1, "ada", "/trimtab dismiss x").id
    said = {"message": "Resource not accessible by integration"}
    job.log.faults.append(Fault("permission" if job.kind == "github" else "members", Answer(403, said), times=1))
    assert job.handle(comment) == 3
    assert job.state.get(1).state == "open"
    assert job.handle(comment) == 0
    assert job.state.get(1).state == "closed"

    printed = capfd.readouterr()
    assert TOKEN not in printed.out + printed.err
    assert "Traceback" not in printed.err


def test_a_payload_is_only_a_pointer(job: Job) -> None:
    """Whoever it says wrote the comment, whatever it says they may: what the forge says counts."""
    comment = job.state.say(1, "eve", "/trimtab dismiss x").id

    assert job.handle(comment, sender={"login": "ada", "id": 7}, user={"id": 7, "username": "ada"}) == 0

    assert job.state.get(1).state == "open"
    assert "write permission" in job.replies()[0]


@pytest.mark.parametrize("job", ["gitlab"], indirect=True)
def test_gitlab_gives_the_payload_as_a_file_or_as_text(job: Job) -> None:
    """A variable of type file holds a path; any other holds the payload."""
    comment = job.state.say(1, "ada", "/trimtab help").id

    assert job.handle(comment, inline=True) == 0

    assert len(job.replies()) == 1


def test_no_word_of_a_comment_is_a_command_to_the_runner(job: Job, capfd: pytest.CaptureFixture[str]) -> None:
    """What is printed of a reason starts no line, and holds no older mark of a command."""
    assert job.say("/trimtab dismiss ::add-mask::x ##[add-mask]y \x1b[31m") == 0

    printed = capfd.readouterr().out
    assert "##[" not in printed
    assert "\x1b" not in printed
    assert not any(line.lstrip().startswith("::") for line in printed.splitlines())
