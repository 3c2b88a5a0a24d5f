"""A run without news: it writes nothing, and asks a forge twice beside the pages of what is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab
from tests.forges.server import Answer, Fault
from tests.forges.state import BOT, Pull, git, tip
from tests.publish.one_run import forge_of
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import SERVED, Stage, stage
from trimtab.config import Limits
from trimtab.fleet import Unknown
from trimtab.life import Draft, State
from trimtab.publish import DASHBOARD, Chat, answer_all, read_board, sync, write_board
from trimtab.publish.drafts import drafted
from trimtab.publish.mark import branch_of
from trimtab.publish.standing import Standing
from trimtab.recommendation import Link, Proposal

NOW_S = 1_794_700_000
NO_LIMITS = Limits()
SIZE = 5
"""Pull requests on a page of the fakes."""


@pytest.fixture(params=SERVED)
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Return each served forge in turn, with short pages."""
    with stage(request.param, tmp_path) as ready:
        assert isinstance(ready.api, FakeGitHub | FakeGitLab)
        ready.api.page = SIZE
        yield ready


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[Stage]:
    """Return GitLab alone, with short pages."""
    with stage("gitlab", tmp_path) as ready:
        assert isinstance(ready.api, FakeGitLab)
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
    site, ledger = replace(on.site(), forge=forge_of(on.kind, on.url)), on.ledger(NOW_S)
    board = read_board(site)
    answer_all(site, ledger, Chat(NOW_S))
    links = sync(site, wanted(*found), ledger, limits, NOW_S)
    write_board(site, board, f"{DASHBOARD}\nNothing new\n")
    return links


def asked(on: Stage, since: int) -> list[str]:
    """Return the calls of the API, git's own services left out."""
    return [call for call in on.log.calls[since:] if ".git/" not in call]


def allowed(on: Stage, count: int, talks: int = 0) -> int:
    """Return how many reads there may be: the comments, the dashboard, and one for each page of what is open.

    GitLab has no list of a project's comments: where people talked the pages of its events are read too.
    """
    pages = max(1, -(-count // SIZE))
    return 2 + pages + (-(-talks // SIZE) if on.kind == "gitlab" else 0)


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
    assert len(asked(on, calls)) <= allowed(on, 6, talks=4), asked(on, calls)
    assert (len(on.log.writes), on.fingerprint()) == (writes, before)


def test_talk_everywhere_costs_pages_alone(on: Stage) -> None:
    """Comments on each of many pull requests are read in pages, not one by one."""
    found = opened(on, 12)
    for number in range(1, 13):
        on.state.say(number, "ada", "Looks good to me.")
    whole(on, found)
    calls = len(on.log.calls)

    whole(on, found)

    comments = 3 if on.kind != "gitlab" else 0  # pages of the list that GitLab does not have
    assert len(asked(on, calls)) <= allowed(on, 12, talks=12) + comments, asked(on, calls)


def test_what_changed_long_ago_is_listed_once(gitlab: Stage) -> None:
    """Merge requests that changed since a run looked are listed with their notes' count, and the others apart."""
    found = opened(gitlab, 12)
    whole(gitlab, found)
    for number in range(1, 10):
        gitlab.state.pulls[number] = replace(gitlab.state.get(number), updated="2026-10-01T00:00:00Z")
    calls = len(gitlab.log.calls)

    links = whole(gitlab, found)

    assert [link.note for link in links] == ["unchanged"] * 12
    assert len(asked(gitlab, calls)) <= allowed(gitlab, 12), asked(gitlab, calls)


def test_a_comment_whose_event_is_late_is_not_missed(gitlab: Stage) -> None:
    """GitLab writes the event of a comment after the comment: where one lacks, the notes themselves are read."""
    assert isinstance(gitlab.api, FakeGitLab)
    found = opened(gitlab, 3)
    gitlab.state.say(1, "ada", "Looks good to me.")
    gitlab.state.say(2, "ada", "Fine.")
    gitlab.state.say(2, "ada", "/trimtab explain")
    gitlab.api.late_events = 1

    whole(gitlab, found)

    assert [said.login for said in gitlab.state.get(2).comments] == ["ada", "ada", BOT]


def test_without_events_the_notes_are_read(gitlab: Stage) -> None:
    """A server that shows no events is asked for the notes of each."""
    found = opened(gitlab, 3)
    for number in (1, 2, 3):
        gitlab.state.say(number, "ada", "/trimtab explain")
    gitlab.log.faults.append(Fault("/events?", Answer(403, {"message": "403 Forbidden"}), times=9))

    whole(gitlab, found)

    assert [len(gitlab.state.get(number).comments) for number in (1, 2, 3)] == [2, 2, 2]
