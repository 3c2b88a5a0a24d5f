"""Answers comments: finds those that wait, has each recorded and done, and replies once to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trimtab.errors import ForgeError
from trimtab.life import Entry, Journal
from trimtab.publish.catch_up import catch_up
from trimtab.publish.chat.asked import WAITING, Asked, key_for, unanswered, waiting, why_passed_over
from trimtab.publish.chat.desk import Chat, Effect, came_to_nothing
from trimtab.publish.chat.doing import do, effect_of
from trimtab.publish.chat.recording import ElsewhereError, OvertakenError, record
from trimtab.publish.chat.saying import outcome_of, reply_to
from trimtab.publish.chat.since import comments_since
from trimtab.publish.chat.verbs import verb_of
from trimtab.publish.event import Pointer
from trimtab.publish.forge import Comment, RateLimitedError
from trimtab.publish.site import Site
from trimtab.recommendation import Link

_TRIES = 5
"""How often a comment is judged anew because another run moved a recommendation of it meanwhile."""

_TROUBLES = 10
"""Comments that may fail in one run before the rest is left to the next."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A comment that was answered, or that is left for later.

    Attributes:
        ids: The recommendations of its pull request.
        comment: The comment.
        text: What was said, without its key.
        note: What became of it, in words for a log.
        runs: Whether the outcome of a run is still to be told.
        later: Why it is not answered yet; empty where it is.
        failed: Whether that is the forge's doing; else another run is at it.
    """

    ids: frozenset[str]
    comment: Comment
    text: str
    note: str
    runs: bool
    later: str = ""
    failed: bool = False


def answer_all(
    site: Site, journal: Journal, chat: Chat, pointer: Pointer | None = None
) -> tuple[tuple[Answered, ...], str]:
    """Answer every comment that waits, and return what was answered, and why the one that is pointed at was not.

    A lost event is not a lost command: every run looks at what was written since a run last looked. Each command is
    recorded before anything is done, and a second delivery finishes what the first one left. Trouble with one comment
    holds up no other; it waits for the next run.

    Raises:
        ForgeError: The forge, the remote or the ledger cannot be reached, or the comment that is pointed at cannot be
            answered now: the next run goes on.
    """
    entries = _entries(site, journal)
    if not entries:
        return (), "there is no pull request of ours"
    comments = comments_since(site, entries, chat.now_s, pointer)
    left = unanswered(comments, entries, site.forge.whoami)
    if not left:
        return (), _why(comments, pointer)
    view = catch_up(site, journal).view
    answered: list[Answered] = []
    for asked in waiting(view, left, _entries(site, journal)):
        answered.append(_patiently(site, journal, chat, asked))
        if sum(bool(one.later) for one in answered) == _TROUBLES:
            break
    pointed = [one for one in answered if pointer and one.comment.id == pointer.comment]
    failed = [one.later for one in pointed or answered[-1:] if pointer and one.failed]
    if failed:
        raise ForgeError(failed[0], "run the job again, or leave it to the next run")
    return tuple(answered), pointed[0].later if pointed else _why(comments, pointer)


def tell_outcomes(site: Site, answered: Sequence[Answered], links: Sequence[Link], entries: Sequence[Entry]) -> None:
    """Put the outcome of a run into the replies that wait for it."""
    for one in answered:
        if one.runs:
            text = f"{one.text}\n\n{outcome_of(one.ids, links, entries)}"
            site.forge.comment(one.comment.number, f"{key_for(one.comment)}\n{text}")


def _patiently(site: Site, journal: Journal, chat: Chat, asked: Asked) -> Answered:
    """Answer a comment, or return why that has to wait; a rate limit alone ends everything."""
    why, failed = "other runs were faster each time", True
    try:
        for _ in range(_TRIES):
            try:
                return _answer(site, journal, chat, asked)
            except OvertakenError:
                again = waiting(catch_up(site, journal).view, [asked.comment], _entries(site, journal))
                asked = again[0] if again else asked
    except RateLimitedError:
        raise
    except ElsewhereError:
        why, failed = "another run answers it", False
    except ForgeError as error:
        why = error.message
    note = f"left for later: {why}"
    return Answered(_ids(asked), asked.comment, "", note, runs=False, later=why, failed=failed)


def _answer(site: Site, journal: Journal, chat: Chat, asked: Asked) -> Answered:
    """Record the commands of a comment in their order, show that it was seen, do them, and reply once."""
    number, new = asked.comment.number, len(asked.entries)
    recorded = record(site, journal, chat, asked)
    if len(recorded.entries) > new:
        _show_seen(site, asked)
    extras: Mapping[int, str] = {entry.seq: do(site, asked, entry, merges=chat.merges) for entry in recorded.current}
    text = reply_to(
        recorded, extras, len(asked.commands) - len({entry.line for entry in recorded.entries}), merges=chat.merges
    )
    runs = any(effect_of(entry) is Effect.RUN for entry in recorded.entries)
    site.forge.comment(number, f"{key_for(asked.comment)}\n{text}{f'{chr(10)}{WAITING}' if runs else ''}")
    notes = "; ".join(dict.fromkeys(map(_noted, recorded.entries)))
    return Answered(_ids(asked), asked.comment, text, notes, runs)


def _ids(asked: Asked) -> frozenset[str]:
    return frozenset(one.id for one in asked.standings)


def _noted(entry: Entry) -> str:
    """Return what became of a command, for a log; it never begins with a person's words."""
    return entry.note if came_to_nothing(entry) else f"{verb_of(entry)}: {entry.note or entry.step}"


def _show_seen(site: Site, asked: Asked) -> None:
    """Put a pair of eyes at a comment; a forge that declines does no harm."""
    try:
        site.forge.comment(asked.comment.number, "", answers=asked.comment.id)
    except RateLimitedError:
        raise
    except ForgeError:
        return


def _entries(site: Site, journal: Journal) -> tuple[Entry, ...]:
    return tuple(entry for entry in journal.entries() if entry.repository == site.name)


def _why(comments: Sequence[Comment], pointer: Pointer | None) -> str:
    """Return why the comment that is pointed at was passed over."""
    if pointer is None:
        return ""
    for comment in comments:
        if comment.id == pointer.comment and comment.number == pointer.number:
            return why_passed_over(comment) or "it was answered before, or the pull request is not ours"
    return "the comment is not on a pull request of ours, or is gone"
