"""Runs that put several recommendations into one pull request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.publish.proposals import compose, proposal, wanted
from tests.publish.stages import Stage
from trimtab.config import GroupBy, Limits, PullRequests
from trimtab.publish import Chat, PullRequest, Site, Wanted, answer_all, sync, tell_outcomes
from trimtab.publish.mark import members_in
from trimtab.recommendation import Link, Proposal
from trimtab.record import Verified

NOW_S = 1_794_700_000
NO_LIMITS = Limits()


def both(bare: Path, facts: str = "1", replicas: int = 2) -> tuple[Proposal, Proposal]:
    """Return two proposals of one team, in two files."""
    return proposal(bare, "chat", replicas, facts=facts), proposal(bare, "code", 3, facts=facts)


def grouped(site: Site, by: GroupBy = GroupBy.TEAM) -> Site:
    """Return the site where pull requests are shared."""
    return replace(site, style=PullRequests(group_by=by))


def run(
    on: Stage,
    *proposals: Proposal,
    by: GroupBy = GroupBy.TEAM,
    limits: Limits = NO_LIMITS,
    now_s: int = NOW_S,
    valid: tuple[str, ...] = (),
) -> list[str]:
    """Run once, as a fresh process would, and return what became of each recommendation; the ledger holds."""
    return [link.note for link in links(on, found(proposals, valid), by, limits, now_s)]


def found(proposals: Sequence[Proposal], valid: tuple[str, ...] = ()) -> Wanted:
    """Return what a run found."""
    return replace(wanted(*proposals, valid=valid), compose=compose)


def links(
    on: Stage, what: Wanted, by: GroupBy = GroupBy.TEAM, limits: Limits = NO_LIMITS, now_s: int = NOW_S
) -> tuple[Link, ...]:
    """Run once and return where each recommendation stands."""
    placed = sync(grouped(on.site(), by), what, on.ledger(now_s), limits, now_s)
    assert isinstance(on.record.prove(), Verified)
    return placed


def say(on: Stage, body: str, what: Wanted, *, number: int = 1, login: str = "ada") -> str:
    """Comment as a person, run as a schedule does, and return the reply."""
    said = on.state.say(number, login, body)
    site, ledger = grouped(on.site()), on.ledger()
    answered, _ = answer_all(site, ledger, Chat(NOW_S))
    tell_outcomes(site, answered, sync(site, what, ledger, NO_LIMITS, NOW_S), ledger.entries())
    assert isinstance(on.record.prove(), Verified)
    replies = [one.body for one in on.state.get(number).comments if f"command:{said.id} " in one.body]
    assert len(replies) == 1
    return replies[0]


def steps(on: Stage) -> dict[str, list[str]]:
    """Return the steps of each workload's recommendation."""
    taken: dict[str, list[str]] = {}
    for entry in on.record.entries():
        if entry.recommendation:
            taken.setdefault(entry.subject.name, []).append(entry.step)
    return taken


def members(pull: PullRequest) -> list[str]:
    """Return what a pull request says that it holds."""
    return list(members_in(pull.body))
