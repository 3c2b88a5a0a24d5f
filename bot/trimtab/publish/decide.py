"""What to do about each recommendation: compares what is wanted with what stands, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trimtab.fleet import Found, Unknown
from trimtab.gitio import Update
from trimtab.life import Entry, State, following
from trimtab.publish.back import brought_back, flaps
from trimtab.publish.branch import branch_for, changes_nothing, ours
from trimtab.publish.drafts import chose_otherwise, drafted, material, reopened, repeats
from trimtab.publish.forge import PullRequest
from trimtab.publish.mark import UNFINISHED, read_mark
from trimtab.publish.move import NOTHING, OURSELVES, Call, Move
from trimtab.publish.site import TAKEN_OVER, Site, Standing, Wanted, waits
from trimtab.recommendation import Proposal


@dataclass(frozen=True, slots=True)
class Desk:
    """What a decision is made with.

    Attributes:
        site: Where.
        wanted: What this run found.
        now: RFC 3339, to tell whether a snooze is over.
    """

    site: Site
    wanted: Wanted
    now: str


def for_wanted(desk: Desk, standing: Standing, proposal: Proposal) -> Move:
    """Return what to do about a recommendation that is proposed in this run."""
    if standing.foreign and waits(standing.state):
        return Move(standing, proposal, f"held: it is open in {standing.last.repository}")
    if isinstance(standing.pull, Found):
        return _with_pull(desk, standing, proposal, standing.pull.value)
    still = _still(desk, standing, proposal)
    if still:
        return Move(standing, proposal, still, tidy=_tidy(standing))
    return _begin(desk, standing, proposal)


def for_gone(desk: Desk, standing: Standing) -> Move:
    """Return what to do about a recommendation that is not proposed in this run."""
    if standing.foreign or not standing.entries:
        return Move(standing, NOTHING, "not ours")
    if isinstance(standing.pull, Found) and standing.state in {State.DISMISSED, State.SNOOZED}:
        draft = reopened(standing, OURSELVES, _fingerprint(standing.pull.value))
        return Move(standing, NOTHING, "opened again by a person", before=draft)
    if not waits(standing.state):
        return _leftover(standing)
    still = _holds_still(desk.wanted, standing.last)
    if still:
        return Move(standing, NOTHING, still)
    return _withdraw(desk, standing)


def _with_pull(desk: Desk, standing: Standing, proposal: Proposal, pull: PullRequest) -> Move:
    """Return what to do about one with an open pull request."""
    if not standing.entries or standing.state != State.OPEN:
        return _adopt(standing, proposal, pull)
    moved = pull.base != desk.site.base
    if moved and pull.base in desk.site.repo.heads(pull.base):
        return Move(standing, proposal, f"left alone: a person pointed it at {pull.base}")
    if not standing.tip:
        return Move(standing, proposal, "held: its branch is gone")
    if not standing.untouched and not standing.given_back:
        return _taken_over(standing, proposal)
    told = _fingerprint(pull) == proposal.fingerprint and UNFINISHED not in pull.body
    if told and not moved and not standing.given_back:
        return Move(standing, proposal, "unchanged")
    return _refresh(desk, standing, proposal)


def _adopt(standing: Standing, proposal: Proposal, pull: PullRequest) -> Move:
    """Return how to take up a pull request that is open although the ledger does not have it as open."""
    if not standing.entries:
        return Move(
            standing, proposal, f"held: pull request {pull.number} is open from a branch the ledger does not know"
        )
    if standing.state == State.PROPOSED:
        draft = drafted(proposal, standing, State.OPEN, OURSELVES, standing.tip)
        return Move(standing, proposal, "opened", opened=draft)
    if standing.state in {State.DISMISSED, State.SNOOZED, State.WITHDRAWN}:
        draft = reopened(standing, OURSELVES, _fingerprint(pull))
        return Move(standing, proposal, "opened again by a person", before=draft)
    return Move(standing, proposal, f"held: it is {standing.state}")


def _still(desk: Desk, standing: Standing, proposal: Proposal) -> str:
    """Return why a recommendation without an open pull request gets none now; empty where it does."""
    state = standing.state
    if state in {State.APPROVED, State.ACTUATED}:
        return f"{state}: its outcome is not known yet"
    if standing.id in desk.wanted.released:
        return ""
    if state == State.SNOOZED and desk.now < standing.last.until:
        return f"snoozed until {standing.last.until}"
    undone = state == State.SUPERSEDED and bool(standing.last.merged)  # somebody took it out again: a person's word
    if (state in {State.DISMISSED, State.REGRESSED} or undone) and not material(standing.last, proposal):
        return f"{state}: nothing material changed since"
    if state == State.VERIFIED and chose_otherwise(standing.entries, proposal):
        return "verified: a person merged other values in the place of these"
    return flaps(standing.entries, desk.now) if state == State.WITHDRAWN else ""


def _begin(desk: Desk, standing: Standing, proposal: Proposal) -> Move:
    """Return how to open a pull request, from wherever an earlier run may have been cut off."""
    if not ours(desk.site, standing):
        return Move(standing, proposal, f"held: the branch {standing.branch} holds commits of others")
    back = brought_back(desk.site, standing, proposal) if standing.entries else NOTHING
    if isinstance(back, Found):
        return back.value
    branch = branch_for(desk.site, standing, proposal, desk.wanted.at_s)
    if changes_nothing(desk.site.repo, branch.head):
        return Move(standing, proposal, f"held: {desk.site.base} holds the change already")
    update = branch.update[0] if branch.update else NOTHING
    opened = drafted(proposal, standing, State.OPEN, OURSELVES, branch.head)
    if standing.state == State.OPEN:  # recorded, and cut off before the forge was asked
        again = NOTHING if repeats(standing.last, opened) else opened
        return Move(standing, proposal, "opened", before=again, branch=update, call=Call.OPEN)
    before = drafted(proposal, standing, State.PROPOSED, OURSELVES)
    if standing.state in {State.PROPOSED, State.SNOOZED}:
        return Move(standing, proposal, "opened", branch=update, opened=opened, call=Call.OPEN)
    return Move(standing, proposal, "opened", before=before, branch=update, opened=opened, call=Call.OPEN)


def _refresh(desk: Desk, standing: Standing, proposal: Proposal) -> Move:
    """Return how to bring an open pull request up to date; the branch moves only where its change differs."""
    branch = branch_for(desk.site, standing, proposal, desk.wanted.at_s)
    draft = drafted(proposal, standing, State.OPEN, OURSELVES, branch.head)
    before = NOTHING if repeats(standing.last, draft) else draft
    update = branch.update[0] if branch.update else NOTHING
    return Move(standing, proposal, "updated", before=before, branch=update, call=Call.EDIT)


def _taken_over(standing: Standing, proposal: Proposal) -> Move:
    """Return how to leave a branch to the person who committed to it: one comment, one entry, no push."""
    note = "left alone: a person changed its branch"
    own = max((entry.seq for entry in standing.entries if entry.note != TAKEN_OVER), default=0)
    if any(entry.note == TAKEN_OVER and entry.seq > own for entry in standing.entries):
        return Move(standing, proposal, note)
    told = replace(following(standing.last, State.OPEN, OURSELVES), head=standing.tip, note=TAKEN_OVER)
    return Move(standing, proposal, note, call=Call.TELL, after=told)


def _withdraw(desk: Desk, standing: Standing) -> Move:
    """Return how to end a recommendation whose cause is gone; what a person committed is never deleted."""
    if not ours(desk.site, standing):
        return Move(standing, NOTHING, "left alone: a person changed its branch")
    reason = "the facts that it rested on are gone"
    draft = replace(following(standing.last, State.WITHDRAWN, OURSELVES), note=reason)
    call = Call.NONE
    if isinstance(standing.pull, Found):
        draft = replace(draft, pull_request=standing.pull.value.number, url=standing.pull.value.url)
        call = Call.CLOSE
    return Move(standing, NOTHING, "withdrawn", before=draft, call=call, tidy=_delete(standing))


def _leftover(standing: Standing) -> Move:
    """Return how to finish an ending that was cut off: a withdrawn pull request still open, a branch still there."""
    if isinstance(standing.pull, Found):
        cut_off = standing.state == State.WITHDRAWN and standing.untouched
        call = Call.CLOSE if cut_off else Call.NONE
        tidy = _delete(standing) if cut_off else NOTHING
        return Move(standing, NOTHING, standing.state, call=call, tidy=tidy)
    return Move(standing, NOTHING, standing.state, tidy=_tidy(standing))


def _tidy(standing: Standing) -> Update | Unknown:
    """Return the deletion of a branch that an ended recommendation left behind; never one that a person changed."""
    ended = standing.entries and standing.state not in {State.PROPOSED, State.OPEN}
    return _delete(standing) if ended and standing.untouched else NOTHING


def _delete(standing: Standing) -> Update | Unknown:
    return Update(standing.branch, "", standing.tip) if standing.tip else NOTHING


def _holds_still(wanted: Wanted, entry: Entry) -> str:
    """Return why a recommendation that is not proposed now may not be withdrawn; empty where it may."""
    if entry.recommendation in wanted.valid:
        return "unchanged"
    if entry.subject.cluster in wanted.blind:
        return "unchanged: its cluster could not be judged"
    if (entry.rule, entry.subject) in wanted.unsure:
        return "unchanged: facts are missing"
    return ""


def _fingerprint(pull: PullRequest) -> str:
    mark = read_mark(pull.body)
    return mark.value.fingerprint if isinstance(mark, Found) else ""
