"""A forge in bad weather: after two runs the same stands there as in good weather."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.server import Answer, Fault, Json
from tests.forges.state import git, heads, tip
from tests.publish.one_run import STYLE, Facts, found, whole_run
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import SERVED, Stage, stage
from trimtab.config import Limits
from trimtab.errors import ForgeError
from trimtab.publish import DASHBOARD, RateLimitedError, sync
from trimtab.publish.mark import UNFINISHED
from trimtab.record import Verified

FORGES = SERVED

NOW_S = 1_794_700_000
OK = Answer(200, {})
OURS, THEIRS = "/repos/acme/gitops", "/projects/acme%2Fgitops"
CREATE = {"github": f"POST {OURS}/pulls?", "gitlab": f"POST {THEIRS}/merge_requests?", "gitea": f"POST {OURS}/pulls?"}
LISTED = {"github": f"GET {OURS}/pulls?", "gitlab": f"GET {THEIRS}/merge_requests?", "gitea": f"GET {OURS}/pulls?"}
BOARD = {"github": f"POST {OURS}/issues?", "gitlab": f"POST {THEIRS}/issues?", "gitea": f"POST {OURS}/issues?"}


def finish(on: Stage) -> None:
    """Run to the end, from nothing but what stands on the forge."""
    whole_run(on.site(), on.ledger(), found(on.bare, Facts()))


def twice(on: Stage) -> None:
    """Run twice: the first one may give up, the second one may not."""
    with suppress(ForgeError):
        finish(on)
    on.log.faults.clear()
    finish(on)


def assert_whole(on: Stage, *, dashboards: int = 1) -> None:
    """Check that all stands once: two pull requests in their dress, their branches, the dashboard and the ledger."""
    pulls = on.forge.pulls()
    assert sorted(Counter(pull.branch for pull in pulls).values()) == [1, 1]
    branches = [name for name in heads(on.bare) if name.startswith("trimtab/")]
    assert sorted(branches) == sorted(pull.branch for pull in pulls)
    assert not any(UNFINISHED in pull.body for pull in pulls)
    assert all(on.state.get(pull.number).labels == STYLE.labels for pull in pulls)
    boards = [one for one in on.state.issues.values() if one.state == "open" and one.body.startswith(DASHBOARD)]
    assert len(boards) == dashboards
    assert isinstance(on.record.prove(), Verified)
    assert Counter(str(entry.step) for entry in on.record.entries()) == {"proposed": 2, "open": 2}


GATEWAY: Json = {"message": "Bad gateway"}
BUSY: Json = {"message": "Too many requests"}
LOST = [
    Fault("502 done", Answer(502, GATEWAY), effect=True),
    Fault("reset done", OK, effect=True, reset=True),
    Fault("401", Answer(401, {"message": "Bad credentials"}, (("x-ratelimit-limit", "60"),))),
]
FAILED = [
    *LOST,
    Fault("502", Answer(502, GATEWAY)),
    Fault("503 for long", Answer(503, "<html>unavailable"), times=9),
    Fault("reset", OK, reset=True),
    Fault("429", Answer(429, BUSY)),
    Fault("429 wait", Answer(429, BUSY, (("Retry-After", "0"),))),
    Fault("429 long", Answer(429, BUSY, (("Retry-After", "7200"),))),
    Fault("409", Answer(409, {"message": ["Another open merge request already exists"]})),
    Fault("no object", Answer(400, "what?")),
]
CASES = [((CREATE,), how) for how in FAILED] + [((BOARD, LISTED), how) for how in LOST]


@pytest.mark.parametrize(("calls", "how"), CASES, ids=[f"{how.match} {len(calls)}" for calls, how in CASES])
def test_a_call_fails(
    on: Stage, calls: tuple[dict[str, str], ...], how: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens to a call, whether or not it took effect, two runs later all stands once."""
    monkeypatch.setattr("trimtab.publish.pace.sleep", lambda _: None)
    on.log.faults += [replace(how, match=call[on.kind]) for call in calls]

    twice(on)

    assert_whole(on)


