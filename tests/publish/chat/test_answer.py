"""Comments on served forges: who may, what is done, what is said, what is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.server import Answer, Fault
from tests.forges.state import BOT, ForgeState, Pull, commit_to, tip
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Kept, Stage, begun, stage
from trimtab.config import Limits
from trimtab.publish import Chat, Pointer, answer_all, sync, tell_outcomes
from trimtab.record import Verified

NOW_S = 1_794_700_000


@pytest.fixture
def on(tmp_path: Path, kept: dict[str, Kept]) -> Iterator[Stage]:
    """Return a forge in memory with one open pull request."""
    with begun("memory", tmp_path, run, kept) as ready:
        yield ready


@pytest.fixture(params=["github", "gitlab"])
def served(request: pytest.FixtureRequest, tmp_path: Path, kept: dict[str, Kept]) -> Iterator[Stage]:
    """Return each forge that takes comments, with one open pull request."""
    with begun(request.param, tmp_path, run, kept) as ready:
        yield ready


def run(on: Stage, now_s: int = NOW_S, saving: str = "1200.00") -> str:
    """Run once and return what became of the proposal."""
    found = wanted(proposal(on.bare, saving=saving))
    return sync(on.site(), found, on.ledger(now_s), Limits(), now_s)[0].note


def state_of(on: Stage) -> ForgeState:
    """Return what the forge keeps."""
    return on.state


def handle(on: Stage, comment: int, number: int = 1, *, merges: bool = False) -> str:
    """Handle a comment as the job for its event does."""
    answered, why = answer_all(on.site(), on.ledger(), Chat(NOW_S, merges), Pointer("acme/gitops", number, comment))
    assert isinstance(on.record.prove(), Verified)
    return why or "; ".join(one.note for one in answered)


def say(on: Stage, body: str, login: str = "ada", number: int = 1) -> str:
    """Comment as a person and handle it."""
    return handle(on, state_of(on).say(number, login, body).id, number)


def replies(on: Stage) -> list[str]:
    """Return what the bot said."""
    return [said.body for said in state_of(on).get(1).comments if said.login == BOT]


def last(on: Stage) -> tuple[str, str, int]:
    """Return step, note and actor of the last entry."""
    entry = on.record.entries()[-1]
    return entry.step, entry.note, entry.actor.id


def test_dismissed_with_a_reason(served: Stage) -> None:
    """The reason and the person are recorded, the pull request is closed, and it is not proposed again."""
    say(served, "/trimtab dismiss needed for the launch @everyone <b>")

    assert last(served) == ("dismissed", "needed for the launch @everyone <b>", 7)
    assert state_of(served).get(1).state == "closed"
    (reply,) = replies(served)
    assert "needed for the launch" in reply
    assert "@everyone" not in reply
    assert "<b>" not in reply
    assert run(served) == "dismissed: nothing material changed since"
    assert served.forge.pulls() == ()


def test_snoozed_and_back(on: Stage) -> None:
    """Closed for a time, left alone during it, and proposed again after it."""
    say(on, "/trimtab snooze 14d")

    assert last(on)[0] == "snoozed"
    assert run(on, NOW_S + 13 * 86400).startswith("snoozed until 2026-11-28T")
    assert on.forge.pulls() == ()
    assert run(on, NOW_S + 15 * 86400) == "opened"
    assert [pull.number for pull in on.forge.pulls()] == [2]
    assert [entry.step for entry in on.record.entries()] == ["proposed", "open", "snoozed", "open"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("/trimtab dismiss", "needs its reason"),
        ("/trimtab snooze", "Say for how long"),
        ("/trimtab snooze 99999d", "Say for how long"),
        ("/trimtab snooze 1s", "Say for how long"),
        ("/trimtab help", "What I can do"),
        ("/trimtab frobnicate", "do not know the command"),
        ("/trimtab split", "nothing to split"),
        ("/trimtab owner nobody", "Name one account"),
        ("/trimtab rollback", "Only what was merged"),
        ("/trimtab explain", "surplus-replicas"),
        ("/trimtab recheck", "judge everything again"),
    ],
)
def test_commands_that_change_no_state(on: Stage, body: str, says: str) -> None:
    """They are answered once and recorded without a recommendation; the pull request stays open."""
    say(on, body)

    (reply,) = replies(on)
    assert says in reply
    entry = on.record.entries()[-1]
    assert (entry.recommendation, entry.step, entry.actor.id) == ("", "command", 7)
    assert state_of(on).get(1).state == "open"


def test_readers_may_not(served: Stage) -> None:
    """Without write permission nothing changes; the attempt is recorded and answered once."""
    say(served, "/trimtab dismiss because I can", "eve")

    assert last(served) == ("command", "refused: no write permission", 66)
    assert state_of(served).get(1).state == "open"
    assert len(replies(served)) == 1


def test_a_login_that_changed_hands_may_not(served: Stage) -> None:
    """Permission belongs to a numeric id: who took over a name did not take over what it may do."""
    comment = state_of(served).say(1, "ada", "/trimtab dismiss x")
    state_of(served).users["ada"] = 1234

    handle(served, comment.id)

    assert last(served)[1] == "refused: no write permission"


def test_an_edited_comment_does_not_count(served: Stage) -> None:
    """What was edited may have been edited by somebody else, later."""
    comment = state_of(served).say(1, "ada", "Nice")
    state_of(served).rewrite(1, comment.id, "/trimtab dismiss x")
    entries = len(served.record.entries())

    assert handle(served, comment.id) == "the comment was edited; only new ones count"
    assert len(served.record.entries()) == entries
    assert replies(served) == []


def test_bots_and_strangers_pull_requests_do_not_count(served: Stage) -> None:
    """A machine's command, a comment that is not there, and one on another's pull request are passed over."""
    assert say(served, "/trimtab dismiss x", BOT) == "the comment is a machine's"
    assert handle(served, 424242) == "the comment is not on a pull request of ours, or is gone"
    assert handle(served, state_of(served).get(1).comments[0].id, 2) == (
        "the comment is not on a pull request of ours, or is gone"
    )
    assert replies(served) == ["/trimtab dismiss x"]


def test_a_second_delivery_changes_nothing(served: Stage) -> None:
    """The same event twice is one entry and one reply."""
    comment = state_of(served).say(1, "ada", "/trimtab explain").id

    handle(served, comment)
    handle(served, comment)

    assert len(replies(served)) == 1
    assert [entry.step for entry in served.record.entries()] == ["proposed", "open", "command"]


def test_a_second_delivery_finishes_what_was_cut_off(on: Stage) -> None:
    """Recorded, and cut off before it was closed: the second delivery closes and replies."""
    comment = state_of(on).say(1, "ada", "/trimtab dismiss x").id
    handle(on, comment)
    state_of(on).reopen(1)
    state_of(on).pulls[1] = _without_replies(state_of(on))

    handle(on, comment)

    assert state_of(on).get(1).state == "closed"
    assert len(replies(on)) == 1
    assert [entry.step for entry in on.record.entries()] == ["proposed", "open", "dismissed"]


def _without_replies(state: ForgeState) -> Pull:
    pull = state.get(1)
    return replace(pull, comments=tuple(said for said in pull.comments if said.login != BOT))


def test_a_lost_event_is_not_a_lost_command(served: Stage) -> None:
    """A run without an event finds what was written since the last entry, and answers it once."""
    state_of(served).say(1, "ada", "/trimtab explain")

    for _ in range(2):
        answer_all(served.site(), served.ledger(), Chat(NOW_S))

    (reply,) = replies(served)
    assert "What was seen" in reply
    assert [entry.step for entry in served.record.entries()] == ["proposed", "open", "command"]


def test_a_server_without_a_list_of_all_comments_is_asked_for_each(tmp_path: Path) -> None:
    """Where a repository's comments are not listed as a whole, those of each open pull request are read."""
    with stage("github", tmp_path) as served:
        run(served)
        state_of(served).say(1, "ada", "/trimtab explain")
        served.log.faults.append(
            Fault("GET /repos/acme/gitops/issues/comments", Answer(404, {"message": "Not Found"}), times=99)
        )

        for _ in range(2):
            answer_all(served.site(), served.ledger(), Chat(NOW_S))

        assert len(replies(served)) == 1


