"""Which notes of a GitLab project's merge requests a run reads, in few calls: GitLab has no list of them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trimtab.publish.forge import Comment
from trimtab.publish.rest_gitlab import Json, comment_of

_MARGIN = timedelta(days=2)
"""Events are asked for by whole days of the server's own zone, the first one left out."""


@dataclass(frozen=True, slots=True)
class Ears:
    """What a project can be asked.

    Attributes:
        notes: Returns the notes of a merge request, by its number.
        events: Returns the newest events by which somebody commented, after a date, at most so many pages.
    """

    notes: Callable[[int], Sequence[Json]]
    events: Callable[[str, int], Sequence[Json]]


def heard(merge_requests: Sequence[Json], ears: Ears) -> tuple[Comment, ...]:
    """Return the notes of merge requests that have any.

    The project's events hold the notes of all in one listing (https://docs.gitlab.com/api/events/, read 2026-08), but
    are written a moment after them, and may get lost. So they count only for a merge request of which they hold as many
    notes as it has; of any other the notes are read.
    """
    talked = {_number(each): each for each in merge_requests if each.get("user_notes_count", 1)}
    told = _told(list(talked.values()), ears) if len(talked) > 1 else {}
    return tuple(
        comment
        for number, each in talked.items()
        for comment in (
            told[number]
            if len(told.get(number, ())) == each.get("user_notes_count")
            else comments_of(ears.notes(number), number)
        )
    )


def comments_of(notes: Sequence[Json], number: int) -> tuple[Comment, ...]:
    """Return the notes that people and bots wrote on a merge request; GitLab's own are left out."""
    return tuple(comment_of(note, number) for note in notes if not note.get("system"))


def _told(talked: Sequence[Json], ears: Ears) -> Mapping[int, tuple[Comment, ...]]:
    """Return the notes that events tell of, by the merge request."""
    times = [str(each.get("created_at") or "") for each in talked]
    if not all(times):
        return {}
    after = (datetime.fromisoformat(min(times)) - _MARGIN).strftime("%Y-%m-%d")
    found: dict[int, dict[int, Comment]] = defaultdict(dict)
    for event in ears.events(after, len(talked) // 2):
        note = event.get("note")
        if isinstance(note, Mapping) and note.get("noteable_type") == "MergeRequest" and not note.get("system"):
            comment = comment_of(note, int(str(note["noteable_iid"])))
            found[comment.number][comment.id] = comment
    return {number: tuple(notes.values()) for number, notes in found.items()}


def _number(merge_request: Json) -> int:
    return int(str(merge_request["iid"]))
