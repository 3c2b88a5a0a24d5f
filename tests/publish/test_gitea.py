"""What Gitea and Forgejo tell otherwise than GitHub does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.fake_gitea import FakeGitea
from tests.forges.server import Answer, Fault
from tests.forges.state import NOW, Said, git
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage, stage
from trimtab.config import Limits
from trimtab.life import Actor
from trimtab.publish import sync
from trimtab.publish.forge import NewPull, PullState

NOW_S = 1_794_700_000


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    """Return Gitea with one open pull request."""
    with stage("gitea", tmp_path) as ready:
        run(ready)
        yield ready


def run(on: Stage) -> None:
    """Run once, with one proposal."""
    sync(on.site(), wanted(proposal(on.bare)), on.ledger(), Limits(), NOW_S)


def test_a_merge_counts_although_its_branch_is_deleted(on: Stage) -> None:
    """Gitea names no branch any more once it is gone, but its label; the merge is in the ledger all the same."""
    pull = on.forge.pulls()[0]
    on.people.merge(pull.number)
    git(on.bare, "update-ref", "-d", f"refs/heads/{pull.branch}")

    run(on)

    assert [entry.step for entry in on.record.entries()] == ["proposed", "open", "approved"]


def test_who_closed_it_is_told_by_the_timeline(on: Stage) -> None:
    """Neither pull requests nor issues of Gitea tell who closed them."""
    pull = on.forge.pulls()[0]
    on.people.close(pull.number)

    closed = on.forge.pulls(pull.branch)[0]

    assert (closed.state, closed.ended_by) == (PullState.CLOSED, Actor("ada", 7))


def test_times_are_told_in_utc(on: Stage) -> None:
    """A server tells times in a zone of its own; they are compared as text, so they have to be in one zone."""
    number = on.forge.pulls()[0].number
    on.state.say(number, "ada", "Fine.")

    assert [one.created for one in on.forge.comments(number)] == [NOW]
    assert on.forge.pulls()[0].updated == NOW


def test_accounts_of_the_server_itself_are_machines(on: Stage) -> None:
    """What a runner of Gitea's own says is no command; it has no positive id."""
    number = on.forge.pulls()[0].number
    said = Said(9100, "gitea-actions", -2, "/trimtab dismiss x")
    on.state.pulls[number] = replace(on.state.get(number), comments=(said,))

    assert [one.bot for one in on.forge.comments(number)] == [True]


def test_one_that_is_open_already_is_taken(on: Stage) -> None:
    """A refusal that names the head branch of the one that is open is no refusal for good."""
    pull = on.forge.pulls()[0]

    again = on.forge.open_pull(NewPull(pull.branch, "main", "Again", "body"))

    assert again.number == pull.number


def test_a_label_is_made_once(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gitea makes a second label of the same name; one whose answer got lost is looked for first."""
    assert isinstance(on.api, FakeGitea)
    monkeypatch.setattr("trimtab.publish.pace.sleep", lambda _: None)
    on.log.faults.append(Fault("POST /repos/acme/gitops/labels?", Answer(502, "bad gateway"), effect=True))

    on.forge.dashboard("<!-- trimtab:dashboard -->\nnothing")

    assert on.state.labels.count("trimtab") == 1


def test_pages_are_asked_for_at_the_address_that_is_known(on: Stage) -> None:
    """A server behind a proxy may not know its own address: of the link to a next page only the number counts."""
    assert isinstance(on.api, FakeGitea)
    on.state.pulls[7] = replace(on.state.get(1), number=7)
    on.api.page, on.api.base = 1, "http://gitea.internal.invalid:3000"

    assert [pull.number for pull in on.forge.pulls()] == [1, 7]
