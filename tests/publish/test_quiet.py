"""A run without news: it writes nothing, and asks a forge twice beside the pages of what is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.server import TOKEN
from tests.forges.state import Pull, git, tip
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage, stage
from trimtab.config import Limits
from trimtab.fleet import Unknown
from trimtab.life import Draft, State
from trimtab.publish import DASHBOARD, Chat, answer_all, read_board, sync, write_board
from trimtab.publish.drafts import drafted
from trimtab.publish.forge import Forge
from trimtab.publish.github import GitHub
from trimtab.publish.gitlab import GitLab
from trimtab.publish.mark import branch_of
from trimtab.publish.pace import Pace
from trimtab.publish.site import Standing
from trimtab.recommendation import Link, Proposal

NOW_S = 1_794_700_000
NO_LIMITS = Limits()
SIZE = 5
"""Pull requests on a page of the fakes."""


@pytest.fixture(params=["github", "gitlab"])
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Return each served forge in turn, with short pages."""
    with stage(request.param, tmp_path) as ready:
        assert isinstance(ready.api, FakeGitHub | FakeGitLab)
        ready.api.page = SIZE
        yield ready


def opened(on: Stage, count: int) -> tuple[Proposal, ...]:
    """Return proposals that earlier runs opened: branches, pull requests and entries, made in one go."""
    made = [proposal(on.bare, f"chat-{number}") for number in range(count)]
    head = tip(on.bare, "main")
    drafts: list[Draft] = []
    for number, one in enumerate(made, start=1):
        branch = branch_of(one.priced.finding.rule, one.id)
        git(on.bare, "update-ref", f"refs/heads/{branch}", head)
        on.state.pulls[number] = Pull(number, one.title, one.body, branch, "main", head=head)
        standing = Standing(one.id, branch, (), Unknown("none is open"), head)
        drafts.append(drafted(one, standing, State.PROPOSED, on.forge.whoami()))
    first = on.ledger(NOW_S).append(drafts)
    standings = [Standing(one.id, "", (entry,), Unknown("none"), head) for one, entry in zip(made, first, strict=True)]
    on.ledger(NOW_S).append(
        [drafted(one, each, State.OPEN, on.forge.whoami(), head) for one, each in zip(made, standings, strict=True)]
    )
    return tuple(made)


def whole(on: Stage, found: tuple[Proposal, ...], limits: Limits = NO_LIMITS) -> tuple[Link, ...]:
    """Take every step of a run that asks a forge, in the order of `run`, as a fresh process."""
    site, ledger = replace(on.site(), forge=client(on)), on.ledger(NOW_S)
    board = read_board(site)
    answer_all(site, ledger, Chat(NOW_S))
    links = sync(site, wanted(*found), ledger, limits, NOW_S)
    write_board(site, board, f"{DASHBOARD}\nNothing new\n")
    return links


def client(on: Stage) -> Forge:
    """Return a client that knows nothing yet, not even its own account."""
    if on.kind == "github":
        return GitHub("acme/gitops", TOKEN, Pace(0), f"{on.url}/api/v3")
    return GitLab("acme/gitops", TOKEN, Pace(0), on.url)


def asked(on: Stage, since: int) -> list[str]:
    """Return the calls of the API, git's own services left out."""
    return [call for call in on.log.calls[since:] if ".git/" not in call]


def allowed(on: Stage, count: int, talks: int = 0) -> int:
    """Return how many reads there may be: two, and one for each page.

    GitLab has no list of a project's notes: its merge requests are listed a second time, and the notes of each that has
    any are read.
    """
    pages = max(1, -(-count // SIZE))
    return 2 + pages if on.kind == "github" else 1 + 2 * pages + talks


@pytest.mark.parametrize("count", [0, 1, 12])
def test_a_quiet_run_reads_little_and_writes_nothing(on: Stage, count: int) -> None:
    """However many are open: one listing in its pages, the comments, the dashboard, and no write."""
    found = opened(on, count)
    whole(on, found)
    calls, writes, before = len(on.log.calls), len(on.log.writes), on.fingerprint()

    links = whole(on, found)

    assert {link.note for link in links} <= {"unchanged"}
    assert len(asked(on, calls)) <= allowed(on, count), asked(on, calls)
    assert (len(on.log.writes), on.fingerprint()) == (writes, before)


def test_what_is_held_back_costs_nothing(on: Stage) -> None:
    """A proposal that a limit holds back is decided on in each run, and asks the forge nothing more."""
    found = (*opened(on, 1), proposal(on.bare, "code", 3))
    whole(on, found, Limits(open_pull_requests=1))
    calls, writes, before = len(on.log.calls), len(on.log.writes), on.fingerprint()

    links = whole(on, found, Limits(open_pull_requests=1))

    assert links[1].note == "held: 1 pull requests are open, and limits.open_pull_requests is 1"
    assert len(asked(on, calls)) <= allowed(on, 2), asked(on, calls)
    assert (len(on.log.writes), on.fingerprint()) == (writes, before)


def test_talk_and_answered_commands_cost_no_write(on: Stage) -> None:
    """People who talk, and commands that were answered, are read over and lead to nothing."""
    found = opened(on, 6)
    on.state.say(1, "ada", "Looks good to me.")
    on.state.say(2, "ada", "/trimtab explain")
    on.state.say(2, "eve", "/trimtab dismiss no")
    whole(on, found)
    calls, writes, before = len(on.log.calls), len(on.log.writes), on.fingerprint()

    links = whole(on, found)

    assert [link.note for link in links] == ["unchanged"] * 6
    assert len(asked(on, calls)) <= allowed(on, 6, talks=2), asked(on, calls)
    assert (len(on.log.writes), on.fingerprint()) == (writes, before)
