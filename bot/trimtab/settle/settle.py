"""Follows what was merged: approved, then actuated once live, then verified or regressed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from trimtab.fleet import Fleet, Unknown, Workload
from trimtab.life import Actor, Draft, Entry, Journal, State, following, histories
from trimtab.settle.live import find, shows
from trimtab.settle.outcome import latencies, outcome_of

_ME = Actor("trimtab", 0)
"""What is measured, no account on a forge did."""


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


def settle(fleet: Fleet, journal: Journal, watch_s: int) -> tuple[Settled, ...]:
    """Record what became of every merged recommendation, and return where each stands.

    A change is judged by a window that lies wholly after it went live, and no sooner than `watch_s` seconds after; a
    regression is recorded and said here, and its revert is left to people.

    Args:
        fleet: As it is now; a window of a day shows an outcome sooner than one of a week.
        journal: The ledger.
        watch_s: The shortest time to watch, seconds.

    Raises:
        ForgeError: The ledger cannot be read or written.
    """
    due = [held[-1] for held in histories(journal.entries()).values()]
    open_ends = [entry for entry in due if entry.step in {State.APPROVED, State.ACTUATED}]
    found = [_next(fleet, entry, watch_s) for entry in sorted(open_ends, key=lambda entry: entry.seq)]
    written = {
        entry.recommendation: entry for entry in journal.append([one for one in found if isinstance(one, Draft)])
    }
    return tuple(_told(found, written))


def _next(fleet: Fleet, entry: Entry, watch_s: int) -> Draft | Settled:
    """Return the next step, or why there is none yet."""
    there = find(fleet, entry.subject)
    if isinstance(there, Unknown):
        return _waiting(entry, there.reason)
    cluster, workload = there.value
    if entry.step == State.APPROVED:
        return _actuated(fleet, workload, entry)
    ready_s = _seconds(entry.at) + max(watch_s, cluster.window_s)
    if fleet.ended_at_s < ready_s:
        return _waiting(entry, f"watched until {_time(ready_s)}")
    outcome = outcome_of(cluster, workload, entry)
    if isinstance(outcome, Unknown):
        return _waiting(entry, outcome.reason)
    after = State.REGRESSED if outcome.faults else State.VERIFIED
    note = "; ".join(outcome.faults) or outcome.note
    return replace(following(entry, after, _ME), saving=outcome.saving, note=note, facts=fleet.facts_digest)


def _actuated(fleet: Fleet, workload: Workload, entry: Entry) -> Draft | Settled:
    """Return the step to actuated, with the latency of now to compare with later."""
    live = shows(workload, entry.changes)
    if isinstance(live, Unknown):
        return _waiting(entry, live.reason)
    if not live.value:
        return _waiting(entry, "merged, and not live yet")
    return replace(
        following(entry, State.ACTUATED, _ME),
        seen=latencies(workload),
        facts=fleet.facts_digest,
        note="the cluster shows the merged values",
    )


def _waiting(entry: Entry, reason: str) -> Settled:
    return Settled(entry.recommendation, entry.step, reason, entry.url)


def _told(found: list[Draft | Settled], written: dict[str, Entry]) -> Iterator[Settled]:
    for one in found:
        if isinstance(one, Settled):
            yield one
        elif one.recommendation in written:
            entry = written[one.recommendation]
            yield Settled(entry.recommendation, entry.step, entry.note, entry.url, entry.saving)


def _seconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp())


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
