"""What was merged, which a person may have changed before, and whether Git still says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trimtab.fleet import Found, Serving, Unknown, Workload
from trimtab.fleet.quantity import same
from trimtab.life import Entry, State
from trimtab.rule import Change
from trimtab.settle.world import World


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged change as Git has it.

    Attributes:
        entry: The ledger's latest entry, with the changes that were really merged.
        promised: What was promised to be saved a month, before anybody changed the branch; empty where it was not.
        note: How they differ from what was proposed; empty where they do not.
    """

    entry: Entry
    promised: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Undone:
    """Git does not hold the change any more, and why."""

    reason: str


def as_merged(history: Sequence[Entry], workload: Workload, world: World) -> Merged | Undone:
    """Return the change as it was merged; Undone where somebody took it out of Git since.

    Git is believed only where the commit that was read has the merge in it. A branch that a person changed before the
    merge is taken by what Git says now; of any other, what differs from the proposal was changed afterwards.
    """
    entry = history[-1]
    promised = next((one.saving for one in reversed(history) if one.saving), "")
    serving = _declared(entry, workload, world)
    if isinstance(serving, Unknown):
        return Merged(entry, promised)
    differing = [one for one in entry.changes if not _is(serving.value, one)]
    if not differing:
        return Merged(entry, promised)
    if entry.step != State.APPROVED or _as_proposed(history):
        told = ", ".join(f"{one.field} {_value(serving.value, one.field)}, not {one.after}" for one in differing)
        return Undone(f"Git says {told}: somebody changed it since the merge")
    kept = tuple(_taken(serving.value, entry.changes))
    if not kept:
        return Undone("it was merged without the change that was proposed")
    return Merged(replace(entry, changes=kept), promised, f"as merged: {', '.join(_told(serving.value, differing))}")


def _declared(entry: Entry, workload: Workload, world: World) -> Found[Serving] | Unknown:
    """Return what Git says of the workload, where it was read with the merge in it."""
    if isinstance(workload.place, Unknown):
        return workload.place
    serving = workload.place.value.serving
    if serving.repository != entry.repository or not world.holds_merge(entry, world.commits.get(entry.repository, "")):
        return Unknown("Git was read without the merge")
    return Found(serving)


def _as_proposed(history: Sequence[Entry]) -> bool:
    """Return whether the merged head is one that Trimtab pushed; notes mark the heads that people made."""
    head = history[-1].head
    return any(one.step == State.OPEN and one.head == head and not one.note for one in history)


def _is(serving: Serving, change: Change) -> bool:
    held = serving.settings.get(change.field)
    return same(held.value, change.after) if held else change.after == ""


def _taken(serving: Serving, changes: Sequence[Change]) -> Iterator[Change]:
    """Yield the changes with the values that Git has, without those that were left out."""
    for change in changes:
        held = serving.settings.get(change.field)
        if held and not same(held.value, change.before):
            yield replace(change, after=change.after if same(held.value, change.after) else held.value)


def _told(serving: Serving, differing: Sequence[Change]) -> Iterator[str]:
    for change in differing:
        held = serving.settings.get(change.field)
        if held is None or same(held.value, change.before):
            yield f"{change.field} was left as it is"
        else:
            yield f"{change.field} {held.value} instead of {change.after}"


def _value(serving: Serving, field: str) -> str:
    held = serving.settings.get(field)
    return str(held.value) if held else "nothing"
