"""Answers comments: reads them again, asks what their authors may do, records, acts, and replies once to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trimtab.errors import ForgeError
from trimtab.fleet import Unknown
from trimtab.life import Draft, Entry, Journal, histories
from trimtab.publish.catch_up import catch_up
from trimtab.publish.chat.asked import WAITING, Asked, is_done, key_for, waiting, why_passed_over
from trimtab.publish.chat.desk import Desk, Effect, came_to_nothing
from trimtab.publish.chat.verbs import SPECS
from trimtab.publish.event import Pointer
from trimtab.publish.forge import Comment, Dress, Permission, PullState, RateLimitedError
from trimtab.publish.site import Site
from trimtab.recommendation import Link
from trimtab.text.templates import markdown_templates

_OVERLAP = timedelta(days=1)
"""How long before the last entry comments are read again: clocks differ, and entries are older than what they tell."""


@dataclass(frozen=True, slots=True)
class Chat:
    """How comments are answered.

    Attributes:
        now_s: The time, Unix seconds.
        merges: Whether an approval merges.
    """

    now_s: int
    merges: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A comment that was answered.

    Attributes:
        id: The recommendation's identity.
        comment: The comment.
        text: What was said, without its key.
        note: What became of it, in words for a log.
        runs: Whether the outcome of a run is still to be told.
    """

    id: str
    comment: Comment
    text: str
    note: str
    runs: bool


def answer_all(
    site: Site, journal: Journal, chat: Chat, pointer: Pointer | None = None
) -> tuple[tuple[Answered, ...], str]:
    """Answer every comment that waits, and return what was answered, and why the one that is pointed at was not.

    Comments are read since the last entry, so that a lost event is not a lost command. Each is recorded before anything
    is done, and a second delivery finishes what the first one left.

    Raises:
        ForgeError: The forge, the remote or the ledger cannot be reached: the next run goes on.
    """
    entries = [entry for entry in journal.entries() if entry.repository == site.name]
    if not entries:
        return (), "there is no pull request of ours"
    comments = _comments(site, entries, pointer)
    if all(why_passed_over(one) or is_done(one, comments, entries) for one in comments):
        return (), _why(comments, pointer)
    view = catch_up(site, journal).view
    answered = tuple(_answer(site, journal, chat, asked) for asked in waiting(view, comments, entries))
    done = pointer is None or any(one.comment.id == pointer.comment for one in answered)
    return answered, "" if done else _why(comments, pointer)


def tell_outcomes(site: Site, answered: Sequence[Answered], links: Sequence[Link]) -> None:
    """Put the outcome of a run into the replies that wait for it."""
    notes = {link.id: link.note for link in links}
    for one in answered:
        if one.runs:
            outcome = _render("outcome", {"outcome": notes.get(one.id, "no longer found")})
            site.forge.comment(one.comment.number, f"{key_for(one.comment)}\n{one.text}\n\n{outcome}")


def _comments(site: Site, entries: Sequence[Entry], pointer: Pointer | None) -> tuple[Comment, ...]:
    last = datetime.fromisoformat(entries[-1].at) - _OVERLAP
    found = {one.id: one for one in site.forge.comments(since=last.strftime("%Y-%m-%dT%H:%M:%SZ"))}
    if pointer is not None and pointer.comment not in found:
        found |= {one.id: one for one in site.forge.comments(pointer.number)}
    return tuple(found.values())


def _why(comments: Sequence[Comment], pointer: Pointer | None) -> str:
    if pointer is None:
        return ""
    for comment in comments:
        if comment.id == pointer.comment and comment.number == pointer.number:
            return why_passed_over(comment) or "it was answered before, or the pull request is not ours"
    return "the comment is not on this pull request, or is gone"


def _answer(site: Site, journal: Journal, chat: Chat, asked: Asked) -> Answered:
    """Judge, record and do each command of a comment in its order, then reply once."""
    site.forge.comment(asked.comment.number, "", answers=asked.comment.id)
    parts: list[str] = []
    notes: list[str] = []
    runs = False
    for line, command in enumerate(asked.commands):
        known = histories(journal.entries()).get(asked.standing.id, ())
        standing = replace(asked.standing, entries=known)
        desk = Desk(site, standing, asked, command, line, chat.now_s, chat.merges)
        draft = _recorded(journal, desk)
        effect = Effect.NONE if came_to_nothing(draft) else SPECS[command.verb].effect
        parts.append("\n\n".join(filter(None, (_text(desk, draft), _do(desk, effect, draft)))))
        notes.append(f"{command.verb}: {draft.note or draft.step}")
        runs = runs or effect is Effect.RUN
    text = "\n\n".join(parts)
    site.forge.comment(asked.comment.number, f"{key_for(asked.comment)}\n{text}{f'{chr(10)}{WAITING}' if runs else ''}")
    return Answered(asked.standing.id, asked.comment, text, "; ".join(notes), runs)


def _recorded(journal: Journal, desk: Desk) -> Draft:
    """Return the entry of a command: the one that is there, or a new one.

    Raises:
        ForgeError: Another run is at work on the recommendation; nothing was done.
    """
    for entry in desk.asked.entries:
        if entry.line == desk.line:
            return entry
    site, author = desk.site, desk.asked.comment.author
    allowed = site.forge.rights(author).permission >= Permission.WRITE
    draft = SPECS[desk.command.verb].judge(desk) if allowed else desk.refused("no write permission")
    if not journal.append([draft]):
        raise ForgeError("another run is at work on this recommendation; nothing was done", "run the job again")
    return draft


def _do(desk: Desk, effect: Effect, draft: Draft) -> str:
    """Do what a recorded command asks for, and return what there is to say of it."""
    pull, forge = desk.pull, desk.site.forge
    if isinstance(pull, Unknown):
        return ""
    number, title, body = pull.value.number, pull.value.title, pull.value.body
    if effect is Effect.CLOSE:
        forge.edit_pull(number, title=title, body=body, state=PullState.CLOSED)
    if effect is Effect.REVIEW:
        dress = Dress(reviewers=(desk.command.argument.strip(),))
        forge.edit_pull(number, title=title, body=body, state=PullState.OPEN, dress=dress)
    if effect is Effect.MERGE and desk.merges:
        try:
            forge.edit_pull(number, title=title, body=body, state=PullState.MERGED, head=draft.head)
        except RateLimitedError:
            raise
        except ForgeError as error:
            return _render("not-merged", {"why": error.message})
    return ""


def _text(desk: Desk, draft: Draft) -> str:
    spec = SPECS[desk.command.verb]
    template = "nothing-done" if came_to_nothing(draft) else spec.template
    entries = desk.standing.entries
    return _render(template, {"draft": draft, "entries": entries, "last": entries[-1], "merges": desk.merges})


def _render(template: str, values: Mapping[str, object]) -> str:
    return markdown_templates().get_template(f"comment/{template}.md.j2").render(values).strip()
