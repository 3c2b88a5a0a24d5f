"""Takes the steps: each is recorded before it is taken, and any two may be cut apart by a crash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.gitio import Pushed, Refused, Update, push
from trimtab.life import Draft, Entry, Journal, State
from trimtab.publish.ask import ask
from trimtab.publish.forge import PREFIX, PullRequest, RateLimitedError
from trimtab.publish.move import OURSELVES, Call, Drafted, Move, Moved
from trimtab.publish.signing import signed
from trimtab.publish.site import Site
from trimtab.recommendation import Link

_OVERTAKEN = "held: another run is at work on it"
_ALLOW = f"let the token push to {PREFIX}**, and name no branch {PREFIX.rstrip('/')}"


@dataclass(frozen=True, slots=True)
class _Step:
    """A move on its way: what it amounts to so far, and whether it goes on."""

    move: Move
    note: str
    goes_on: bool
    entry: Entry | None
    pull: PullRequest | None

    def stopped(self, note: str) -> _Step:
        """Return the step as it ends here."""
        return replace(self, note=note, goes_on=False)


def act(site: Site, moves: Sequence[Move], journal: Journal) -> tuple[Link, ...]:
    """Take every move's steps, all first steps before all second ones, so that the ledger is written few times.

    Raises:
        ForgeError: The remote or the ledger cannot be reached, or a rate limit ends the run; the next run goes on.
    """
    if any(move.writes for move in moves):
        site.check()
    moves = signed(site, moves)
    steps = [_start(move) for move in moves]
    steps = _record(site, steps, [move.before for move in moves], journal)
    steps = _push(site, steps)
    steps = _record(site, steps, [move.opened for move in moves], journal)
    steps = [_ask(site, step) for step in steps]
    steps = _record(site, steps, [move.after for move in moves], journal)
    _tidy(site, steps)
    return tuple(_link(step) for step in steps)


def _start(move: Move) -> _Step:
    pull = move.standing.pull.value if isinstance(move.standing.pull, Found) else None
    entry = move.standing.entries[-1] if move.standing.entries else None
    return _Step(move, move.note, goes_on=True, entry=entry, pull=pull)


def _record(site: Site, steps: Sequence[_Step], drafts: Sequence[Drafted], journal: Journal) -> list[_Step]:
    """Write the drafts of the steps that go on; one that was overtaken by another run goes no further."""
    due = {
        step.move.standing.id: _signed(site, replace(draft, expects=step.entry.seq if step.entry else 0))
        for step, draft in zip(steps, drafts, strict=True)
        if isinstance(draft, Draft) and step.goes_on
    }
    written = {entry.recommendation: entry for entry in journal.append(tuple(due.values()))}
    return [_recorded(step, due, written) for step in steps]


def _signed(site: Site, draft: Draft) -> Draft:
    """Return a draft with the account that Trimtab runs as, where the step is its own."""
    return replace(draft, actor=site.forge.whoami()) if draft.actor == OURSELVES else draft


def _recorded(step: _Step, due: Mapping[str, Draft], written: Mapping[str, Entry]) -> _Step:
    identity = step.move.standing.id
    if identity not in due:
        return step
    if identity not in written:
        return step.stopped(_OVERTAKEN)
    return replace(step, entry=written[identity])


def _push(site: Site, steps: Sequence[_Step]) -> list[_Step]:
    """Push all branches in one go, each with its own lease."""
    due = {step.move.standing.id: step.move.branch for step in steps if step.goes_on}
    updates = [update for update in due.values() if isinstance(update, Update)]
    if not updates:
        return list(steps)
    site.pace.wait()
    outcomes = push(site.repo, updates)
    return [_pushed(step, due, outcomes) for step in steps]


def _pushed(step: _Step, due: Mapping[str, Moved], outcomes: Mapping[str, Pushed | Refused]) -> _Step:
    update = due.get(step.move.standing.id)
    if not isinstance(update, Update):
        return step
    outcome = outcomes[update.branch]
    if isinstance(outcome, Pushed):
        return step
    return step.stopped(_OVERTAKEN if outcome.stale else f"held: the branch was refused: {outcome.reason}; {_ALLOW}")


def _ask(site: Site, step: _Step) -> _Step:
    """Ask the forge; what it declines for one recommendation does not stop the others."""
    if not step.goes_on or step.move.call is Call.NONE:
        return step
    try:
        answer = ask(site, step.move, step.pull, step.entry)
    except RateLimitedError:
        raise
    except ForgeError as error:
        return step.stopped(f"failed: {error.message}{error.hint and f'; {error.hint}'}")
    if isinstance(answer, Unknown):
        return step.stopped(answer.reason)
    return replace(step, pull=answer.value)


def _tidy(site: Site, steps: Sequence[_Step]) -> None:
    """Delete the branches of what has ended, where nobody moved them meanwhile."""
    updates = [step.move.tidy for step in steps if step.goes_on and isinstance(step.move.tidy, Update)]
    if updates:
        site.pace.wait()
        push(site.repo, updates)


def _link(step: _Step) -> Link:
    standing, update = step.move.standing, step.move.branch
    moved = isinstance(update, Update) and step.goes_on
    return Link(
        id=standing.id,
        state=step.entry.step if step.entry else State.PROPOSED,
        url=step.pull.url if step.pull else (step.entry.url if step.entry else ""),
        branch=standing.branch,
        head=update.commit if moved and isinstance(update, Update) else standing.tip,
        note=step.note,
    )
