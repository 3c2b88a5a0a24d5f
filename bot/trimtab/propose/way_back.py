"""The way back: a recommendation that takes back one which was merged and did not keep its promise."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.demand.seen import LATENCIES
from trimtab.fleet import Unknown
from trimtab.life import Entry, State, histories
from trimtab.manifest import EditResult
from trimtab.manifest.diff import unified
from trimtab.recommendation import Edit, Priced, Saving
from trimtab.rule import Change, Considered, Finding, Layer, Option, Prediction

REVERT = "revert"
"""The rule's name that such a recommendation carries."""

_MERGED = frozenset({State.APPROVED, State.ACTUATED, State.VERIFIED})
_WORDS = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Undone:
    """A change to take back.

    Attributes:
        entry: The ledger's last word on it.
        repository: Where.
        files: What the files become; Unknown says why Git alone cannot take it back.
    """

    entry: Entry
    repository: str
    files: Mapping[str, bytes] | Unknown


def regressed(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the recommendations that are to be taken back, oldest first; not what a revert took back, nor a revert."""
    lasts = [held[-1] for held in histories(entries).values()]
    back = {(one.reverts, one.seq) for one in lasts if one.reverts and one.step in _MERGED}
    found = [
        entry
        for entry in lasts
        if entry.step == State.REGRESSED and not entry.reverts and entry.merged and not _is_back(entry, back)
    ]
    return tuple(sorted(found, key=lambda entry: entry.seq))


def _is_back(entry: Entry, back: Collection[tuple[str, int]]) -> bool:
    """Return whether a revert was merged since: an earlier one took back an earlier merge."""
    return any(name == entry.recommendation and seq > entry.seq for name, seq in back)


def way_back(undone: Undone) -> Priced:
    """Return the recommendation that takes one back, with what it will cost again."""
    entry = undone.entry
    option = Option(
        changes=tuple(Change(change.field, change.after, change.before) for change in entry.changes),
        after=entry.gpus_before,
        places_needed=_needed(entry),
        resource="",
        predictions=tuple(_predictions(entry)),
        confidence=1.0,
    )
    lost = f"${Decimal(entry.saving):,.0f} a month that were promised" if entry.saving else "what was promised"
    finding = Finding(
        rule=REVERT,
        layer=Layer.MODEL,
        subject=entry.subject,
        diagnosis=f"This takes back {_merged(entry)}. Why: {entry.note}.",
        evidence=(),
        risk="low",
        before=entry.gpus_after,
        options=(option,),
        otherwise="It stays as it is now; nothing else takes it back.",
        more_gpus="",
        considered=(Considered("leaving it", f"keeps {lost}, and what went wrong with it"),),
        cures=True,
    )
    return Priced(
        finding=finding,
        option=option,
        saving=_lost(entry),
        gpu_hours=(entry.gpus_after.gpus - entry.gpus_before.gpus) * 730,
        rate_source="what was promised when it was proposed",
        considered=finding.considered,
        reverts=entry.recommendation,
        reverts_url=entry.url if entry.url.startswith(("http://", "https://")) else "",
    )


def _merged(entry: Entry) -> str:
    """Return what is taken back: of a pull request that was shared one recommendation alone."""
    if entry.branch:
        return f"{entry.rule} for {entry.subject.name}, one of what pull request {entry.pull_request} merged"
    return f"what pull request {entry.pull_request} merged: {entry.title or entry.rule}"


def _needed(entry: Entry) -> int:
    """Return how many free GPUs the way back takes: all of another kind, else those that were given up."""
    before, after = entry.gpus_before, entry.gpus_after
    return max(0, math.ceil(before.gpus - (after.gpus if before.product == after.product else 0)))


def _predictions(entry: Entry) -> Iterator[Prediction]:
    """Yield what was measured before the merge and after it: what it is to be again."""
    for name, words in LATENCIES.items():
        now, before = entry.seen.get(name), entry.seen.get(f"{name}_before")
        if now is not None and before is not None:
            yield Prediction(words, "ms", now, before, before, before, math.nan, "restored")


def result_of(tree: Mapping[str, bytes], undone: Undone) -> EditResult | Unknown:
    """Return the edit that takes a change back; Unknown where the files cannot be taken for text."""
    if isinstance(undone.files, Unknown):
        return undone.files
    try:
        before = {path: tree[path] for path in undone.files}
        edits = tuple(edit for path in sorted(before) for edit in _edits(undone, path, before[path]))
        return EditResult(dict(undone.files), edits, unified(before, undone.files))
    except (KeyError, UnicodeDecodeError):
        return Unknown("the files are not as they were when they were read")


def _edits(undone: Undone, path: str, before: bytes) -> Iterator[Edit]:
    """Yield each place that changes, with the field whose value stands there."""
    assert not isinstance(undone.files, Unknown)  # noqa: S101  # the caller looked
    old, new = before.decode().splitlines(), undone.files[path].decode().splitlines()
    for verb, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if verb != "equal":
            gone, come = "\n".join(old[i1:i2]), "\n".join(new[j1:j2])
            for field in _fields(undone.entry, gone, come):
                yield Edit(undone.repository, path, i1 + 1, gone, come, field)


def _fields(entry: Entry, gone: str, come: str) -> tuple[str, ...]:
    """Return the fields whose old or new value stands in a place; all of them where none can be told."""
    words = {word.strip("\"',:[]{}") for word in _WORDS.findall(f"{gone} {come}")}
    named = tuple(one.field for one in entry.changes if {str(one.before), str(one.after)} & words)
    return named or tuple(one.field for one in entry.changes)


def _lost(entry: Entry) -> Saving | Unknown:
    if not entry.saving:
        return Unknown("no price was known when it was proposed")
    amount = -Decimal(entry.saving)
    return Saving(amount, amount, amount)
