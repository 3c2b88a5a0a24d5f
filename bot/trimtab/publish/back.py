"""What comes back after it was withdrawn: the same pull request is opened again, unless it comes and goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from trimtab.fleet import Found, Unknown
from trimtab.gitio import Update
from trimtab.life import Entry, State, following
from trimtab.publish.forge import PullRequest, PullState
from trimtab.publish.mark import note_key
from trimtab.publish.move import NOTHING, OURSELVES, Call, Move, Rider
from trimtab.publish.site import Site
from trimtab.publish.standing import Standing
from trimtab.recommendation import Bundle

_REASON = "<!-- trimtab:note:withdrawn:"
"""Begins the reason that a withdrawn pull request's body ends with."""

BACK = "what it rested on is back; opened again"
"""The note of the entry that opens a withdrawn pull request again."""

_MOST = 3
_REST = timedelta(days=7)
"""What was withdrawn so often rests so long before it is opened again: nobody reads what comes and goes."""


def flaps(entries: Sequence[Entry], now: str) -> str:
    """Return why a recommendation that comes and goes is left alone for now; empty where it is not."""
    ended = [entry.at for entry in entries if entry.step == State.WITHDRAWN]
    if len(ended) < _MOST:
        return ""
    until = (datetime.fromisoformat(ended[-1]) + _REST).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"withdrawn: it came and went {len(ended)} times, and rests until {until}" if now < until else ""


def brought_back(site: Site, standing: Standing, bundle: Bundle) -> Found[Move] | Unknown:
    """Return how to open the pull request of before again, on the head that it had; the next run brings it up to date.

    Unknown where there is none, where somebody else has its branch, or where Git has dropped its commit.

    Raises:
        GitError: The remote does not answer.
    """
    last = standing.last
    withdrawn = last.step == State.WITHDRAWN and bool(last.pull_request)
    if not (withdrawn or last.note == BACK) or not last.head or standing.tip not in {"", last.head}:
        return Unknown("it was not withdrawn from a branch that is free")
    if not site.repo.bring(last.head):
        return Unknown("the commit that it had is gone")
    opened = replace(following(last, State.OPEN, OURSELVES), note=BACK) if withdrawn else NOTHING
    update = NOTHING if standing.tip else Update(standing.branch, last.head, "")
    rider = Rider(standing, "opened again", opened=opened)
    return Found(Move(standing, (rider,), bundle, branch=update, call=Call.REOPEN))


def cut_off(standing: Standing, pull: PullRequest) -> bool:
    """Return whether a run ended between recording that it opens a pull request again and doing it."""
    return standing.last.note == BACK and pull.state is PullState.CLOSED and _key(standing.last) not in pull.body


def body_again(body: str, entry: Entry) -> str:
    """Return a body without the reason that it was closed with, and with the mark that it was opened again.

    The call that opens it writes the mark too, so that who closes it afterwards is not contradicted.
    """
    return f"{body.split(_REASON, 1)[0].rstrip()}\n\n{_key(entry)}\n"


def _key(entry: Entry) -> str:
    return note_key(f"back:{entry.seq}")
