"""The states of a recommendation, and every legal step between them."""

from __future__ import annotations

from enum import StrEnum

from trimtab.errors import TrimtabError


class State(StrEnum):
    """Where a recommendation is in its life; each step to one of these is a ledger entry."""

    PROPOSED = "proposed"
    OPEN = "open"
    APPROVED = "approved"
    DISMISSED = "dismissed"
    SNOOZED = "snoozed"
    ACTUATED = "actuated"
    VERIFIED = "verified"
    REGRESSED = "regressed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


STEPS: frozenset[tuple[State, State]] = frozenset(
    {
        (State.PROPOSED, State.OPEN),
        (State.PROPOSED, State.WITHDRAWN),
        (State.PROPOSED, State.SUPERSEDED),
        (State.OPEN, State.OPEN),  # rebased or refreshed: a new head
        (State.OPEN, State.APPROVED),
        (State.OPEN, State.DISMISSED),
        (State.OPEN, State.SNOOZED),
        (State.OPEN, State.SUPERSEDED),
        (State.OPEN, State.WITHDRAWN),
        (State.SNOOZED, State.OPEN),
        (State.SNOOZED, State.DISMISSED),
        (State.SNOOZED, State.SUPERSEDED),
        (State.SNOOZED, State.WITHDRAWN),
        (State.DISMISSED, State.PROPOSED),  # the facts changed materially, or a person reopened it
        (State.DISMISSED, State.OPEN),
        (State.APPROVED, State.ACTUATED),
        (State.ACTUATED, State.VERIFIED),
        (State.ACTUATED, State.REGRESSED),
        (State.VERIFIED, State.PROPOSED),
        (State.REGRESSED, State.PROPOSED),
        (State.SUPERSEDED, State.PROPOSED),
        (State.WITHDRAWN, State.PROPOSED),
        (State.WITHDRAWN, State.OPEN),
    }
)
"""Every legal step; anything else is an error."""


def step(before: State, after: State) -> State:
    """Return `after` where the step is legal.

    Raises:
        TrimtabError: The life of a recommendation knows no such step.
    """
    if (before, after) not in STEPS:
        raise TrimtabError(f"a recommendation cannot go from {before} to {after}")
    return after
