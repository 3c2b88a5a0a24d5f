"""One contract, held to by every forge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forges.state import commit_to, git, tip
from tests.publish.stages import KINDS, Stage, stage
from trimtab.errors import ForgeError
from trimtab.publish.forge import NewPull, PullRequest, PullState
from trimtab.publish.mark import note_key

BRANCH = "trimtab/surplus-replicas/0123456789abcdef"


@pytest.fixture(params=KINDS)
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Return each forge in turn."""
    with stage(request.param, tmp_path) as ready:
        yield ready


def opened(on: Stage, branch: str = BRANCH) -> PullRequest:
    """Open a pull request from a branch with one commit."""
    git(on.bare, "update-ref", f"refs/heads/{branch}", tip(on.bare, "main"))
    commit_to(on.bare, branch, {"apps/chat.yaml": "replicas: 2\n"}, "A change")
    return on.forge.open_pull(NewPull(branch, "main", "A title", "A body\n"))


class TestForge:
    """What the reconcile relies on."""

    def test_an_opened_pull_request_is_listed(self, on: Stage) -> None:
        """What was opened is found again with its text, branch, head and base."""
        pull = opened(on)

        (listed,) = on.forge.open_pulls()
        assert listed.number == pull.number
        assert (listed.title, listed.body.strip(), listed.state) == ("A title", "A body", PullState.OPEN)
        assert (listed.branch, listed.head, listed.base) == (BRANCH, tip(on.bare, BRANCH), "main")
        assert listed.author == on.forge.whoami()

    def test_opening_twice_gives_the_same_one(self, on: Stage) -> None:
        """A branch has one open pull request, however often it is opened."""
        first = opened(on)

        again = on.forge.open_pull(NewPull(BRANCH, "main", "A title", "A body\n"))

        assert again.number == first.number
        assert len(on.forge.open_pulls()) == 1

    def test_other_branches_are_not_listed(self, on: Stage) -> None:
        """A pull request from a branch without the prefix is none of ours."""
        opened(on, "feature/x")

        assert on.forge.open_pulls() == ()

    def test_an_edit_changes_text_and_keeps_the_rest(self, on: Stage) -> None:
        """Title and body are set, and the number stays."""
        pull = opened(on)

        edited = on.forge.edit_pull(pull.number, title="Better", body="Other\n", state=PullState.OPEN)

        assert (edited.number, edited.title, edited.body.strip()) == (pull.number, "Better", "Other")
        assert on.forge.open_pulls()[0].title == "Better"

    def test_a_closed_one_is_known_by_its_branch(self, on: Stage) -> None:
        """A closed pull request leaves the listing and is found by its branch."""
        pull = opened(on)
        on.people.close(pull.number)

        assert on.forge.open_pulls() == ()
        assert [(each.number, each.state) for each in on.forge.pulls_of(BRANCH)] == [(pull.number, PullState.CLOSED)]

    def test_a_merge_tells_head_commit_and_person(self, on: Stage) -> None:
        """A merged pull request has the merged head, the commit it became, and who merged it."""
        pull = opened(on)
        commit = on.people.merge(pull.number)

        (merged,) = on.forge.pulls_of(BRANCH)
        assert (merged.state, merged.head, merged.merge_commit) == (PullState.MERGED, tip(on.bare, BRANCH), commit)
        assert merged.ended_by.login in {"ada", "Ada Person"}

    def test_a_squash_is_a_merge(self, on: Stage) -> None:
        """A squashed merge leaves the head out of the base's history, and is a merge all the same."""
        pull = opened(on)
        on.people.merge(pull.number, squash=True)

        assert on.forge.pulls_of(BRANCH)[0].state is PullState.MERGED

    def test_closing_and_opening_again(self, on: Stage) -> None:
        """The bot closes and opens through the same call."""
        pull = opened(on)

        closed = on.forge.edit_pull(pull.number, title="A title", body="A body", state=PullState.CLOSED)
        assert closed.state is PullState.CLOSED
        again = on.forge.edit_pull(pull.number, title="A title", body="A body", state=PullState.OPEN)
        assert again.state is PullState.OPEN

    def test_a_comment_is_said_once_for_each_key(self, on: Stage) -> None:
        """The same key is not said twice; another key is."""
        pull = opened(on)

        on.forge.comment(pull.number, f"{note_key('a:1')}\nHello")
        on.forge.comment(pull.number, f"{note_key('a:1')}\nHello")
        on.forge.comment(pull.number, f"{note_key('a:2')}\nHello")

        said = on.forge.comments(pull.number)
        assert [comment.body.split("\n")[0] for comment in said] == [note_key("a:1"), note_key("a:2")]
        assert all(comment.author == on.forge.whoami() and not comment.edited for comment in said)

    def test_a_branch_that_is_not_there_is_declined(self, on: Stage) -> None:
        """A pull request from nowhere is an error that a person can read, not a traceback."""
        with pytest.raises(ForgeError):
            on.forge.open_pull(NewPull("trimtab/surplus-replicas/ffffffffffffffff", "main", "t", "b"))
