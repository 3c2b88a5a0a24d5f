"""Tokens that may not do what is needed: told before anything is written, with what lacks and where it is set."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.forges import fake_github
from tests.forges.fake_github import FakeGitHub
from tests.forges.server import TOKEN, Answer, Fault
from tests.forges.state import BOT
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage
from trimtab.config import Limits
from trimtab.errors import UsageError
from trimtab.publish import sync
from trimtab.publish.github import GitHub
from trimtab.publish.gitlab import GitLab
from trimtab.publish.pace import Kind, Pace
from trimtab.publish.tokens import check_repository, check_scopes
from trimtab.publish.trouble import trouble_of
from trimtab.recommendation import Link

NOW_S = 1_794_700_000
SELF = "GET /personal_access_tokens/self"


def publish(on: Stage) -> tuple[Link, ...]:
    """Publish one proposal, with a check of the token as a configured site has it."""
    assert isinstance(on.forge, GitHub | GitLab)
    site = replace(on.site(), check=on.forge.check)
    return sync(site, wanted(proposal(on.bare)), on.ledger(), Limits(), NOW_S)


def fake(on: Stage) -> FakeGitHub:
    """Return the server."""
    assert isinstance(on.api, FakeGitHub)
    return on.api


@pytest.mark.parametrize("scopes", ["repo", "public_repo, read:org", "workflow, repo"])
def test_a_classic_token_with_the_scope(github: Stage, scopes: str) -> None:
    """A token that names the scope works."""
    fake(github).scopes = scopes

    assert publish(github)[0].note == "opened"


def test_a_classic_token_without_the_scope(github: Stage) -> None:
    """The first reading tells that the scope lacks; nothing is written."""
    fake(github).scopes = "gist, read:org"

    with pytest.raises(UsageError, match="lacks the scope `repo`: it has gist, read:org") as error:
        publish(github)

    assert "github.com/settings/tokens" in error.value.hint
    assert github.untouched


@pytest.mark.parametrize(
    ("token", "scopes", "passes"),
    [
        ("ghp_classic", [""], False),
        ("github_pat_fine", [""], True),
        ("ghs_app", [], True),
        ("of-an-enterprise", ["repo"], True),
    ],
)
def test_only_tokens_with_scopes_are_judged_by_them(token: str, scopes: list[str], passes: bool) -> None:
    """A classic token without a scope may do nothing; other kinds have none to name."""
    if passes:
        check_scopes(token, scopes)
        return
    with pytest.raises(UsageError, match="it has none"):
        check_scopes(token, scopes)


def test_a_server_that_names_no_scopes(github: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the header is not there at all nothing is known of the scopes, and a classic token passes."""
    monkeypatch.setattr(fake_github, "TOKEN", "ghp_classic")
    fake(github).scopes = ""

    assert GitHub("acme/gitops", "ghp_classic", Pace(0), f"{github.url}/api/v3").pulls() == ()


def test_an_account_that_may_only_read(github: Stage) -> None:
    """Where the account has no role to write with it is said before anything is written."""
    github.state.levels[BOT] = "read"

    with pytest.raises(UsageError, match="may only read acme/gitops") as error:
        publish(github)

    assert "Write" in error.value.hint
    assert github.untouched


def test_an_archived_repository(github: Stage) -> None:
    """An archived repository is told as one."""
    fake(github).archived = True

    with pytest.raises(UsageError, match="acme/gitops is archived"):
        publish(github)

    assert github.untouched


def test_an_app_has_no_role() -> None:
    """GitHub says of an App's token that it has no role, which means nothing."""
    check_repository("ghs_app", {"full_name": "a/b", "permissions": {"push": False}})
    with pytest.raises(UsageError):
        check_repository("ghp_person", {"full_name": "a/b", "permissions": {"push": False}})


def test_a_server_that_tells_nothing(github: Stage) -> None:
    """Where the server does not answer the question, what is written tells."""
    github.log.faults.append(Fault("GET /repos/acme/gitops?", Answer(404, {"message": "Not Found"})))

    assert publish(github)[0].note == "opened"


def test_a_quiet_run_does_not_ask(github: Stage) -> None:
    """What a token may do is asked only before something is written."""
    publish(github)
    asked = len(github.log.calls)

    publish(github)

    assert "GET /repos/acme/gitops" not in github.log.calls[asked:]


@pytest.mark.parametrize(
    ("answer", "opens"),
    [
        (Answer(200, {"scopes": ["api", "write_repository"]}), True),
        (Answer(404, {"message": "404 Not found"}), True),
        (Answer(401, {"message": "401 Unauthorized"}), True),
        (Answer(200, ["what"]), True),
        (Answer(200, {"scopes": ["read_api", "write_repository"]}), False),
    ],
)
def test_scopes_of_gitlab(gitlab: Stage, answer: Answer, opens: bool) -> None:
    """A token that tells its scopes must have `api`; a job's token tells none, and is tried."""
    gitlab.log.faults.append(Fault(SELF, answer))

    if opens:
        assert publish(gitlab)[0].note == "opened"
        return
    with pytest.raises(UsageError, match="lacks the scope `api`: it has read_api, write_repository"):
        publish(gitlab)
    assert gitlab.untouched


def test_what_a_forbidden_call_needs_is_said() -> None:
    """GitHub names the permission that a call needs; the hint repeats it."""
    said = {"message": "Resource not accessible by personal access token"}

    trouble = trouble_of(403, said, {"X-Accepted-GitHub-Permissions": "pull_requests=write"}, 0.0)

    assert trouble.kind is Kind.NO
    assert trouble.hint.startswith("this call needs pull_requests=write; GITHUB_TOKEN needs `contents: write`")


def test_a_limit_that_graphql_tells_is_one() -> None:
    """GraphQL answers 200 with an error where it has a limit; it waits as any other."""
    errors = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]}

    assert trouble_of(400, errors, {"Retry-After": "3"}, 0.0).kind is Kind.WAIT


def test_a_forbidden_write_says_what_it_needs(github: Stage) -> None:
    """What is declined for one recommendation comes with what the token needs."""
    forbidden = Answer(
        403,
        {"message": "Resource not accessible by integration"},
        (("X-Accepted-GitHub-Permissions", "pull_requests=write"),),
    )
    github.log.faults.append(Fault("POST /repos/acme/gitops/pulls?", forbidden, times=9))

    assert "this call needs pull_requests=write" in publish(github)[0].note


def test_the_check_is_that_of_the_forge(github: Stage) -> None:
    """A client of its own checks its own token."""
    client = GitHub("acme/gitops", TOKEN, Pace(0), f"{github.url}/api/v3")

    client.check()

    assert github.log.calls == ["GET /repos/acme/gitops"]
