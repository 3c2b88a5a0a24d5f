"""The life of a recommendation: its states, every legal step between them, and the record of each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from trimtab.errors import TrimtabError
from trimtab.rule import Change, Footprint, Subject


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


STEPS: Mapping[tuple[State, State], str] = MappingProxyType(
    {
        (State.PROPOSED, State.OPEN): "pull request opened",
        (State.PROPOSED, State.WITHDRAWN): "facts gone",
        (State.PROPOSED, State.SUPERSEDED): "another took its place",
        (State.OPEN, State.OPEN): "rebased, refreshed or taken over",
        (State.OPEN, State.APPROVED): "merged",
        (State.OPEN, State.DISMISSED): "closed by a person",
        (State.OPEN, State.SNOOZED): "put off by a person",
        (State.OPEN, State.SUPERSEDED): "another took its place",
        (State.OPEN, State.WITHDRAWN): "facts gone, closed with the reason",
        (State.SNOOZED, State.OPEN): "time is over",
        (State.SNOOZED, State.DISMISSED): "closed by a person",
        (State.SNOOZED, State.SUPERSEDED): "another took its place",
        (State.SNOOZED, State.WITHDRAWN): "facts gone",
        (State.DISMISSED, State.PROPOSED): "facts changed materially, or released",
        (State.DISMISSED, State.OPEN): "reopened by a person",
        (State.APPROVED, State.ACTUATED): "live equals Git",
        (State.APPROVED, State.REGRESSED): "wanted back by a person",
        (State.APPROVED, State.SUPERSEDED): "changed by a person since",
        (State.ACTUATED, State.VERIFIED): "promise kept",
        (State.ACTUATED, State.REGRESSED): "promise broken",
        (State.ACTUATED, State.SUPERSEDED): "changed by a person since",
        (State.VERIFIED, State.REGRESSED): "wanted back by a person",
        (State.VERIFIED, State.PROPOSED): "found again",
        (State.REGRESSED, State.PROPOSED): "facts changed materially, or released",
        (State.SUPERSEDED, State.PROPOSED): "found again",
        (State.WITHDRAWN, State.PROPOSED): "found again",
        (State.WITHDRAWN, State.OPEN): "found again, the same pull request reopened",
    }
)
"""Every legal step with what leads to it; anything else is an error. ARCHITECTURE.md's diagram is made from it."""

FIRST = State.PROPOSED
"""The step that every life begins with."""

COMMAND = "command"
"""The step of an entry for a command that changes no state; it names no recommendation."""


def step(before: State, after: State) -> State:
    """Return `after` where the step is legal.

    Raises:
        TrimtabError: The life of a recommendation knows no such step.
    """
    if (before, after) not in STEPS:
        raise TrimtabError(f"a recommendation cannot go from {before} to {after}")
    return after


def legal(before: str, after: str) -> bool:
    """Return whether a ledger may hold the step; `before` is empty for a recommendation that it does not know yet."""
    if not before:
        return after == FIRST
    return (before, after) in STEPS


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: the forge's login and its numeric id, 0 where there is none."""

    login: str
    id: int


NOBODY = Actor("", 0)
"""The forge does not tell who it was."""

_NO_SUBJECT = Subject("", "", "", "")
_NO_GPUS = Footprint("", 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A step about to be taken, as a stage hands it to the ledger.

    Attributes:
        recommendation: Its identity; empty for a command.
        step: A state, or `command`.
        actor: Who takes the step: a person on the forge, or the account that Trimtab runs as.
        expects: The number of the recommendation's latest entry as the writer saw it, 0 for none. Where another run has
            written since, the draft is not recorded, and the writer does not act.
        head: Hex id of the branch's head, empty where there is none yet; of an approved one the merged head.
        facts: Digest of the facts that it rests on.
        rule: The rule's name.
        subject: What it is about.
        repository: The repository's name in the configuration.
        pull_request: The pull request's number, 0 where there is none yet.
        url: The pull request's address.
        title: The pull request's title.
        changes: What is set.
        gpus_before: GPUs held when it was proposed.
        gpus_after: GPUs held once it is live.
        saving: US dollars a month that were promised or, once verified, seen; empty where no price is known.
        seen: Latency, milliseconds by name, and the busiest hour's requests a second: those of the proposal; once
            settled those of now, and of before with `_before` appended. What was not measured is absent.
        fingerprint: Of what was proposed.
        until: RFC 3339 end of a snooze; empty otherwise.
        command: The comment that asked for it, as the forge numbers it; 0 where none did.
        line: Which of the comment's commands it was, from 0.
        note: Why, or what was seen, in a sentence.
        merged: Hex id of the commit that a merge made; empty before.
        tree: Hex id of the head's tree, which an approval binds to; empty elsewhere.
        reverts: Identity of the recommendation that this one takes back; empty where it takes none back.
        team: Whose workload it is: what `trimtab.dev/tenant` says, else the namespace.
        branch: The branch that it shares with others; empty where it has one of its own.
        explanation: What `explain` tells, plain sentences by heading (`why`, `seen`, `considered`, `otherwise`,
            `turns`); kept with each `proposed` alone.
    """

    recommendation: str
    step: str
    actor: Actor
    expects: int = 0
    head: str = ""
    facts: str = ""
    rule: str = ""
    subject: Subject = _NO_SUBJECT
    repository: str = ""
    pull_request: int = 0
    url: str = ""
    title: str = ""
    changes: tuple[Change, ...] = ()
    gpus_before: Footprint = _NO_GPUS
    gpus_after: Footprint = _NO_GPUS
    saving: str = ""
    seen: Mapping[str, float] = field(default_factory=dict)
    fingerprint: str = ""
    until: str = ""
    command: int = 0
    note: str = ""
    line: int = 0
    merged: str = ""
    tree: str = ""
    reverts: str = ""
    team: str = ""
    branch: str = ""
    explanation: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Draft):
    """A step as the ledger holds it.

    Attributes:
        seq: Its number, from 1 without gaps.
        at: When it was written, RFC 3339 in UTC.
        came_from: The state before, empty for the first step of a recommendation and for commands.
        prev: Digest of the entry before, zeros for the first.
        digest: SHA-256 of this entry's canonical form without this field.
    """

    seq: int
    at: str
    came_from: str
    prev: str
    digest: str


class Journal(Protocol):
    """Where stages write each step before they take it."""

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, oldest first."""
        ...

    def append(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Record the drafts in one write and return the entries.

        A draft whose recommendation has moved on since its writer looked (`expects`) is left out of the result: another
        run is at work on it.
        """
        ...


_OWN = {"step", "actor", "expects", "until", "command", "line", "note", "tree", "explanation"}
"""What belongs to one step alone."""


def following(entry: Entry, after: State, actor: Actor) -> Draft:
    """Return the draft of the next step of the recommendation that an entry tells of; all that it is about is kept."""
    kept = set(Draft.__dataclass_fields__) - _OWN
    values = {name: getattr(entry, name) for name in kept}
    return Draft(step=after, actor=actor, expects=entry.seq, **values)


def histories(entries: Sequence[Entry]) -> Mapping[str, tuple[Entry, ...]]:
    """Return the entries of each recommendation, oldest first, by its identity."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.recommendation:
            found.setdefault(entry.recommendation, []).append(entry)
    return {identity: tuple(held) for identity, held in found.items()}
