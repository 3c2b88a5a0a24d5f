"""The one reconcile: compare what is wanted with what stands, act on the difference, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from trimtab.config import Limits
from trimtab.gitio import GitError
from trimtab.life import Journal
from trimtab.publish.act import act
from trimtab.publish.catch_up import catch_up
from trimtab.publish.decide import Desk, for_gone, for_wanted
from trimtab.publish.limits import Hour, limited
from trimtab.publish.mark import branch_of
from trimtab.publish.move import NOTHING, Move
from trimtab.publish.signing import clear
from trimtab.publish.site import Site, Standing, View, Wanted
from trimtab.recommendation import Link, Proposal


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
    now = datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    desk = Desk(site, wanted, now)
    own = [entry for entry in journal.entries() if entry.repository == site.name]
    moves = list(limited(caught.view, tuple(_moves(desk, caught.view)), own, Hour(now_s, limits), wanted.released))
    links = act(site, moves, journal)
    clear(site, caught.view.stages, moves)
    told = {link.id for link in links}
    return (*links, *(link for link in caught.links if link.id not in told))


def _moves(desk: Desk, view: View) -> Iterator[Move]:
    """Yield what to do about each recommendation: the proposed ones in their order, then the others by identity."""
    proposals = [each for each in desk.wanted.proposals if each.repository == desk.site.name and each.publishable]
    for proposal in proposals:
        standing = view.of(proposal.id, branch_of(proposal.priced.finding.rule, proposal.id))
        yield _decided(desk, standing, proposal)
    proposed = {proposal.id for proposal in proposals}
    for identity, standing in view.standings.items():
        if identity not in proposed:
            move = _decided(desk, standing)
            if move.matters:
                yield move


def _decided(desk: Desk, standing: Standing, *proposals: Proposal) -> Move:
    """Return the decision; trouble with one branch holds back this one alone."""
    try:
        for proposal in proposals:
            return for_wanted(desk, standing, proposal)
        return for_gone(desk, standing)
    except GitError as error:
        return Move(standing, proposals[0] if proposals else NOTHING, f"held: {error.message}")
