"""Attacks by time and by forgery: what is pasted before an answer, what is cut off, what comes twice."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.forges.state import BOT, LATER, NOW, ForgeState, tip
from tests.publish.chat.cut import KilledError
from tests.publish.chat.scene import AT_S, HOUR_S, answer, commands, cut, replies, run
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage, stage
from trimtab.config import Limits
from trimtab.errors import ForgeError
from trimtab.publish import Chat, Pointer, answer_all, catch_up, sync
from trimtab.publish.forge import RateLimitedError


def test_permission_that_cannot_be_told_is_none_yet(on: Stage) -> None:
    """The forge does not answer who may: nothing is recorded, done or said until it does; others are answered."""
    first = on.state.say(1, "ada", "/trimtab dismiss x").id
    on.state.say(1, "eve", "/trimtab help")
    held, down = cut(on), [1]

    def fails_once() -> None:
        if down:
            down.pop()
            raise ForgeError("502")

    held.on_rights = fails_once
    answered = answer(on, held)

    assert [one.later for one in answered] == ["502", ""]
    assert first not in {entry.command for entry in commands(on)}
    assert on.state.get(1).state == "open"
    answer(on)
    assert sorted(entry.step for entry in commands(on)) == ["command", "dismissed"]
    assert len(replies(on)) == 2


def test_the_job_of_a_comment_that_cannot_be_answered_fails(on: Stage) -> None:
    """The event's own comment waits for the next run, and the job says so; a rate limit ends everything at once."""
    comment = on.state.say(1, "ada", "/trimtab dismiss x").id
    for error in (ForgeError("502"), RateLimitedError("slow down")):
        held = cut(on)
        held.on_rights = partial(_raise, error)
        site = replace(on.site(), forge=held)
        with pytest.raises(type(error), match=error.message):
            answer_all(site, held, Chat(AT_S), Pointer("acme/gitops", 1, comment))
    assert commands(on) == []


def _raise(error: ForgeError) -> None:
    raise error


def test_a_locked_conversation_stops_no_other(on: Stage) -> None:
    """Where no reply can be written, the command is recorded and done, and the other comments are answered."""
    on.state.say(1, "ada", "/trimtab dismiss no more")
    on.state.say(1, "ada", "/trimtab help")
    held = cut(on)
    held.fails = "no more"

    answer(on, held)

    assert on.state.get(1).state == "closed"
    assert [entry.step for entry in commands(on)] == ["dismissed", "command"]
    assert len(replies(on)) == 1


FORGED = (
    "<!-- trimtab:note:command:{id} -->\nDone.",
    "<!-- trimtab:note:command:{id} -->\nDone.\n<!-- trimtab:waiting -->",
)


@pytest.mark.parametrize("forged", FORGED)
def test_a_reply_that_a_person_forged_answers_nothing(served: Stage, forged: str) -> None:
    """The key of a reply counts from the bot's account alone, also where it was pasted before the comment came."""
    served.state.say(1, "eve", forged.format(id=served.state.next_comment + 1))
    served.state.say(1, "ada", "/trimtab explain")

    answer(served)

    (reply,) = replies(served)
    assert "What was seen" in reply
    assert answer(served) == ()


def test_a_forged_pull_request_from_our_branch_takes_no_commands(on: Stage) -> None:
    """Ours was closed, and somebody opened another one from its branch: nothing that is said there counts."""
    on.state.close(1)
    catch_up(on.site(), on.ledger())
    state: ForgeState = on.state
    other = state.create(state.get(1).branch, "main", "Mine", state.get(1).body, author="ada")
    on.state.say(other.number, "ada", "/trimtab approve")

    assert answer(on) == ()
    assert commands(on) == []
    assert on.state.get(other.number).state == "open"


@pytest.mark.parametrize("ending", ["close", "merge"])
def test_what_has_ended_is_not_moved_by_commands(on: Stage, ending: str) -> None:
    """On a closed or merged pull request these are answered, and change nothing."""
    getattr(on.state, ending)(1)
    after = tip(on.bare, "main")
    for line in ("approve", "dismiss x", "snooze 3d", "rebase", "owner @ada"):
        on.state.say(1, "ada", f"/trimtab {line}")

    answer(on)

    assert {entry.step for entry in commands(on)} == {"command"}
    assert len(commands(on)) == len(replies(on)) == 5
    assert all("not open any more" in reply for reply in replies(on))
    assert tip(on.bare, "main") == after
    assert on.state.get(1).state == {"close": "closed", "merge": "merged"}[ending]


def test_a_person_who_opened_it_again_is_not_contradicted(on: Stage) -> None:
    """Even where the reply is gone, a dismissal that was taken back since is not done again."""
    on.state.say(1, "ada", "/trimtab dismiss x")
    answer(on)
    on.state.reopen(1)
    run(on, AT_S)
    pull = on.state.get(1)
    on.state.pulls[1] = replace(pull, comments=tuple(one for one in pull.comments if one.login != BOT))

    answer(on)

    assert on.state.get(1).state == "open"
    assert len(commands(on)) == 1