def refused(message: str, status: int = 403, *headers: tuple[str, str]) -> Answer:
    """Return a refusal as GitHub words it."""
    return Answer(status, {"message": message}, headers)


SHORT = [
    refused("You have exceeded a secondary rate limit."),
    refused("Resource not accessible by integration"),
    refused("Could not resolve to a node with the global id", 422),
]
REFUSALS = [
    *SHORT,
    refused("You have exceeded a secondary rate limit.", 403, ("Retry-After", "0")),
    refused("You have triggered an abuse detection mechanism."),
    refused("API rate limit exceeded", 403, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")),
    Answer(422, {"message": "Validation Failed", "errors": [{"message": "No commits between main and trimtab/x"}]}),
    Answer(422, {"message": "Validation Failed", "errors": [{"message": "A pull request already exists for a:x."}]}),
    refused("Not Found", 404),
]


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        *(("/pulls?", one) for one in REFUSALS),
        *((call, one) for call in ("/labels?", "/requested_reviewers?") for one in SHORT),
    ],
)
def test_github_declines_for_a_while(github: Stage, call: str, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub's own refusals of a write pass, and leave nothing double and nothing undone."""
    monkeypatch.setattr("trimtab.publish.pace.sleep", lambda _: None)
    github.log.faults.append(Fault(f"POST /repos/acme/gitops{call}" if call == "/pulls?" else call, answer))

    twice(github)

    assert_whole(github)


def test_without_issues_there_is_no_dashboard(on: Stage) -> None:
    """Where a repository has no issues all else is done."""
    gone = Answer(410, {"message": "Issues are disabled for this repo"})
    if isinstance(on.api, FakeGitLab):
        on.api.issues_enabled, gone = False, Answer(403, {"message": "403 Forbidden"})
    on.log.faults.append(Fault(BOARD[on.kind], gone, times=9))

    finish(on)

    assert_whole(on, dashboards=0)


def test_a_dashboard_that_the_token_may_not_write_is_an_error(on: Stage) -> None:
    """A token without rights to issues is said, with what it needs."""
    on.log.faults.append(Fault(BOARD[on.kind], Answer(403, {"message": "Resource not accessible by integration"})))

    with pytest.raises(ForgeError, match="not accessible") as error:
        finish(on)

    assert any(scope in error.value.hint for scope in ("issues: write", "`api`", "write:issue"))


@pytest.mark.parametrize("when", ["first", "later"])
def test_a_repository_that_was_renamed(on: Stage, when: str) -> None:
    """Reads and writes go to the new name, and nothing is opened twice."""
    if when == "later":
        finish(on)
    if isinstance(on.api, FakeGitHub):
        on.api.name = "acme/fleet"
    if isinstance(on.api, FakeGitLab):
        on.api.moved = True

    twice(on)

    assert_whole(on)


def test_a_repository_that_does_not_answer_at_its_new_address(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect that leads nowhere is told as one."""
    if on.kind == "gitea":
        pytest.skip("its redirects are followed as they come")
    monkeypatch.setattr("trimtab.publish.pace.sleep", lambda _: None)
    moved, new = Answer(405, {"message": "Non GET methods are not allowed for moved projects"}), f"GET {THEIRS}?"
    if isinstance(on.api, FakeGitHub):
        new = "GET /repositories/1?"
        moved = Answer(301, {"message": "Moved Permanently"}, (("Location", f"{on.url}/api/v3/repositories/1/pulls"),))
    listed = LISTED["gitlab" if isinstance(on.api, FakeGitLab) else "github"]
    on.log.faults += [Fault(listed, moved, times=4), Fault(new, Answer(404, {"message": "Not Found"}), times=4)]

    with pytest.raises(ForgeError, match="does not answer at"):
        on.forge.pulls()


def test_pages_that_change_while_they_are_read(on: Stage) -> None:
    """A pull request that moves to an earlier page while the pages are read is not opened again."""
    assert isinstance(on.api, FakeGitHub | FakeGitLab)
    finish(on)
    first, second = (pull.number for pull in on.forge.pulls())
    on.api.page = 1
    on.log.faults.append(Fault("page=2", OK, effect=True, meanwhile=lambda: on.state.close(first)))

    finish(on)
    finish(on)

    assert on.state.get(second).state == "open"
    assert [entry.step for entry in on.record.entries()] == ["proposed", "proposed", "open", "open", "dismissed"]


def protect(on: Stage, pattern: str) -> None:
    """Refuse pushes to some branches as a server's hook does."""
    hook = on.bare / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\ncase "$1" in {pattern}) echo "protected branch" >&2; exit 1;; esac\n')
    hook.chmod(0o755)


def test_a_protected_branch_holds_back_its_own_alone(on: Stage) -> None:
    """Where the push of one branch is refused it is said, and the others go on; afterwards it is opened."""
    branch = f"trimtab/surplus-replicas/{proposal(on.bare).id}"
    protect(on, f"refs/heads/{branch}")

    links = sync(on.site(), found(on.bare, Facts()), on.ledger(), Limits(), NOW_S)

    assert [link.note.split(":")[0] for link in links] == ["held", "opened"]
    assert "refused" in links[0].note
    protect(on, "nothing")
    finish(on)
    assert len(on.forge.pulls()) == 2


def test_a_branch_named_as_our_prefix_is_said(on: Stage) -> None:
    """A branch `trimtab` leaves no room for `trimtab/…`: that is said, and nothing breaks."""
    git(on.bare, "update-ref", "refs/heads/trimtab", tip(on.bare, "main"))

    links = sync(on.site(), found(on.bare, Facts()), on.ledger(), Limits(), NOW_S)

    assert all(link.note.startswith("held: ") and "name no branch trimtab" in link.note for link in links)
    assert on.forge.pulls() == ()
    git(on.bare, "update-ref", "-d", "refs/heads/trimtab")
    finish(on)
    assert len(on.forge.pulls()) == 2


def test_a_pull_request_in_a_merge_queue(github: Stage) -> None:
    """A branch that a merge queue holds is left alone, and its pull request stays."""
    finish(github)
    protect(github, "refs/heads/trimtab/*")

    links = sync(github.site(), found(github.bare, Facts("2", 1)), github.ledger(), Limits(), NOW_S)

    assert "refused" in links[0].note
    assert len(github.forge.pulls()) == 2


def test_graphql_answers_200_with_errors(github: Stage) -> None:
    """An App's token whose account cannot be asked is an error to read."""
    assert isinstance(github.api, FakeGitHub)
    github.api.app = True
    errors: Json = {"data": None, "errors": [{"type": "INTERNAL", "message": "Something went wrong"}]}
    github.log.faults.append(Fault("/graphql", Answer(200, errors), times=9))

    with pytest.raises(ForgeError, match="Something went wrong"):
        github.forge.whoami()


def test_a_push_whose_answer_got_lost(on: Stage) -> None:
    """A push that arrived although its answer did not is not made again."""
    on.address = on.over_http
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


def test_a_listing_that_is_late(github: Stage) -> None:
    """A listing that does not show the newest pull request yet leads to no second one."""
    finish(github)
    assert isinstance(github.api, FakeGitHub)
    github.api.lag = 1

    finish(github)

    assert_whole(github)
    assert len(github.record.entries()) == 4


@pytest.mark.parametrize(("base", "ours"), [({}, 1), ({"label": "acme:main"}, 0)])
def test_a_server_that_knows_of_no_forks(github: Stage, base: dict[str, Json], ours: int) -> None:
    """Where neither side tells whose it is it is ours; where only the base tells, the head's repository is gone."""
    sides: dict[str, Json] = {"head": {"ref": "trimtab/a/0123456789abcdef", "sha": "1" * 40}}
    sides["base"] = {"ref": "main", "sha": "2" * 40, **base}
    texts: dict[str, Json] = {"title": "A title", "body": "", "state": "open", "html_url": "", "draft": False}
    rest: dict[str, Json] = {"merged_at": None, "merge_commit_sha": None, "updated_at": None, "user": None}
    github.log.faults.append(Fault(LISTED["github"], Answer(200, [{"number": 1, **texts, **rest, **sides}])))

    assert len(github.forge.pulls()) == ours


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