def test_several_commands_are_answered_in_order_by_one_reply(served: Stage) -> None:
    """Each line is judged and recorded by itself, and one reply tells of all."""
    say(served, "/trimtab explain\n\n/trimtab snooze 2d\n\n/trimtab owner @ada")

    entries = served.record.entries()[2:]
    assert [(entry.step, entry.line) for entry in entries] == [("command", 0), ("snoozed", 1), ("command", 2)]
    (reply,) = replies(served)
    assert reply.index("What was seen") < reply.index("Closed until") < reply.index("review by")


def test_an_approval_binds_to_head_and_tree(served: Stage) -> None:
    """The head and tree that stood when the comment was written are recorded, and nothing is merged."""
    say(served, "/trimtab approve")

    entry = served.record.entries()[-1]
    branch = served.state.get(1).branch
    assert (entry.step, entry.head) == ("command", tip(served.bare, branch))
    assert len(entry.tree) == 40
    assert served.state.get(1).state == "open"
    assert "I do not merge" in replies(served)[0]


def test_an_approval_merges_where_the_operator_said_so(served: Stage) -> None:
    """With the option on, exactly the approved head is merged."""
    comment = served.state.say(1, "ada", "/trimtab approve").id

    handle(served, comment, merges=True)

    assert served.state.get(1).state == "merged"


