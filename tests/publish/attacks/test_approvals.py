"""Attacks on approvals: what moves between a comment and its answer, and who may not approve."""

from __future__ import annotations

import pytest

from tests.forges.state import BOT, commit_to, git, show, tip
from tests.publish.chat.scene import AT_S, HOUR_S, answer, commands, cut, replies, run
from tests.publish.stages import Stage
from trimtab.publish import catch_up


def _push(on: Stage) -> None:
    push(on)


def push(on: Stage) -> str:
    """Push to the branch of the pull request as a person, and return its head before."""
    branch = on.state.get(1).branch
    before = tip(on.bare, branch)
    commit_to(on.bare, branch, {"apps/chat.yaml": "replicas: 0\n"}, "Sneak")
    return before


def test_a_push_between_two_reads_of_an_approval_is_not_merged(served: Stage) -> None:
    """The branch moves after its head was read: what is merged could only be that head, and is not."""
    served.state.say(1, "ada", "/trimtab approve")
    held = cut(served)
    held.on_rights = lambda: _push(served)

    answer(served, held)

    assert served.state.get(1).state == "open"
    assert show(served.bare, "main", "apps/chat.yaml") == "replicas: 4"
    (reply,) = replies(served)
    assert "did not merge" in reply or "not mine" in reply


def test_a_push_that_is_taken_back_brings_nothing_in(on: Stage) -> None:
    """A head that came and went between comment and answer is never what is merged."""
    before = push(on)
    on.state.say(1, "ada", "/trimtab approve")
    git(on.bare, "update-ref", f"refs/heads/{on.state.get(1).branch}", before)

    answer(on)

    (entry,) = commands(on)
    assert entry.head == before
    assert show(on.bare, "main", "apps/chat.yaml") == "replicas: 2"


@pytest.mark.parametrize(("hours", "approved"), [(2, False), (-0.5, False), (-3, True)])
def test_a_head_that_its_author_did_not_see_is_not_approved(on: Stage, hours: float, approved: bool) -> None:
    """The bot itself replaced the head after the comment, or noted a time before it and may have pushed after it."""
    run(on, int(AT_S + hours * HOUR_S), replicas=3)
    on.state.say(1, "ada", "/trimtab approve")

    answer(on)

    (entry,) = commands(on)
    assert bool(entry.tree) is approved
    assert (on.state.get(1).state == "merged") is approved
    assert ("It changed since your comment" in replies(on)[0]) is not approved


def test_an_approval_that_names_the_whole_commit_needs_no_clock(on: Stage) -> None:
    """With the id of the head nothing is left to doubt, whenever it was pushed."""
    run(on, AT_S + HOUR_S, replicas=3)
    on.state.say(1, "ada", f"/trimtab approve {on.state.get(1).head}")

    answer(on)

    assert on.state.get(1).state == "merged"


def test_a_head_that_stood_when_the_comment_came_is_approved(served: Stage) -> None:
    """The head was replaced shortly before; the forge tells that nothing changed after the comment."""
    run(served, AT_S - 60, replicas=3)
    served.state.say(1, "ada", "/trimtab approve")

    answer(served)

    assert served.state.get(1).state == "merged"


def test_a_merge_is_its_approvers(served: Stage) -> None:
    """The bot's token merged; the ledger says who approved that head."""
    served.state.say(1, "ada", "/trimtab approve")
    answer(served)

    catch_up(served.site(), served.ledger())

    entry = served.record.entries()[-1]
    assert (entry.step, entry.actor.login, entry.actor.id) == ("approved", "ada", 7)
    assert entry.head == commands(served)[0].head


def test_a_pull_request_that_goes_elsewhere_is_not_approved(on: Stage) -> None:
    """Somebody pointed it at another base: what would come of it there was not proposed."""
    git(on.bare, "update-ref", "refs/heads/release", tip(on.bare, "main"))
    on.state.edit(1, base="release")
    on.state.say(1, "ada", "/trimtab approve")

    answer(on)

    assert commands(on)[0].note == "not done: It goes to release now, not to main."
    assert on.state.get(1).state == "open"


def test_who_opened_it_cannot_approve_it(on: Stage) -> None:
    """A person's token opened it: the same person does not approve it."""
    on.state.bots = frozenset()
    on.state.say(1, BOT, "/trimtab approve")

    answer(on)

    assert "cannot approve" in commands(on)[0].note
    assert on.state.get(1).state == "open"


def test_permission_counts_when_it_acts(on: Stage) -> None:
    """Who lost the permission after the comment may not any more."""
    on.state.say(1, "ada", "/trimtab approve")
    on.state.levels["ada"] = "read"

    answer(on)

    assert commands(on)[0].note == "refused: no write permission"
