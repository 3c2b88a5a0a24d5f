"""What to do about each branch: compares what is wanted with what stands, and changes nothing.

A branch is one recommendation's, or is shared (see `lane.py`); either way it has one pull request, and each
recommendation its own commit, its own entries and its own end. What joins a shared branch or leaves it has the branch
written anew; where that cannot be, what would join gets a pull request of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trimtab.fleet import Found, Unknown
from trimtab.life import State, following
from trimtab.publish.back import brought_back
from trimtab.publish.branch import branch_for, changes_nothing, ours
from trimtab.publish.drafts import drafted_on, leaving, repeats
from trimtab.publish.forge import PullRequest
from trimtab.publish.gone import for_gone, holds_still, opened_again, rider_of_gone
from trimtab.publish.lane import Lane, Member
from trimtab.publish.mark import UNFINISHED, fingerprint_in, members_in
from trimtab.publish.move import NOTHING, OURSELVES, Call, Move, Rider
from trimtab.publish.site import APART, TAKEN_OVER, Site, Wanted
from trimtab.publish.standing import Standing, waits
from trimtab.recommendation import Bundle, Proposal, alone, fingerprint_of

_ENDED = {State.DISMISSED, State.SNOOZED, State.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a branch, and which proposals cannot go on it, and go on one of their own."""

    move: Move
    apart: tuple[Proposal, ...] = ()


def for_lane(site: Site, wanted: Wanted, lane: Lane) -> Decision:
    """Return what to do about a branch.

    Raises:
        GitError: The remote does not answer, or what a proposal was made on is gone.
    """
    pull = lane.standing.pull
    if not lane.wanted:
        return Decision(for_gone(site, wanted, lane))
    if isinstance(pull, Unknown):
        return _begin(site, wanted, lane)
    if not lane.open:
        return _adopt(lane, pull.value)
    for move in _left_alone(site, wanted, lane, pull.value):
        return Decision(move, tuple(one.proposal for one in lane.wanted if lane.shared and not lane.has(one)))
    return _refresh(site, wanted, lane, pull.value)


def _left_alone(site: Site, wanted: Wanted, lane: Lane, pull: PullRequest) -> Iterator[Move]:
    """Yield how to leave an open pull request as it is, where it may not be brought up to date."""
    standing = lane.standing
    if pull.base != site.base and pull.base in site.repo.heads(pull.base):
        yield _stays(lane, f"left alone: a person pointed it at {pull.base}")
    elif not standing.tip:
        yield _stays(lane, "held: its branch is gone")
    elif not standing.untouched and not standing.given_back:
        yield _taken_over(lane)
    elif any(holds_still(wanted, one.last) for one in lane.gone if waits(one.state)):
        yield _stays(lane, "unchanged: another one in its pull request cannot be judged anew now")


def _stays(lane: Lane, note: str) -> Move:
    """Return that nothing is done about what is on a branch."""
    return Move(lane.standing, tuple(Rider(one, note) for one in _on(lane)))


def _on(lane: Lane) -> tuple[Standing, ...]:
    """Return what is on a branch already; of one that is not shared that is all."""
    return (*(one.standing for one in lane.wanted if not lane.shared or lane.has(one)), *lane.gone)


def _adopt(lane: Lane, pull: PullRequest) -> Decision:
    """Return how to take up a pull request that is open although the ledger has nothing in it as open."""
    listed = members_in(pull.body)
    mine = [one for one in lane.wanted if not lane.shared or _is_in(lane, one.standing, listed)]
    riders = (*(_adopted(lane, one, pull) for one in mine), *(opened_again(one, pull) for one in lane.gone))
    return Decision(Move(lane.standing, riders), tuple(one.proposal for one in lane.wanted if one not in mine))


def _is_in(lane: Lane, standing: Standing, listed: Sequence[str]) -> bool:
    """Return whether a recommendation is in the open pull request of a shared branch."""
    return standing.branch == lane.standing.branch and isinstance(standing.pull, Found) and standing.id in listed


def _adopted(lane: Lane, member: Member, pull: PullRequest) -> Rider:
    standing = member.standing
    if not standing.entries:
        why = f"held: pull request {pull.number} is open from a branch the ledger does not know"
        return Rider(standing, why)
    if standing.state == State.PROPOSED:
        return _opened(lane, member, lane.standing.tip, "opened", member.proposal.title)
    return (
        opened_again(standing, pull) if standing.state in _ENDED else Rider(standing, f"held: it is {standing.state}")
    )


def _taken_over(lane: Lane) -> Move:
    """Return how to leave a branch to the person who committed to it: one comment, one entry, no push."""
    note = "left alone: a person changed its branch"
    on = _on(lane)
    own = max((entry.seq for entry in on[0].entries if entry.note != TAKEN_OVER), default=0)
    if any(entry.note == TAKEN_OVER and entry.seq > own for entry in on[0].entries):
        return _stays(lane, note)
    head = lane.standing.tip
    told = (replace(following(one.last, State.OPEN, OURSELVES), head=head, note=TAKEN_OVER) for one in on)
    riders = tuple(Rider(one, note, after=draft) for one, draft in zip(on, told, strict=True))
    return Move(lane.standing, riders, call=Call.TELL)


