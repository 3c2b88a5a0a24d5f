"""Which notes of a GitLab project's merge requests a run reads, in few calls: GitLab has no list of them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trimtab.publish.forge import Comment
from trimtab.publish.mark import key_of, note_key
from trimtab.publish.rest_gitlab import Json, comment_of

_MARGIN = timedelta(days=2)
"""Events are asked for by whole days of the server's own zone, the first one left out."""
_MOST = 50
"""Notes that one query asks for; what is left has to be said again."""


@dataclass(frozen=True, slots=True)
class NoteSources:
    """What a project can be asked.

    Attributes:
        notes: Returns the notes of a merge request, by its number.
        events: Returns the newest events by which somebody commented, after a date, at most so many pages.
    """

    notes: Callable[[int], Sequence[Json]]
    events: Callable[[str, int], Sequence[Json]]


def notes_of(merge_requests: Sequence[Json], sources: NoteSources) -> tuple[Comment, ...]:
    """Return the notes of merge requests that have any.

    The project's events hold the notes of all in one listing (https://docs.gitlab.com/api/events/, read 2026-08), but
    are written a moment after them, and may get lost. So they count only for a merge request of which they hold as many
    notes as it has; of any other the notes are read.
    """
    talked = {_number(each): each for each in merge_requests if each.get("user_notes_count", 1)}
    told = _told(list(talked.values()), sources) if len(talked) > 1 else {}
    return tuple(
        comment
        for number, each in talked.items()
        for comment in (
            told[number]
            if len(told.get(number, ())) == each.get("user_notes_count")
            else comments_of(sources.notes(number), number)
        )
    )


def comments_of(notes: Sequence[Json], number: int) -> tuple[Comment, ...]:
    """Return the notes that people and bots wrote on a merge request; GitLab's own are left out."""
    return tuple(comment_of(note, number) for note in notes if not note.get("system"))


def doubtful(comments: Sequence[Comment]) -> tuple[int, ...]:
    """Return which comments may only look edited: GitLab takes a reaction for a change of the note.

    Asked of are those that might be commands, and that we have not replied to.
    """
    replied = {key_of(one.body) for one in comments}
    held = (one for one in comments if one.edited and not one.bot and "/trimtab" in one.body)
    return tuple(one.id for one in held if note_key(f"command:{one.id}") not in replied)[:_MOST]


def edits_query(ids: Sequence[int]) -> str:
    """Return the GraphQL query for when notes were edited last, which the REST API does not tell."""
    asked = (f'n{one}: note(id: "gid://gitlab/Note/{one}") {{ body lastEditedAt }}' for one in ids)
    return f"query {{ {' '.join(asked)} }}"


def without_doubt(comments: Sequence[Comment], answer: Json) -> tuple[Comment, ...]:
    """Return comments, unedited where an answer says so of the very words that were read; of any other it stays."""
    return tuple(
        replace(one, edited=False) if _never_edited(answer.get(f"n{one.id}"), one.body) else one for one in comments
    )


def _never_edited(note: object, body: str) -> bool:
    """Return whether no edit is known; answers may come from copies of different ages, but each row is whole."""
    return isinstance(note, Mapping) and note.get("lastEditedAt", "") is None and note.get("body") == body


def _told(talked: Sequence[Json], sources: NoteSources) -> Mapping[int, tuple[Comment, ...]]:
    """Return the notes that events tell of, by the merge request."""
    times = [str(each.get("created_at") or "") for each in talked]
    if not all(times):
        return {}
    after = (datetime.fromisoformat(min(times)) - _MARGIN).strftime("%Y-%m-%d")
    found: dict[int, dict[int, Comment]] = defaultdict(dict)
    for event in sources.events(after, len(talked) // 2):
        note = event.get("note")
        if isinstance(note, Mapping) and note.get("noteable_type") == "MergeRequest" and not note.get("system"):
            comment = comment_of(note, int(str(note["noteable_iid"])))
            found[comment.number][comment.id] = comment
    return {number: tuple(notes.values()) for number, notes in found.items()}


def _number(merge_request: Json) -> int:
    return int(str(merge_request["iid"]))
