"""One contract, held to by every forge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.forges.state import commit_to, git, tip
from tests.publish.stages import KINDS, Stage
from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.life import Actor
from trimtab.publish.forge import Dress, NewPull, Permission, PullRequest, PullState, Rights
from trimtab.publish.mark import DASHBOARD, LABEL, note_key

FORGES = KINDS

BRANCH = "trimtab/surplus-replicas/0123456789abcdef"


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

        (listed,) = on.forge.pulls()
        assert listed.number == pull.number
        assert (listed.title, listed.body.strip(), listed.state) == ("A title", "A body", PullState.OPEN)
        assert (listed.branch, listed.head, listed.base) == (BRANCH, tip(on.bare, BRANCH), "main")
        assert listed.author == on.forge.whoami()

    def test_opening_twice_gives_the_same_one(self, on: Stage) -> None:
        """A branch has one open pull request, however often it is opened."""
        first = opened(on)

        again = on.forge.open_pull(NewPull(BRANCH, "main", "A title", "A body\n"))

        assert again.number == first.number
        assert len(on.forge.pulls()) == 1

    def test_other_branches_are_not_listed(self, on: Stage) -> None:
        """A pull request from a branch without the prefix is none of ours."""
        opened(on, "feature/x")

        assert on.forge.pulls() == ()

    def test_an_edit_changes_text_and_keeps_the_rest(self, on: Stage) -> None:
        """Title and body are set, and the number stays."""
        pull = opened(on)

        edited = on.forge.edit_pull(pull.number, title="Better", body="Other\n", state=PullState.OPEN)

        assert (edited.number, edited.title, edited.body.strip()) == (pull.number, "Better", "Other")
        assert on.forge.pulls()[0].title == "Better"

    def test_another_base(self, on: Stage) -> None:
        """An edit that names a branch points the pull request at it; one that names none leaves it there."""
        pull = opened(on)
        git(on.bare, "update-ref", "refs/heads/trunk", tip(on.bare, "main"))

        on.forge.edit_pull(pull.number, title="A title", body="A body", state=PullState.OPEN, dress=Dress(base="trunk"))
        on.forge.edit_pull(pull.number, title="A title", body="A body", state=PullState.OPEN)

        assert [each.base for each in on.forge.pulls()] == ["trunk"]

    def test_a_closed_one_is_known_by_its_branch(self, on: Stage) -> None:
        """A closed pull request leaves the listing and is found by its branch."""
        pull = opened(on)
        on.people.close(pull.number)

        assert on.forge.pulls() == ()
        assert [(each.number, each.state) for each in on.forge.pulls(BRANCH)] == [(pull.number, PullState.CLOSED)]

    def test_a_merge_tells_head_commit_and_person(self, on: Stage) -> None:
        """A merged pull request has the merged head, the commit it became, and who merged it."""
        pull = opened(on)
        commit = on.people.merge(pull.number)

        (merged,) = on.forge.pulls(BRANCH)
        assert (merged.state, merged.head, merged.merge_commit) == (PullState.MERGED, tip(on.bare, BRANCH), commit)
        assert merged.ended_by.login in {"ada", "Ada Person"}

    def test_a_squash_is_a_merge(self, on: Stage) -> None:
        """A squashed merge leaves the head out of the base's history, and is a merge all the same."""
        pull = opened(on)
        on.people.merge(pull.number, squash=True)

        assert on.forge.pulls(BRANCH)[0].state is PullState.MERGED

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

    def test_labels_reviewers_and_draft_are_there_once_it_is_open(self, on: Stage) -> None:
        """What a pull request is opened with is there, without those whom the forge cannot ask."""
        if on.kind == "local":
            pytest.skip("a folder has neither labels nor reviewers")
        git(on.bare, "update-ref", f"refs/heads/{BRANCH}", tip(on.bare, "main"))
        commit_to(on.bare, BRANCH, {"apps/chat.yaml": "replicas: 2\n"}, "A change")

        pull = on.forge.open_pull(
            NewPull(BRANCH, "main", "A title", "A body\n", Dress(("gpu",), ("@ada", "@nobody"), draft=True))
        )

        kept = on.state.get(pull.number)
        assert (kept.labels, kept.draft, "ada" in kept.reviewers) == (("gpu",), True, True)
        assert (pull.title, pull.body.strip(), pull.draft) == ("A title", "A body", True)

    def test_a_reply_is_edited_in_its_place(self, on: Stage) -> None:
        """The same key with other words changes what was said, and says nothing more."""
        pull = opened(on)

        on.forge.comment(pull.number, f"{note_key('a:1')}\nOne moment")
        on.forge.comment(pull.number, f"{note_key('a:1')}\nDone")

        assert [comment.body.split("\n")[1] for comment in on.forge.comments(pull.number)] == ["Done"]

    def test_a_comment_that_was_seen_gets_eyes(self, on: Stage) -> None:
        """An empty answer is a reaction alone."""
        if on.kind == "local":
            pytest.skip("a folder has no reactions")
        pull = opened(on)
        said = on.state.say(pull.number, "ada", "/trimtab explain")

        on.forge.comment(pull.number, "", answers=said.id)

        assert on.state.reactions == [(said.id, "eyes")]
        assert len(on.forge.comments(pull.number)) == 1

    def test_comments_of_all_are_listed_with_where_they_stand(self, on: Stage) -> None:
        """Without a number the comments of every pull request come, each with its own."""
        pull = opened(on)
        on.forge.comment(pull.number, f"{note_key('a:1')}\nHello")

        assert [comment.number for comment in on.forge.comments(since="2026-11-20T00:00:00Z")] == [pull.number]

    def test_a_server_whose_clock_is_far_behind(self, on: Stage) -> None:
        """What was written by its clock long before the time that is asked for is heard all the same."""
        if on.kind not in {"github", "gitlab"}:
            pytest.skip("its listing is by time alone")
        pull = opened(on)
        on.state.say(pull.number, "ada", "/trimtab explain")

        assert [comment.number for comment in on.forge.comments(since="2031-01-01T00:00:00Z")] == [pull.number]
        assert [listed.number for listed in on.forge.pulls()] == [pull.number]

    def test_many_comments_are_read_back_to_a_time_and_no_further(self, on: Stage) -> None:
        """Of what was written before the time no more pages are read than the first."""
        if on.kind != "github":
            pytest.skip("other forges leave out by themselves what is older")
        pull = opened(on)
        many = [on.state.say(pull.number, "ada", "Hello") for _ in range(250)]
        times = ["2026-11-01T00:00:00Z"] * 130 + ["2026-11-21T00:00:00Z"] * 120
        said = tuple(replace(one, created=at, updated=at) for one, at in zip(many, times, strict=True))
        on.state.pulls[pull.number] = replace(on.state.get(pull.number), comments=said)
        before = len(on.log.calls)

        found = on.forge.comments(since="2026-11-20T00:00:00Z")

        assert [comment.id for comment in found] == [one.id for one in said[130:]]
        assert len(on.log.calls) - before == 2

    def test_a_merge_takes_the_head_it_was_asked_for_and_no_other(self, on: Stage) -> None:
        """A head that moved is not merged; the one that was seen is."""
        if on.kind == "local":
            pytest.skip("a local forge does not merge")
        pull = opened(on)

        with pytest.raises(ForgeError):
            on.forge.edit_pull(pull.number, title="t", body="b", state=PullState.MERGED, head="0" * 40)
        merged = on.forge.edit_pull(pull.number, title="t", body="b", state=PullState.MERGED, head=pull.head)

        assert merged.state is PullState.MERGED

    def test_owners_are_known_by_name_and_by_team(self, on: Stage) -> None:
        """A person is an owner by their login or as a member of a team, and others are not."""
        if on.kind == "local":
            pytest.skip("whoever writes into the folder may do everything")
        ada, eve = Actor("ada", 7), Actor("eve", 66)

        assert on.forge.rights(ada, ["@ada"]) == Rights(Permission.WRITE, owner=True)
        assert on.forge.rights(ada, ["@acme/ml"]).owner
        assert not on.forge.rights(eve, ["@ada", "@acme/ml"]).owner
        assert not on.forge.rights(Actor("ada", 8), ["@ada"]).owner

    def test_the_dashboard_is_one_issue(self, on: Stage) -> None:
        """It is opened once, found again, and written in its place."""
        assert isinstance(on.forge.dashboard(), Unknown)

        on.forge.dashboard(f"{DASHBOARD}\nFirst")
        on.forge.dashboard(f"{DASHBOARD}\nSecond")

        found = on.forge.dashboard()
        assert isinstance(found, Found)
        assert found.value.body.strip() == f"{DASHBOARD}\nSecond"
        assert found.value.author == on.forge.whoami()
        assert len(on.state.issues) == (0 if on.kind == "local" else 1)

    def test_an_issue_that_somebody_else_opened_is_left_alone(self, on: Stage) -> None:
        """A dashboard that a stranger planted is not written into."""
        if on.kind == "local":
            pytest.skip("a folder has one owner")
        planted = on.state.found("Mine", f"{DASHBOARD}\nplanted", (LABEL,), "eve")

        on.forge.dashboard(f"{DASHBOARD}\nOurs")

        assert on.state.issues[planted.number].body == f"{DASHBOARD}\nplanted"
        assert len(on.state.issues) == 2
