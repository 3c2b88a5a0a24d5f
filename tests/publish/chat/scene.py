"""A pull request on a forge with people and processes at it, as attacks by time find it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tests.forges.state import BOT, NOW
from tests.publish.chat.cut import Cut
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage
from trimtab.config import Limits
from trimtab.life import Entry
from trimtab.publish import Answered, Chat, answer_all, sync
from trimtab.record import Verified

AT_S = int(datetime.fromisoformat(NOW).timestamp())
"""When the comments of the fakes are written."""

HOUR_S = 3600


def run(on: Stage, at_s: int = AT_S - 24 * HOUR_S, replicas: int = 2) -> str:
    """Run once, without looking at comments, and return what became of the proposal."""
    return sync(on.site(), wanted(proposal(on.bare, replicas=replicas)), on.ledger(at_s), Limits(), at_s)[0].note


def cut(on: Stage, writes: int = 1_000_000) -> Cut:
    """Return what a fresh process works with, until it is killed."""
    return Cut(on.forge, on.ledger(AT_S), writes)


def answer(on: Stage, held: Cut | None = None) -> tuple[Answered, ...]:
    """Answer what waits, as a process of its own, with merging on."""
    held = held or cut(on)
    return answer_all(replace(on.site(), forge=held), held, Chat(AT_S, merges=True))[0]


def commands(on: Stage) -> list[Entry]:
    """Return the entries of commands; the ledger holds."""
    assert isinstance(on.record.prove(), Verified)
    return [entry for entry in on.record.entries() if entry.command]


def replies(on: Stage, number: int = 1) -> list[str]:
    """Return what the bot said."""
    return [said.body for said in on.state.get(number).comments if said.login == BOT]
