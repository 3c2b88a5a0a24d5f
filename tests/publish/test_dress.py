"""Labels, reviewers and drafts: there when a pull request is opened, and people's own afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.server import Answer, Fault
from tests.forges.state import commit_to
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage, stage
from trimtab.config import Limits, PullRequests
from trimtab.publish import sync
from trimtab.publish.dress import dress_for
from trimtab.publish.forge import Dress
from trimtab.publish.mark import UNFINISHED
from trimtab.recommendation import Link, Proposal, alone

FORGES = ("github", "gitlab")

NOW_S = 1_794_700_000
STYLE = PullRequests(labels=("gpu", "cost"), reviewers=("@ada", "@nobody"), draft_below=0.95)


def run(on: Stage, one: Proposal, style: PullRequests = STYLE) -> Link:
    """Run once for one proposal."""
    (link,) = sync(replace(on.site(), style=style), wanted(one), on.ledger(NOW_S), Limits(), NOW_S)
    return link


def test_it_is_opened_in_its_dress(on: Stage) -> None:
    """Labels and reviewers are there, whom the forge cannot ask is passed over, and low confidence is a draft."""
    assert run(on, proposal(on.bare)).note == "opened"

    pull = on.state.get(1)
    assert (sorted(pull.labels), pull.reviewers, pull.draft) == (["cost", "gpu"], ("ada",), True)
    assert UNFINISHED not in pull.body
    assert run(on, proposal(on.bare)).note == "unchanged"


def test_what_people_change_afterwards_stays(on: Stage) -> None:
    """Labels, reviewers and a title that people set are theirs, also when the text is brought up to date."""
    run(on, proposal(on.bare))
    on.state.edit(1, labels=("mine",), reviewers=(), title="Ours: fewer")

    assert run(on, proposal(on.bare, replicas=1)).note == "updated"

    pull = on.state.get(1)
    assert (pull.labels, pull.reviewers, pull.title) == (("mine",), (), "Ours: fewer")
    assert "chat-1-" not in pull.title


def test_what_was_cut_off_is_added(tmp_path: Path) -> None:
    """A run that ended between opening and labels leaves a mark, and the next run adds what is missing, once."""
    with stage("github", tmp_path) as on:
        on.log.faults.append(Fault("POST /repos/acme/gitops/issues/1/labels", Answer(422, {"message": "no"})))
        assert run(on, proposal(on.bare)).note.startswith("failed: ")
        assert UNFINISHED in on.state.get(1).body

        assert run(on, proposal(on.bare)).note == "updated"

        pull = on.state.get(1)
        assert (sorted(pull.labels), pull.reviewers) == (["cost", "gpu"], ("ada",))
        assert UNFINISHED not in pull.body
        assert run(on, proposal(on.bare)).note == "unchanged"


def test_nothing_is_added_unless_it_is_asked_for(memory: Stage) -> None:
    """By default there are no labels, no reviewers and no drafts."""
    assert dress_for(memory.site(), alone([proposal(memory.bare)])) == Dress()


@pytest.mark.parametrize(("below", "draft"), [(0.9, False), (0.91, True)])
def test_a_draft_is_below_the_bound(memory: Stage, below: float, draft: bool) -> None:  # a parameter of the test
    """A confidence of exactly the bound is sure enough."""
    site = replace(memory.site(), style=PullRequests(draft_below=below))

    assert dress_for(site, alone([proposal(memory.bare)])).draft is draft


def test_owners_are_those_of_the_base(memory: Stage) -> None:
    """With `codeowners` the owners of the changed files are asked too, each once, by the base's own file."""
    owners = "* @everybody\n/apps/ @ada @acme/ml ops@example.com @@maintainer\n/apps/code.yaml @eve\n"
    commit_to(memory.bare, "main", {".github/CODEOWNERS": owners}, "Owners")
    site = replace(memory.site(), style=PullRequests(reviewers=("@ada",), codeowners=True))

    assert dress_for(site, alone([proposal(memory.bare)])).reviewers == ("@ada", "@acme/ml")
    assert dress_for(site, alone([proposal(memory.bare, "code")])).reviewers == ("@ada", "@eve")


def test_without_owners_nobody_is_asked(memory: Stage) -> None:
    """A repository without the file has no owners."""
    site = replace(memory.site(), style=PullRequests(codeowners=True))

    assert dress_for(site, alone([proposal(memory.bare)])) == Dress()
