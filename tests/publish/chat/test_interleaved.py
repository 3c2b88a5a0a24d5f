"""Comments, jobs for them and scheduled runs in any order: every command is answered exactly once."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.forges.state import BOT
from tests.publish.chat.cut import Cut, KilledError
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage, stage
from trimtab.config import Limits
from trimtab.publish import Chat, Pointer, answer_all, sync, tell_outcomes
from trimtab.record import Verified

NOW_S = 1_794_700_000

LINES = ("explain", "recheck", "snooze 2d", "dismiss x", "approve", "rebase", "frobnicate", "owner @ada")

STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(LINES)),
    st.tuples(st.just("job"), st.integers(0, 5)),
    st.tuples(st.just("killed"), st.integers(1, 4)),
    st.tuples(st.just("run"), st.integers(2, 3)),
    st.tuples(st.just("reopen"), st.just(1)),
)


def run(on: Stage, replicas: int = 2) -> None:
    """Do what a scheduled run does, as a process of its own."""
    site, ledger = on.site(), on.ledger(NOW_S)
    answered, _ = answer_all(site, ledger, Chat(NOW_S))
    links = sync(site, wanted(proposal(on.bare, replicas=replicas)), ledger, Limits(), NOW_S)
    tell_outcomes(site, answered, links, ledger.entries())


def job(on: Stage, comment: int, writes: int = 1_000_000) -> None:
    """Do what the job for a comment does, until it is killed."""
    held = Cut(on.forge, on.ledger(NOW_S), writes)
    number = next(pull.number for pull in on.state.all() for said in pull.comments if said.id == comment)
    try:
        answer_all(replace(on.site(), forge=held), held, Chat(NOW_S), Pointer("acme/gitops", number, comment))
    except KilledError:
        return


def take(on: Stage, step: tuple[str, str | int], asked: list[int]) -> None:
    """Take one step."""
    match step:
        case ("say", str(line)):
            number = max(on.state.pulls)
            asked.append(on.state.say(number, "ada", f"/trimtab {line}").id)
        case ("job", int(which)) if asked:
            job(on, asked[which % len(asked)])
        case ("killed", int(writes)) if asked:
            job(on, asked[-1], writes)
        case ("run", int(replicas)):
            run(on, replicas)
        case ("reopen", _):
            number = max(on.state.pulls)
            if on.state.get(number).state == "closed":
                on.state.reopen(number)


@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=4, max_size=10))
def test_every_command_is_answered_exactly_once(steps: list[tuple[str, str | int]]) -> None:
    """Whatever came between, and whatever was cut off, two runs later each has one entry and one finished reply."""
    with tempfile.TemporaryDirectory() as folder, stage("memory", Path(folder)) as on:
        run(on)
        asked: list[int] = []
        for step in steps:
            take(on, step, asked)
        run(on)
        run(on)

        said = [one.body for pull in on.state.all() for one in pull.comments if one.login == BOT]
        recorded = Counter(entry.command for entry in on.record.entries() if entry.command)
        assert recorded == Counter(asked)
        for comment in asked:
            (reply,) = (body for body in said if body.startswith(f"<!-- trimtab:note:command:{comment} -->"))
            assert "trimtab:waiting" not in reply
        assert isinstance(on.record.prove(), Verified)
