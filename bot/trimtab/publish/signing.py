"""Has the forge make commits in the place of git's, where that earns its badge; the branch moves by git all the same.

The forge commits to a branch of its own beside (`trimtab/signing-…`): so the branch that counts goes from one head to
the next by a push with an exact lease, whether the forge signs or not, and the ledger knows its head before it moves. A
run that was cut off leaves that branch behind; the next one goes on from it, and takes it away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.gitio import Repo, Step, Update, messages, push, series, trees
from trimtab.life import Draft, Entry
from trimtab.publish.drafts import repeats
from trimtab.publish.forge import RateLimitedError
from trimtab.publish.mark import STAGE
from trimtab.publish.move import NOTHING, Call, Drafted, Move, Rider
from trimtab.publish.site import Site

_TRAILER = "\nTrimtab-Recommendation: "


@dataclass(frozen=True, slots=True)
class _Done:
    """What the forge has made of a series: its head, and how many of its commits."""

    head: str
    count: int


def signed(site: Site, moves: Sequence[Move]) -> list[Move]:
    """Return the moves with commits that the forge made, where it does; with git's, and why, where it does not.

    What the forge declines once it is not asked again in this run.

    Raises:
        RateLimitedError: The next run goes on.
    """
    done, declined = [], ""
    for move in moves:
        update = move.branch
        if not site.signer.signs or not isinstance(update, Update) or move.call is Call.REOPEN:
            done.append(move)
            continue
        try:
            twin = Unknown(declined) if declined else _twin(site, update)
        except RateLimitedError:
            raise
        except ForgeError as error:
            declined = error.message
            twin = Unknown(declined)
        done.append(_with(move, update, twin))
    return done


def clear(site: Site, before: Collection[str], moves: Sequence[Move]) -> None:
    """Take away the branches that the forge committed to: those of this run, and those that an earlier one left.

    Raises:
        ForgeError: The remote cannot be reached.
    """
    used = {stage_of(move.branch.branch) for move in moves if isinstance(move.branch, Update) and site.signer.signs}
    if used or before:
        there = site.repo.heads(f"{STAGE}*")
        updates = [Update(name, "", there[name]) for name in sorted(used.union(before)) if name in there]
        if updates:
            site.pace.wait()
            push(site.repo, updates)


def stage_of(branch: str) -> str:
    """Return the branch beside a branch; the same one in every run."""
    return f"{STAGE}{hashlib.sha256(branch.encode()).hexdigest()[:16]}"


def vouched(site: Site, base: str, tip: str) -> bool:
    """Return whether the forge vouches that Trimtab's account made every commit of `tip` that `base` does not have.

    Raises:
        ForgeError: The forge does not answer.
    """
    made = messages(site.repo, tip, base)
    return all(_TRAILER in message and not site.signer.doubt(commit) for commit, message in made.items())


def _twin(site: Site, update: Update) -> Found[str] | Unknown:
    """Return the head of the same commits as the forge makes them: the same trees, on the same parent.

    Raises:
        ForgeError: The forge does not make them, or does not sign them.
    """
    repo, stage = site.repo, stage_of(update.branch)
    repo.fetch(site.base)
    steps = series(repo, update.commit, f"refs/heads/{site.base}")
    if not steps or not all(step.plain for step in steps):
        return Unknown("the forge's API keeps no file modes, and a file is executable")
    head, rest = steps[0].parent, steps
    done = _so_far(repo, stage, steps)
    if isinstance(done, Found):
        head, rest = done.value.head, steps[done.value.count :]
    else:
        site.signer.begin(stage, head, partial(_there, repo, stage), there=isinstance(_there(repo, stage), Found))
    for step in rest:
        head = site.signer.add(stage, head, step, partial(_made, repo, stage, head, step))
    if _so_far(repo, stage, steps) != Found(_Done(head, len(steps))):
        return Unknown("the forge made other commits than these")
    for doubt in filter(None, map(site.signer.doubt, messages(repo, head, steps[0].parent))):
        raise ForgeError(doubt)
    return Found(head)


def _so_far(repo: Repo, stage: str, steps: Sequence[Step]) -> Found[_Done] | Unknown:
    """Return what the branch beside holds of a series; Unknown where it is not there, or holds anything else."""
    head, base = repo.heads(stage).get(stage, ""), steps[0].parent
    if not head:
        return Unknown("it is not there")
    repo.fetch(stage)
    made = trees(repo, head, base) if repo.contains(head, base) else ("",)
    same = made == tuple(step.tree for step in steps[: len(made)])
    return Found(_Done(head, len(made))) if same else Unknown("it holds other commits")


def _there(repo: Repo, stage: str) -> Found[str] | Unknown:
    return next((Found(head) for head in repo.heads(stage).values()), Unknown("it is not there"))


def _made(repo: Repo, stage: str, head: str, step: Step) -> Found[str] | Unknown:
    """Return the commit that makes a step, where an earlier try or another run made it."""
    now = repo.heads(stage).get(stage, "")
    if now:
        repo.fetch(stage)
    same = now and repo.contains(now, head) and trees(repo, now, head) == (step.tree,)
    return Found(now) if same else Unknown("not made yet")


def _with(move: Move, update: Update, twin: Found[str] | Unknown) -> Move:
    """Return a move with the forge's commit in the place of git's, in what is recorded too."""
    if isinstance(twin, Unknown):
        why = f"its commit lacks the forge's signature: {twin.reason}"
        return replace(move, riders=tuple(replace(one, note=f"{one.note}; {why}") for one in move.riders))

    def at(draft: Drafted, known: Sequence[Entry]) -> Drafted:
        if not isinstance(draft, Draft) or draft.head != update.commit:
            return draft
        anew = replace(draft, head=twin.value)
        return NOTHING if known and repeats(known[-1], anew) else anew  # recorded by a run that was cut off

    def signed_for(one: Rider) -> Rider:
        before, opened, after = (at(draft, one.standing.entries) for draft in one.drafts)
        return replace(one, before=before, opened=opened, after=after)

    return replace(move, branch=replace(update, commit=twin.value), riders=tuple(map(signed_for, move.riders)))
