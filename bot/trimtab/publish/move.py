"""What is to be done about one recommendation, as data; `act` does it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trimtab.fleet import Found, Unknown
from trimtab.gitio import Update
from trimtab.life import NOBODY, Draft
from trimtab.publish.site import Standing
from trimtab.recommendation import Proposal

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
class Move:
    """The steps for one recommendation, in the order in which they are taken.

    Attributes:
        standing: What stands.
        wanted: What is proposed; Unknown where nothing is any more.
        note: What it amounts to, for the reader.
        before: Recorded before the branch moves.
        branch: The branch to push.
        opened: Recorded after the branch moved and before the forge is asked.
        call: What the forge is asked.
        after: Recorded last.
        tidy: The branch to delete at the end.
    """

    standing: Standing
    wanted: Proposal | Unknown
    note: str
    before: Drafted = NOTHING
    branch: Moved = NOTHING
    opened: Drafted = NOTHING
    call: Call = Call.NONE
    after: Drafted = NOTHING
    tidy: Moved = NOTHING

    @property
    def writes(self) -> bool:
        """Return whether anything is written for it."""
        steps = (self.before, self.branch, self.opened, self.after, self.tidy)
        return self.call is not Call.NONE or any(not isinstance(step, Unknown) for step in steps)

    @property
    def matters(self) -> bool:
        """Return whether there is anything to do, or to tell: an open pull request, or a branch left behind."""
        return self.writes or isinstance(self.standing.pull, Found)
