"""What is to be done about one branch and what is on it, as data; `act` does it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from trimtab.fleet import Found, Unknown
from trimtab.gitio import Update
from trimtab.life import NOBODY, Draft
from trimtab.publish.mark import is_shared
from trimtab.publish.standing import Standing
from trimtab.recommendation import Bundle

Drafted = Draft | Unknown
Moved = Update | Unknown

NOTHING = Unknown("nothing to do")

OURSELVES = NOBODY
"""The actor of a draft that is Trimtab's own: the forge is asked for its account only where something is recorded."""


class Call(StrEnum):
    """What the forge is asked to do, once the branch is where it should be."""

    NONE = "none"
    OPEN = "open"
    REOPEN = "reopen"
    """Open the one of before again; a new one where the forge will not."""
    EDIT = "edit"
    CLOSE = "close"
    TELL = "tell"
    """Say something once, such as that the branch is left to the person who changed it."""


OPENING = frozenset({Call.OPEN, Call.REOPEN})
"""Calls after which a pull request is open that was not."""


@dataclass(frozen=True, slots=True)
class Rider:
    """What becomes of one recommendation as its branch moves.

    Attributes:
        standing: What stands of it.
        note: What it amounts to, for the reader.
        before: Recorded before the branch moves.
        opened: Recorded after the branch moved and before the forge is asked.
        after: Recorded last.
    """

    standing: Standing
    note: str
    before: Drafted = NOTHING
    opened: Drafted = NOTHING
    after: Drafted = NOTHING

    @property
    def drafts(self) -> tuple[Drafted, Drafted, Drafted]:
        """Return what is recorded, in its order."""
        return (self.before, self.opened, self.after)


@dataclass(frozen=True, slots=True)
class Move:
    """The steps for one branch, in the order in which they are taken.

    Attributes:
        standing: What stands: a recommendation with a branch of its own, or a branch that several share.
        riders: The recommendations concerned; where one of them is overtaken by another run, nothing is done.
        wanted: What the pull request is to hold; Unknown where nothing is proposed any more.
        branch: The branch to push.
        call: What the forge is asked.
        tidy: The branch to delete at the end.
    """

    standing: Standing
    riders: tuple[Rider, ...]
    wanted: Bundle | Unknown = NOTHING
    branch: Moved = NOTHING
    call: Call = Call.NONE
    tidy: Moved = NOTHING

    @property
    def shared(self) -> bool:
        """Return whether the branch is one that recommendations share."""
        return is_shared(self.standing.branch)

    @property
    def writes(self) -> bool:
        """Return whether anything is written for it."""
        recorded = (draft for rider in self.riders for draft in rider.drafts)
        steps = (self.branch, self.tidy, *recorded)
        return self.call is not Call.NONE or any(not isinstance(step, Unknown) for step in steps)

    @property
    def matters(self) -> bool:
        """Return whether there is anything to do, or to tell: an open pull request, or a branch left behind."""
        return self.writes or isinstance(self.standing.pull, Found)

    def held(self, reason: str) -> Move:
        """Return the move with nothing done, and why."""
        riders = tuple(Rider(rider.standing, f"held: {reason}") for rider in self.riders)
        return replace(self, riders=riders, branch=NOTHING, call=Call.NONE, tidy=NOTHING)
