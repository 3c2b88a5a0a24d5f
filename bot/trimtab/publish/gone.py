"""What to do about a branch where nothing is proposed now: it ends, holds still, or is a person's."""

from __future__ import annotations

from dataclasses import replace

from trimtab.fleet import Found, Unknown
from trimtab.gitio import Update
from trimtab.life import Draft, Entry, State, following
from trimtab.publish.branch import ours
from trimtab.publish.drafts import leaving, reopened
from trimtab.publish.forge import PullRequest
from trimtab.publish.lane import Lane
from trimtab.publish.mark import fingerprint_in, is_shared
from trimtab.publish.move import NOTHING, OURSELVES, Call, Move, Rider
from trimtab.publish.site import Site, Wanted
from trimtab.publish.standing import Standing, waits

_FACTS_GONE = "the facts that it rested on are gone"


def for_gone(site: Site, wanted: Wanted, lane: Lane) -> Move:
    """Return what to do about a branch of which nothing is proposed in this run.

    Raises:
        GitError: The remote does not answer.
    """
    standing = lane.standing
    if not lane.shared and (standing.foreign or not standing.entries):
        return Move(standing, tuple(Rider(one, "not ours") for one in lane.gone))
    reopen = [one for one in lane.gone if one.state in {State.DISMISSED, State.SNOOZED} and isinstance(one.pull, Found)]
    if isinstance(standing.pull, Found) and reopen:
        return Move(standing, tuple(opened_again(one, standing.pull.value) for one in lane.gone))
    waiting = [one for one in lane.gone if waits(one.state)]
    if not waiting:
        return _leftover(lane)
    if any(holds_still(wanted, one.last) for one in waiting):
        return Move(standing, tuple(Rider(one, holds_still(wanted, one.last) or "unchanged") for one in lane.gone))
    return _withdraw(site, wanted, lane)


def holds_still(wanted: Wanted, entry: Entry) -> str:
    """Return why a recommendation that is not proposed now may not be withdrawn; empty where it may."""
    if entry.recommendation in wanted.valid:
        return "unchanged"
    if entry.subject.cluster in wanted.blind:
        return "unchanged: its cluster could not be judged"
    if (entry.rule, entry.subject) in wanted.unsure:
        return "unchanged: facts are missing"
    return ""


def rider_of_gone(wanted: Wanted, lane: Lane, standing: Standing) -> Rider:
    """Return how a recommendation ends that is not proposed any more; how it stays, where that is not known."""
    still = holds_still(wanted, standing.last)
    if still or not waits(standing.state):
        return Rider(standing, still or standing.state)
    return Rider(standing, "withdrawn", before=_withdrawal(lane, standing))


def opened_again(standing: Standing, pull: PullRequest) -> Rider:
    """Return how one comes back whose pull request a person opened again; one that was open is open."""
    if standing.state not in {State.DISMISSED, State.SNOOZED, State.WITHDRAWN}:
        return Rider(standing, "unchanged")
    draft = reopened(standing, OURSELVES, fingerprint_in(pull.body))
    return Rider(standing, "opened again by a person", before=draft)


def tidied(standing: Standing) -> Update | Unknown:
    """Return the deletion of a branch that an ended recommendation left behind; never one that a person changed.

    A shared one is deleted once nothing is on it.
    """
    if is_shared(standing.branch):
        return NOTHING
    ended = standing.entries and standing.state not in {State.PROPOSED, State.OPEN}
    return deleted(standing) if ended and standing.untouched else NOTHING


def deleted(standing: Standing) -> Update | Unknown:
    """Return the deletion of a branch, where there is one."""
    return Update(standing.branch, "", standing.tip) if standing.tip else NOTHING


def _withdrawal(lane: Lane, standing: Standing) -> Draft:
    pull = lane.standing.pull
    if lane.shared:
        return leaving(standing.last, State.WITHDRAWN, OURSELVES, _FACTS_GONE)
    draft = replace(following(standing.last, State.WITHDRAWN, OURSELVES), note=_FACTS_GONE)
    return replace(draft, pull_request=pull.value.number, url=pull.value.url) if isinstance(pull, Found) else draft


def _withdraw(site: Site, wanted: Wanted, lane: Lane) -> Move:
    """Return how to end a branch whose causes are gone; what a person committed is never deleted."""
    standing = lane.standing
    if not ours(site, standing):
        return Move(standing, tuple(Rider(one, "left alone: a person changed its branch") for one in lane.gone))
    riders = tuple(rider_of_gone(wanted, lane, one) for one in lane.gone)
    call = Call.CLOSE if isinstance(standing.pull, Found) else Call.NONE
    return Move(standing, riders, call=call, tidy=deleted(standing))


def _leftover(lane: Lane) -> Move:
    """Return how to finish an ending that was cut off: a pull request still open, a branch still there.

    A shared branch ends once nothing is on it any more, whatever took the last one off it.
    """
    standing = lane.standing
    riders = tuple(Rider(one, one.state) for one in lane.gone)
    left = lane.shared or standing.state == State.WITHDRAWN
    if isinstance(standing.pull, Found):
        cut_off = left and standing.untouched
        call = Call.CLOSE if cut_off else Call.NONE
        return Move(standing, riders, call=call, tidy=deleted(standing) if cut_off else NOTHING)
    over = standing.untouched and bool(standing.entries)
    return Move(standing, riders, tidy=(deleted(standing) if over else NOTHING) if lane.shared else tidied(standing))
