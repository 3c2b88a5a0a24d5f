"""Follows what was merged: approved, then actuated once live, then verified or regressed; superseded where undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trimtab.demand.seen import seen_of
from trimtab.fleet import Cluster, Fleet, Unknown, Workload
from trimtab.life import Actor, Draft, Entry, Journal, State, following, histories
from trimtab.settle.going_live import NotLive, lived
from trimtab.settle.live import differing, find
from trimtab.settle.merged import Merged, Undone, as_merged
from trimtab.settle.outcome import held_gpus, outcome_of, scaled
from trimtab.settle.times import DAY_S, seconds, time
from trimtab.settle.world import NOWHERE, World

_ME = Actor("trimtab", 0)
"""What is measured, no account on a forge did."""

_GONE_S = 7 * DAY_S
"""How long a workload may be away before it is taken for gone, seconds."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Where a merged recommendation stands.

    Attributes:
        id: The recommendation's identity.
        state: Its state now.
        note: What was seen, or what is waited for.
        url: Its pull request.
        saving: US dollars a month that are really saved, once verified.
    """

    id: str
    state: str
    note: str
    url: str
    saving: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    """A merged recommendation beside what the cluster shows."""

    fleet: Fleet
    entry: Entry
    cluster: Cluster
    workload: Workload

    @property
    def age_s(self) -> int:
        """Return how long ago its latest step was, seconds."""
        return self.fleet.ended_at_s - seconds(self.entry.at)

    def step(self, after: State, note: str) -> Draft:
        """Return the draft of a step that the facts of now show."""
        return replace(following(self.entry, after, _ME), note=note, facts=self.fleet.facts_digest)

    def waits(self, reason: str) -> Settled:
        """Return that it stays where it is, and why."""
        return _waiting(self.entry, reason)


def settle(fleet: Fleet, journal: Journal, watch_s: int, world: World = NOWHERE) -> tuple[Settled, ...]:
    """Record what became of every merged recommendation, and return where each stands.

    A change is judged as it was merged, by a window that lies wholly after it went live, and no sooner than `watch_s`
    seconds after. What somebody took out of Git or out of the cluster again is superseded.

    Args:
        fleet: As it is now; a window of a day shows an outcome sooner than one of a week.
        journal: The ledger.
        watch_s: The shortest time to watch, seconds.
        world: Git as it was read, and the facts.

    Raises:
        ForgeError: The ledger cannot be read or written.
    """
    open_ends = [
        held for held in histories(journal.entries()).values() if held[-1].step in {State.APPROVED, State.ACTUATED}
    ]
    found = [_next(fleet, held, watch_s, world) for held in sorted(open_ends, key=lambda held: held[-1].seq)]
    written = {
        entry.recommendation: entry for entry in journal.append([one for one in found if isinstance(one, Draft)])
    }
    return tuple(_told(found, written))


def _next(fleet: Fleet, history: Sequence[Entry], watch_s: int, world: World) -> Draft | Settled:
    """Return the next step, or why there is none yet."""
    entry = history[-1]
    there = find(fleet, entry.subject)
    if isinstance(there, Unknown):
        return _missing(fleet, entry, there.reason)
    cluster, workload = there.value
    case = _Case(fleet, entry, cluster, workload)
    merged = as_merged(history, workload, world)
    if isinstance(merged, Undone):
        return case.step(State.SUPERSEDED, merged.reason)
    case = replace(case, entry=merged.entry)
    if entry.step == State.APPROVED:
        return _actuated(case, merged, world)
    return _judged(case, watch_s)


def _missing(fleet: Fleet, entry: Entry, reason: str) -> Draft | Settled:
    """Return what to make of a workload that is not there: gone for good where its cluster was read and time passed."""
    read = any(one.name == entry.subject.cluster and not any(gap.blind for gap in one.gaps) for one in fleet.clusters)
    if not read or fleet.ended_at_s - seconds(entry.at) < _GONE_S:
        return _waiting(entry, reason)
    draft = following(entry, State.SUPERSEDED, _ME)
    return replace(draft, note=f"{reason} any more", facts=fleet.facts_digest)


def _actuated(case: _Case, merged: Merged, world: World) -> Draft | Settled:
    """Return the step to actuated, with the figures of before to compare with later."""
    live = lived(case.entry, case.workload, world, case.age_s)
    if isinstance(live, NotLive):
        return case.waits(live.reason)
    note = "; ".join(filter(None, (live.how, merged.note)))
    draft = replace(case.step(State.ACTUATED, note), seen=case.entry.seen or seen_of(case.workload))
    in_part = merged.note or (merged.promised and not case.entry.saving)
    return _in_part(case, replace(draft, saving=merged.promised)) if in_part else draft


def _in_part(case: _Case, draft: Draft) -> Draft:
    """Return the step of a change that was merged in part, with the GPUs that it holds and what those save."""
    held = held_gpus(case.workload, case.workload.scale.replicas)
    if held == draft.gpus_after.gpus:
        return draft
    saving = scaled(replace(case.entry, saving=draft.saving), held)
    return replace(draft, saving=saving, gpus_after=replace(draft.gpus_after, gpus=held))


def _judged(case: _Case, watch_s: int) -> Draft | Settled:
    """Return how a change turned out that has been live for a whole window."""
    undone = tuple(differing(case.workload, case.entry.changes))
    if undone:
        return case.step(State.SUPERSEDED, f"{', '.join(undone)}: somebody changed it since it went live")
    ready_s = seconds(case.entry.at) + max(watch_s, case.cluster.window_s)
    if case.fleet.ended_at_s < ready_s:
        return case.waits(f"watched until {time(ready_s)}")
    outcome = outcome_of(case.cluster, case.workload, case.entry, case.age_s)
    if isinstance(outcome, Unknown):
        return case.waits(outcome.reason)
    after = State.REGRESSED if outcome.faults else State.VERIFIED
    note = "; ".join(filter(None, (*outcome.faults, outcome.note)))
    saving = outcome.saving or (case.entry.saving if outcome.faults else "")
    return replace(case.step(after, note), saving=saving, seen=outcome.seen)


def _waiting(entry: Entry, reason: str) -> Settled:
    return Settled(entry.recommendation, entry.step, reason, entry.url)


def _told(found: list[Draft | Settled], written: dict[str, Entry]) -> Iterator[Settled]:
    for one in found:
        if isinstance(one, Settled):
            yield one
        elif one.recommendation in written:
            entry = written[one.recommendation]
            yield Settled(entry.recommendation, entry.step, entry.note, entry.url, entry.saving)