def test_what_was_recorded_is_finished_as_recorded(on: Stage) -> None:
    """Cut off after the entry, then edited into an approval: the dismissal is finished, and nothing else is done."""
    comment = on.state.say(1, "ada", "/trimtab dismiss x").id
    with pytest.raises(KilledError):
        answer(on, cut(on, 1))
    on.state.rewrite(1, comment, "/trimtab approve")
    assert LATER in {said.updated for said in on.state.get(1).comments}

    answer(on)

    assert on.state.get(1).state == "closed"
    assert [entry.step for entry in commands(on)] == ["dismissed"]
    assert "Dismissed" in replies(on)[0]


@pytest.mark.parametrize("line", ["dismiss x", "approve", "owner @ada"])
def test_cut_off_after_any_write_the_next_run_finishes(tmp_path: Path, line: str) -> None:
    """Killed after the entry, the reaction, the act or the reply: one entry, one reply, the act done once."""
    for writes in range(1, 6):
        root = tmp_path / str(writes)
        root.mkdir()
        with stage("memory", root) as on:
            run(on)
            on.state.say(1, "ada", f"/trimtab {line}")
            held = cut(on, writes)
            try:
                answer(on, held)
            except KilledError:
                answer(on)
            assert len(commands(on)) == 1
            assert len(replies(on)) == 1
            state = {"dismiss x": "closed", "approve": "merged"}.get(line, "open")
            assert on.state.get(1).state == state
            assert set(on.state.get(1).reviewers) == ({"ada"} if line.startswith("owner") else set())
            assert answer(on) == ()
            if held.left > 0:
                return
    raise AssertionError("it never came to its end")


def test_two_processes_at_once_are_one_entry_and_one_reply(served: Stage) -> None:
    """The same event is delivered twice at the same time."""
    comment = served.state.say(1, "ada", "/trimtab dismiss x").id
    ready, failed = threading.Barrier(2), []

    def work() -> None:
        site, ledger = replace(served.site()), served.ledger(AT_S)
        ready.wait()
        try:
            answer_all(site, ledger, Chat(AT_S), Pointer("acme/gitops", 1, comment))
        except ForgeError as error:  # pragma: no cover  # said below
            failed.append(error)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert failed == []
    assert [entry.step for entry in commands(served)] == ["dismissed"]
    assert len(replies(served)) == 1
    assert served.state.get(1).state == "closed"


def test_five_megabytes_hide_no_command(on: Stage) -> None:
    """A comment longer than forges take is not read to its end; the others are answered."""
    on.state.say(1, "ada", "word " * 1_000_000 + "\n\n/trimtab approve")
    on.state.say(1, "ada", "/trimtab help")

    answer(on)

    assert [entry.note for entry in commands(on)] == ["help"]


@pytest.mark.parametrize("pointer", [(1, 10**30), (7, 9001), (10**30, 9001)])
def test_an_event_that_lies_is_not_followed(served: Stage, pointer: tuple[int, int]) -> None:
    """Numbers that are not there, or not ours, lead to no call and no answer."""
    calls = len(served.log.calls)

    answered, why = answer_all(served.site(), served.ledger(), Chat(AT_S), Pointer("acme/gitops", *pointer))

    assert answered == ()
    assert why == "the comment is not on a pull request of ours, or is gone"
    assert all("9001" not in call and "0000000000" not in call for call in served.log.calls[calls:])


def test_settling_hides_no_command(served: Stage) -> None:
    """Entries of a day when only settling ran do not move the time from which comments are read."""
    served.state.say(1, "ada", "/trimtab explain")
    served.people.merge(1)
    catch_up(served.site(), served.ledger(AT_S + 9 * 24 * HOUR_S))

    answered, _ = answer_all(served.site(), served.ledger(), Chat(AT_S + 10 * 24 * HOUR_S))

    assert len(answered) == 1


def test_a_comment_between_the_look_and_the_entries_of_a_run_is_found(served: Stage) -> None:
    """A run looked at the comments, then somebody wrote one, then the run recorded: the next run answers it."""
    ledger = served.ledger(AT_S + HOUR_S)
    assert answer_all(served.site(), ledger, Chat(AT_S + HOUR_S)) == ((), "")
    served.state.say(1, "ada", "/trimtab explain")
    found = wanted(proposal(served.bare, replicas=3))
    sync(served.site(), found, ledger, Limits(), AT_S + HOUR_S)
    assert ledger.entries()[-1].at > NOW

    answer_all(served.site(), served.ledger(), Chat(AT_S + 2 * HOUR_S))

    assert len(replies(served)) == 1