def _begin(site: Site, wanted: Wanted, lane: Lane) -> Decision:
    """Return how to open a pull request, from wherever an earlier run may have been cut off."""
    standing = lane.standing
    if not ours(site, standing):
        note = f"held: the branch {standing.branch} holds commits of others"
        return Decision(
            _stays(lane, note), tuple(one.proposal for one in lane.wanted if lane.shared and not lane.has(one))
        )
    bundle = _bundle(wanted, lane.wanted)
    if not lane.shared and standing.entries:
        back = brought_back(site, standing, bundle)
        if isinstance(back, Found):
            return Decision(back.value)
    return _written(site, wanted, lane, bundle, Call.OPEN)


def _refresh(site: Site, wanted: Wanted, lane: Lane, pull: PullRequest) -> Decision:
    """Return how to bring an open pull request up to date; the branch moves only where its change differs."""
    listed = members_in(pull.body)
    places = {name: place for place, name in enumerate(listed)}
    lane = replace(lane, wanted=tuple(sorted(lane.wanted, key=lambda one: places.get(one.standing.id, len(places)))))
    shown = fingerprint_in(pull.body)
    settled = not any(waits(one.state) for one in lane.gone) and not lane.standing.given_back
    settled = settled and UNFINISHED not in pull.body and pull.base == site.base
    if settled and shown == fingerprint_of([one.proposal for one in lane.wanted]):
        return Decision(_unchanged(lane, lane.wanted, pull))
    bundle = _bundle(wanted, lane.wanted)
    names = {one.id for one in bundle.members}
    kept = [one for one in lane.wanted if one.standing.id in names]
    out = [one for one in lane.wanted if one.standing.id not in names]
    if settled and shown == bundle.fingerprint and not any(map(lane.has, out)):
        return Decision(_unchanged(lane, kept, pull), tuple(one.proposal for one in out))
    return _written(site, wanted, lane, bundle, Call.EDIT)


def _unchanged(lane: Lane, members: Sequence[Member], pull: PullRequest) -> Move:
    """Return that a pull request says what it should; what the ledger does not have as open there is recorded."""
    riders = [
        Rider(one.standing, "unchanged")
        if lane.has(one)
        else _opened(lane, one, lane.standing.tip, "opened", lane.standing.last.title)
        for one in members
    ]
    return Move(lane.standing, (*riders, *(opened_again(one, pull) for one in lane.gone)))


def _bundle(wanted: Wanted, members: Sequence[Member]) -> Bundle:
    proposals = [one.proposal for one in members]
    return wanted.compose(proposals) if len(proposals) > 1 else alone(proposals)


def _written(site: Site, wanted: Wanted, lane: Lane, bundle: Bundle, call: Call) -> Decision:
    """Return how to bring branch and pull request to what a bundle says, and what is on it and not in that."""
    branch = branch_for(site, lane.standing, bundle, wanted.at_s)
    if call is Call.OPEN and changes_nothing(site.repo, branch.head, len(bundle.members)):
        note = f"held: {site.base} holds the change already"
        return Decision(Move(lane.standing, tuple(Rider(one, note) for one in lane.everybody)))
    names = {one.id for one in bundle.members}
    note = "opened" if call is Call.OPEN else "updated"
    kept = [one for one in lane.wanted if one.standing.id in names]
    out = [one for one in lane.wanted if one.standing.id not in names]
    riders = (
        *(_opened(lane, one, branch.head, note, bundle.title) for one in kept),
        *(_leaves(one.standing) for one in out if lane.has(one)),
        *(rider_of_gone(wanted, lane, one) for one in lane.gone),
    )
    update = branch.update[0] if branch.update else NOTHING
    apart = tuple(one.proposal for one in out if not lane.has(one))
    return Decision(Move(lane.standing, riders, bundle, branch=update, call=call), apart)


def _leaves(standing: Standing) -> Rider:
    """Return how one leaves a shared branch on which it conflicts with others; the next run opens it by itself."""
    return Rider(standing, APART, before=leaving(standing.last, State.OPEN, OURSELVES))


def _opened(lane: Lane, member: Member, head: str, note: str, title: str) -> Rider:
    """Return how a recommendation becomes open on a branch at a head, from wherever it is in its life."""
    proposal, standing = member.proposal, member.standing
    draft = drafted_on(lane.standing, proposal, standing, State.OPEN, OURSELVES)
    opened = replace(draft, head=head, title=title)
    if standing.state == State.OPEN:
        return Rider(standing, note, before=NOTHING if repeats(standing.last, opened) else opened)
    if standing.state in {State.PROPOSED, State.SNOOZED}:
        return Rider(standing, note, opened=opened)
    before = drafted_on(lane.standing, proposal, standing, State.PROPOSED, OURSELVES)
    return Rider(standing, note, before=before, opened=opened)
