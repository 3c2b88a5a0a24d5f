"""Runs that are cut off, race, or meet a forge in bad weather end in the same state."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.fake_github import FakeGitHub
from tests.forges.server import Answer, Fault, Json
from tests.forges.state import git, tip
from tests.publish.one_run import found
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage, stage
from trimtab.config import Limits
from trimtab.errors import ForgeError
from trimtab.publish import RateLimitedError, sync
from trimtab.record import Verified, verify

ROOT = Path(__file__).resolve().parent.parent.parent
NOW_S = 1_794_700_000


@pytest.fixture(params=["github", "gitlab"])
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Return each served forge in turn."""
    with stage(request.param, tmp_path) as ready:
        yield ready


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Stage]:
    """Return GitHub alone, for what does not differ between forges."""
    with stage("github", tmp_path) as ready:
        yield ready


def begin(on: Stage, facts: str = "1", replicas: str = "2") -> subprocess.Popen[bytes]:
    """Start one run as a process."""
    script = [sys.executable, "-m", "tests.publish.one_run", str(on.root), on.url, on.kind, facts, replicas]
    return subprocess.Popen(script, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(on: Stage, facts: str = "1", replicas: str = "2") -> None:
    """Run to the end, from nothing but what stands on the forge."""
    sync(on.site(), found(on.bare, facts, int(replicas)), on.ledger(), Limits(), NOW_S)


def assert_whole(on: Stage, replicas: str = "2") -> None:
    """Check that there is one pull request for each proposal, no branch without one, and a whole ledger."""
    pulls = on.forge.pulls()
    assert sorted(Counter(pull.branch for pull in pulls).values()) == [1, 1]
    branches = git(on.bare, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/trimtab/").split()
    assert sorted(branches) == sorted(pull.branch for pull in pulls)
    chat = next(pull for pull in pulls if "chat" in pull.title)
    assert git(on.bare, "show", f"{chat.branch}:apps/chat.yaml") == f"replicas: {replicas}"
    repo = on.repo()
    repo.fetch("trimtab-ledger", blobs=True)
    assert isinstance(verify(repo, "trimtab-ledger"), Verified)
    entries = on.ledger().entries()
    heads = {pull.head for pull in pulls}
    assert heads <= {entry.head for entry in entries}
    assert Counter(entry.step for entry in entries)["proposed"] == 2


@pytest.mark.parametrize("write", range(1, 6))
def test_killed_after_a_write_the_next_run_finishes(github: Stage, write: int) -> None:
    """Killed after its Nth write, with newer facts afterwards, two runs later nothing is double or missing."""
    run = begin(github)
    github.log.kill_after, github.log.victim = write, lambda: run.pid
    run.communicate()
    assert run.returncode == -9
    github.log.kill_after = 0

    finish(github, facts="2")
    written = len(github.log.writes)
    finish(github, facts="3")

    assert_whole(github)
    assert Counter(entry.step for entry in github.ledger().entries())["open"] == 2
    assert len(github.log.writes) == written


@pytest.mark.parametrize("write", range(1, 4))
def test_killed_during_an_update(github: Stage, write: int) -> None:
    """Killed between record, push and text of an update, the next run finishes it."""
    finish(github)
    run = begin(github, "2", "1")
    github.log.kill_after, github.log.victim = len(github.log.writes) + write, lambda: run.pid
    run.communicate()
    assert run.returncode == -9
    github.log.kill_after = 0

    finish(github, "3", "1")

    assert_whole(github, "1")


@pytest.mark.parametrize("write", range(1, 7))
def test_killed_during_a_withdrawal(github: Stage, write: int) -> None:
    """Killed anywhere in a withdrawal, the next run leaves nothing open and no branch."""
    finish(github)
    run = begin(github, "2", "0")
    github.log.kill_after, github.log.victim = len(github.log.writes) + write, lambda: run.pid
    run.communicate()
    github.log.kill_after = 0

    finish(github, "3", "0")

    assert github.forge.pulls() == ()
    assert git(github.bare, "for-each-ref", "refs/heads/trimtab/") == ""
    assert Counter(entry.step for entry in github.ledger().entries()) == {"proposed": 2, "open": 2, "withdrawn": 2}


def test_runs_at_once(github: Stage) -> None:
    """Four runs with facts of their own open each pull request once."""
    runs = [begin(github, facts=str(number)) for number in range(4)]
    said = [run.communicate()[0].decode() for run in runs]
    assert [run.returncode for run in runs] == [0] * 4, "\n".join(said)

    finish(github, facts="9")

    assert_whole(github)


CREATE = {"github": "POST /repos/acme/gitops/pulls", "gitlab": "POST /projects/acme%2Fgitops/merge_requests"}


@pytest.mark.parametrize("effect", [True, False])
def test_an_answer_that_got_lost(on: Stage, effect: bool) -> None:  # a parameter of the test
    """A 502 on opening, whether or not it was opened, ends with one pull request."""
    on.log.faults.append(Fault(CREATE[on.kind], Answer(502, {"message": "Bad gateway"}), effect=effect))

    finish(on)

    assert_whole(on)


def test_a_push_whose_answer_got_lost(on: Stage) -> None:
    """A push that arrived although its answer did not is not made again."""
    on.log.faults.append(Fault("POST /gitops.git/git-receive-pack", Answer(502, ""), effect=True, times=2))

    finish(on)

    assert_whole(on)


def test_a_rate_limit_without_a_time_ends_the_run(github: Stage) -> None:
    """Without a time to wait for the run ends with its own exit code, and the next one goes github."""
    limit: Json = {"message": "You have exceeded a secondary rate limit."}
    github.log.faults.append(Fault(CREATE[github.kind], Answer(403, limit)))

    with pytest.raises(RateLimitedError):
        sync(
            github.site(),
            wanted(proposal(github.bare), proposal(github.bare, "code", 3)),
            github.ledger(),
            Limits(),
            NOW_S,
        )

    finish(github)
    assert_whole(github)


@pytest.mark.parametrize(
    "late",
    [
        {"message": "Validation Failed", "errors": [{"message": "No commits between main and trimtab/x"}]},
        {"message": "Validation Failed", "errors": [{"message": "A pull request already exists for acme:x."}]},
    ],
)
def test_a_forge_that_is_late(on: Stage, late: Json) -> None:
    """Refusals that pass are waited out, and one pull request stands."""
    on.log.faults.append(Fault(CREATE[on.kind], Answer(422 if on.kind == "github" else 409, late)))

    finish(on)

    assert_whole(on)


def test_a_listing_that_is_late(github: Stage) -> None:
    """A listing that does not show the newest pull request yet leads to no second one."""
    finish(github)
    assert isinstance(github.api, FakeGitHub)
    github.api.lag = 1

    finish(github)

    assert_whole(github)
    assert len(github.ledger().entries()) == 4


def test_pages_and_forks(github: Stage) -> None:
    """Pull requests on later pages are found, and a fork's branch of our name is not ours."""
    assert isinstance(github.api, FakeGitHub)
    assert github.state
    finish(github)
    branch = github.forge.pulls()[0].branch
    for number in range(12):
        git(github.bare, "update-ref", f"refs/heads/other/{number}", tip(github.bare, branch))
        github.state.create(f"other/{number}", "main", "Other", "")
    github.state.pulls[99] = replace(github.state.get(1), number=99, fork=True, author=("eve", 66))
    github.state.pulls[50] = replace(github.state.pulls.pop(2), number=50)
    github.api.page = 5

    assert sorted(pull.number for pull in github.forge.pulls()) == [1, 50]
    finish(github)
    assert sorted(pull.number for pull in github.forge.pulls()) == [1, 50]


def test_an_app_may_not_ask_who_it_is(github: Stage) -> None:
    """An App's token may not `GET /user`; its login comes from GraphQL."""
    assert isinstance(github.api, FakeGitHub)
    github.api.app = True

    assert github.forge.whoami().login == "trimtab-bot"


def test_declined_by_the_forge_is_said(on: Stage) -> None:
    """What a forge declines for one recommendation is said, and the others go on."""
    on.log.faults.append(Fault(CREATE[on.kind], Answer(422, {"message": "Title is too rude"})))

    chat, code = sync(on.site(), wanted(proposal(on.bare), proposal(on.bare, "code", 3)), on.ledger(), Limits(), NOW_S)

    assert chat.note.startswith("failed: ")
    assert "too rude" in chat.note
    assert code.note == "opened"


def test_a_remote_that_is_gone_is_an_error_to_read(tmp_path: Path) -> None:
    """A remote that does not answer is an error with git's own words."""
    with stage("local", tmp_path) as on:
        on.address = str(tmp_path / "nowhere.git")
        with pytest.raises(ForgeError, match="nowhere"):
            sync(on.site(), wanted(proposal(on.bare)), on.ledger(), Limits(), NOW_S)
