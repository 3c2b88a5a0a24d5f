"""Takes the steps: each is recorded before it is taken, and any two may be cut apart by a crash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.gitio import Pushed, Refused, Update, push
from trimtab.life import Draft, Entry, Journal, State
from trimtab.publish.ask import ask
from trimtab.publish.forge import PREFIX, PullRequest, RateLimitedError
from trimtab.publish.move import OURSELVES, Call, Move
from trimtab.publish.signing import signed
from trimtab.publish.site import Site
from trimtab.publish.standing import home_of
from trimtab.recommendation import Link

_OVERTAKEN = "held: another run is at work on it"
_ALLOW = f"let the token push to {PREFIX}**, and name no branch {PREFIX.rstrip('/')}"


@dataclass(frozen=True, slots=True)
class _Step:
    """A move on its way: what it amounts to so far, and whether it goes on.

    Attributes:
        move: The move.
        notes: What it amounts to, for each rider.
        entries: The latest entry of each rider.
        pull: The branch's pull request as it stands now.
        goes_on: Whether what is left of it is done.
        failed: Whether the forge did not do what was asked of it.
    """

    move: Move
    notes: tuple[str, ...]
    entries: tuple[Entry | None, ...]
    pull: PullRequest | None
    goes_on: bool = True
    failed: bool = False

    def stopped(self, note: str, *, failed: bool = False) -> _Step:
        """Return the step as it ends here."""
        return replace(self, notes=(note,) * len(self.notes), goes_on=False, failed=failed)


def act(site: Site, moves: Sequence[Move], journal: Journal) -> tuple[Link, ...]:
    """Take every move's steps, all first steps before all second ones, so that the ledger is written few times.

    Raises:
        ForgeError: The remote or the ledger cannot be reached, or a rate limit ends the run; the next run goes on.
    """
    if any(move.writes for move in moves):
        site.check()
    moves = signed(site, moves)
    steps = [_start(move) for move in moves]
    steps = _record(site, steps, 0, journal)
    steps = _push(site, steps)
    steps = _record(site, steps, 1, journal)
    steps = [_ask(site, step) for step in steps]
    steps = _record(site, steps, 2, journal)
    _tidy(site, steps)
    return tuple(link for step in steps for link in _links(step))


def _start(move: Move) -> _Step:
    pull = move.standing.pull.value if isinstance(move.standing.pull, Found) else None
    entries = tuple(rider.standing.entries[-1] if rider.standing.entries else None for rider in move.riders)
    return _Step(move, tuple(rider.note for rider in move.riders), entries, pull)


def _record(site: Site, steps: Sequence[_Step], turn: int, journal: Journal) -> list[_Step]:
    """Write the drafts of the steps that go on; one that was overtaken by another run goes no further.

    Args:
        site: Where.
        steps: All.
        turn: Which of each rider's drafts: 0 before the branch moves, 1 after it moved, 2 last.
        journal: The ledger.
    """
    due = {
        draft.recommendation: _signed(site, replace(draft, expects=entry.seq if entry else 0))
        for step in steps
        for rider, entry in zip(step.move.riders, step.entries, strict=True)
        if step.goes_on and isinstance(draft := rider.drafts[turn], Draft)
    }
    written = {entry.recommendation: entry for entry in journal.append(tuple(due.values()))}
    return [_recorded(step, due, written) if step.goes_on else step for step in steps]


def _signed(site: Site, draft: Draft) -> Draft:
    """Return a draft with the account that Trimtab runs as, where the step is its own."""
    return replace(draft, actor=site.forge.whoami()) if draft.actor == OURSELVES else draft


def _recorded(step: _Step, due: Mapping[str, Draft], written: Mapping[str, Entry]) -> _Step:
    names = [rider.standing.id for rider in step.move.riders]
    if any(name in due and name not in written for name in names):
        return step.stopped(_OVERTAKEN)
    return replace(step, entries=tuple(written.get(name, was) for name, was in zip(names, step.entries, strict=True)))


def _push(site: Site, steps: Sequence[_Step]) -> list[_Step]:
    """Push all branches in one go, each with its own lease."""
    updates = [step.move.branch for step in steps if step.goes_on and isinstance(step.move.branch, Update)]
    if not updates:
        return list(steps)
    site.pace.wait()
    outcomes = push(site.repo, updates)
    return [_pushed(step, outcomes) if step.goes_on else step for step in steps]


def _pushed(step: _Step, outcomes: Mapping[str, Pushed | Refused]) -> _Step:
    update = step.move.branch
    outcome = outcomes[update.branch] if isinstance(update, Update) else Pushed()
    if isinstance(outcome, Pushed):
        return step
    return step.stopped(_OVERTAKEN if outcome.stale else f"held: the branch was refused: {outcome.reason}; {_ALLOW}")


def _ask(site: Site, step: _Step) -> _Step:
    """Ask the forge; what it declines for one branch does not stop the others."""
    if not step.goes_on or step.move.call is Call.NONE:
        return step
    try:
        answer = ask(site, step.move, step.pull, _told(step))
    except RateLimitedError:
        raise
    except ForgeError as error:
        return step.stopped(f"failed: {error.message}{error.hint and f'; {error.hint}'}", failed=True)
    if isinstance(answer, Unknown):
        return step.stopped(answer.reason)
    return replace(step, pull=answer.value)


def _told(step: _Step) -> Entry | None:
    """Return the entry that a comment is said for: the only rider's, or the shared branch's last opening.

    What leaves a shared branch in this move is recorded elsewhere, so that a run that finishes it finds the same entry.
    """
    opened = [entry for entry in step.move.standing.entries if entry.branch and entry.step == State.OPEN]
    return opened[-1] if step.move.shared and opened else next(iter(step.entries), None)


def _tidy(site: Site, steps: Sequence[_Step]) -> None:
    """Delete the branches of what has ended, where nobody moved them meanwhile."""
    updates = [step.move.tidy for step in steps if step.goes_on and isinstance(step.move.tidy, Update)]
    if updates:
        site.pace.wait()
        push(site.repo, updates)


def _links(step: _Step) -> Iterator[Link]:
    """Yield where each rider stands; one that left the branch has nothing to do with its pull request any more."""
    standing, update = step.move.standing, step.move.branch
    head = update.commit if isinstance(update, Update) and step.goes_on else standing.tip
    for rider, note, entry in zip(step.move.riders, step.notes, step.entries, strict=True):
        stays = entry is None or home_of(entry) == standing.branch
        yield Link(
            id=rider.standing.id,
            state=entry.step if entry else State.PROPOSED,
            url=step.pull.url if step.pull and stays else (entry.url if entry else ""),
            branch=standing.branch if stays else rider.standing.branch,
            head=head if stays else "",
            note=note,
            failed=step.failed,
        )
