"""The one reconcile: compare what is wanted with what stands, act on the difference, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from trimtab.config import Limits
from trimtab.fleet import Unknown
from trimtab.gitio import GitError
from trimtab.life import Entry, Journal, State
from trimtab.publish.act import act
from trimtab.publish.back import flaps
from trimtab.publish.catch_up import catch_up
from trimtab.publish.decide import Decision, for_lane
from trimtab.publish.drafts import chose_otherwise, material
from trimtab.publish.gone import tidied
from trimtab.publish.lane import Lane, Member, lane_of_one, lanes
from trimtab.publish.limits import Hour, limited, quiet
from trimtab.publish.mark import branch_of
from trimtab.publish.move import Move, Rider
from trimtab.publish.signing import clear
from trimtab.publish.site import Site, Wanted
from trimtab.publish.standing import Standing, View, waits
from trimtab.recommendation import Link, Proposal

MOST = 20
"""Recommendations of one pull request: nobody reviews more at once. The next ones wait until these are decided."""


def sync(site: Site, wanted: Wanted, journal: Journal, limits: Limits, now_s: int) -> tuple[Link, ...]:
    """Bring a repository's pull requests in line with what is wanted, and return where each recommendation stands.

    First what people merged or closed is recorded; then pull requests are opened, brought up to date, left or
    withdrawn. Where nothing changed nothing is written. Every step is in the ledger before it is taken, and a run that
    was cut off anywhere is finished by the next one.

    Args:
        site: The repository.
        wanted: What this run found; proposals of other repositories and those that cannot be opened are passed over.
        journal: The ledger.
        limits: How many at once, and when.
        now_s: The time, Unix seconds: to tell whether a snooze is over.

    Raises:
        ForgeError: The forge, the remote or the ledger cannot be reached, or a rate limit ends the run.
        RefusedError: The ledger is damaged; nothing was written.
    """
    caught = catch_up(site, journal)
    own = tuple(entry for entry in journal.entries() if entry.repository == site.name)
    desk = _Desk(site, wanted, caught.view, own, Hour(now_s, limits))
    moves = list(limited(caught.view, tuple(_moves(desk)), own, desk.hour, wanted.released))
    links = act(site, moves, journal)
    clear(site, caught.view.listed.stages, moves)
    told = {link.id for link in links}
    return (*links, *(link for link in caught.links if link.id not in told))


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a run decides with: where, what it found, what stands, the ledger of this repository, and when."""

    site: Site
    wanted: Wanted
    view: View
    entries: Sequence[Entry]
    hour: Hour


def _moves(desk: _Desk) -> Iterator[Move]:
    """Yield what to do about each branch: those of the proposed in their order, then the others by name."""
    places = {proposal.id: place for place, proposal in enumerate(desk.wanted.proposals)}

    def place(move: Move) -> int:
        return min((places.get(rider.standing.id, len(places)) for rider in move.riders), default=len(places))

    yield from sorted(_unordered(desk), key=place)


def _unordered(desk: _Desk) -> Iterator[Move]:
    members: list[Member] = []
    held: list[str] = []
    for proposal in desk.wanted.proposals:
        if proposal.repository == desk.site.name and proposal.publishable:
            standing = desk.view.of(proposal.id, branch_of(proposal.priced.finding.rule, proposal.id))
            still = _still(desk, standing, proposal)
            if still:
                held.append(standing.id)
                yield Move(standing, (Rider(standing, still),), tidy=tidied(standing))
            else:
                members.append(Member(standing, proposal))
    for lane in lanes(desk.site, desk.view, members, held):
        yield from _of_lane(desk, lane)


def _of_lane(desk: _Desk, lane: Lane) -> Iterator[Move]:
    """Yield what to do about a branch, and about what does not go on it: beside what is open, so many have room."""
    for member in lane.wanted:
        if member.standing.branch != lane.standing.branch:
            yield Move(member.standing, (), tidy=tidied(member.standing))
    wanted = sorted(lane.wanted, key=lambda one: not lane.has(one))
    for member in wanted[MOST:]:
        yield Move(member.standing, (Rider(member.standing, f"held: its pull request holds {MOST} already"),))
    decision = _decided(desk, replace(lane, wanted=tuple(wanted[:MOST])))
    if lane.wanted or decision.move.matters:
        yield decision.move
    for proposal in decision.apart:
        yield _decided(desk, lane_of_one(desk.view, proposal)).move


def _decided(desk: _Desk, lane: Lane) -> Decision:
    """Return the decision; trouble with one branch holds back this one alone."""
    try:
        return for_lane(desk.site, desk.wanted, lane)
    except GitError as error:
        return Decision(Move(lane.standing, tuple(Rider(one, f"held: {error.message}") for one in lane.everybody)))


def _still(desk: _Desk, standing: Standing, proposal: Proposal) -> str:
    """Return why a recommendation is not touched now; empty where it may be opened, or has a pull request."""
    if standing.foreign and waits(standing.state):
        return f"held: it is open in {standing.last.repository}"
    if not isinstance(standing.pull, Unknown):
        return ""
    still = _decided_before(desk, standing, proposal)
    if still or standing.id in desk.wanted.released:
        return still
    resting = quiet(proposal, desk.entries, desk.hour)
    return f"held: {resting}" if resting else ""


def _decided_before(desk: _Desk, standing: Standing, proposal: Proposal) -> str:
    """Return why a recommendation without an open pull request gets none, for what became of it before."""
    state, now = standing.state, desk.hour.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if state in {State.APPROVED, State.ACTUATED}:
        return f"{state}: its outcome is not known yet"
    if standing.id in desk.wanted.released:
        return ""
    if state == State.SNOOZED and now < standing.last.until:
        return f"snoozed until {standing.last.until}"
    undone = state == State.SUPERSEDED and bool(standing.last.merged)  # somebody took it out again: a person's word
    if (state in {State.DISMISSED, State.REGRESSED} or undone) and not material(standing.last, proposal):
        return f"{state}: nothing material changed since"
    if state == State.VERIFIED and chose_otherwise(standing.entries, proposal):
        return "verified: a person merged other values in the place of these"
    return flaps(standing.entries, now) if state == State.WITHDRAWN else ""