def test_a_head_that_moved_is_not_approved(served: Stage) -> None:
    """Between the comment and its handling somebody pushed: the approval is refused with the reason."""
    comment = served.state.say(1, "ada", "/trimtab approve").id
    commit_to(served.bare, served.state.get(1).branch, {"apps/chat.yaml": "replicas: 0\n"}, "Sneak")

    handle(served, comment, merges=True)

    assert served.state.get(1).state == "open"
    assert "commits that are not mine" in replies(served)[0]
    assert served.record.entries()[-1].tree == ""


def test_only_the_owners_of_the_files_may_approve(served: Stage) -> None:
    """CODEOWNERS of the base decides, not that of the branch."""
    commit_to(served.bare, "main", {"CODEOWNERS": "/apps/ @eve\n"}, "Owners")
    served.state.levels["eve"] = "write"

    say(served, "/trimtab approve")
    say(served, "/trimtab approve", "eve")

    first, second = served.record.entries()[-2:]
    assert first.note == "refused: CODEOWNERS gives apps/chat.yaml to others"
    assert second.tree


def test_a_branch_given_back_is_built_anew(served: Stage) -> None:
    """After `rebase` the next run replaces what others committed; what is committed later is left alone again."""
    branch = served.state.get(1).branch
    commit_to(served.bare, branch, {"apps/other.yaml": "a: 1\n"}, "By hand")
    assert run(served) == "left alone: a person changed its branch"

    say(served, "/trimtab rebase")
    assert run(served) == "updated"
    assert run(served) == "unchanged"

    commit_to(served.bare, branch, {"apps/other.yaml": "a: 2\n"}, "Again")
    assert run(served) == "left alone: a person changed its branch"


def test_what_was_merged_can_be_asked_back(served: Stage) -> None:
    """`rollback` on a merged pull request records that a person wants it back."""
    served.people.merge(1)
    run(served)

    say(served, "/trimtab rollback too slow at night")

    assert last(served) == ("regressed", "a person wants it back: too slow at night", 7)
    assert "sets the old values again" in replies(served)[0]


def test_somebody_is_asked_for_a_review(served: Stage) -> None:
    """`owner` asks one account, and says so."""
    served.state.users["bob"] = 9

    say(served, "/trimtab owner @bob")

    assert served.state.get(1).reviewers == ("bob",)


def test_the_outcome_of_a_run_is_told_in_the_same_reply(served: Stage) -> None:
    """`recheck` is answered at once, and its outcome is written into that answer."""
    state_of(served).say(1, "ada", "/trimtab recheck")

    answered, _ = answer_all(served.site(), served.ledger(), Chat(NOW_S))
    links = sync(served.site(), wanted(proposal(served.bare)), served.ledger(), Limits(), NOW_S)
    tell_outcomes(served.site(), answered, links, served.record.entries())

    (reply,) = replies(served)
    assert "Outcome: unchanged ([pull request](" in reply
    assert answer_all(served.site(), served.ledger(), Chat(NOW_S)) == ((), "")
