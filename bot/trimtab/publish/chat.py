"""Answers one comment: reads it again, asks what its author may do, records, acts, replies once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from trimtab.config import parse_duration
from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.life import COMMAND, Draft, Entry, Journal, State, following
from trimtab.publish.catch_up import catch_up
from trimtab.publish.commands import Command, Verb, commands_in
from trimtab.publish.event import Pointer
from trimtab.publish.forge import Comment, Permission, PullRequest, PullState
from trimtab.publish.mark import key_of, note_key
from trimtab.publish.site import Site, Standing
from trimtab.text.clean import one_line
from trimtab.text.templates import markdown_templates

_LONGEST_REASON = 300
_SHORTEST_S, _LONGEST_S = 3600.0, 366 * 86400.0
_CLOSING = {Verb.DISMISS: State.DISMISSED, Verb.SNOOZE: State.SNOOZED}


@dataclass(frozen=True, slots=True)
class Asked:
    """A command with all that is needed to answer it.

    Attributes:
        standing: The recommendation, with its open pull request.
        pull: That pull request.
        comment: The comment, as the forge has it now.
        command: What it asks for.
    """

    standing: Standing
    pull: PullRequest
    comment: Comment
    command: Command


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered, and what becomes of the recommendation.

    Attributes:
        template: Which text.
        draft: What is recorded.
        text: What the text tells beside the draft.
    """

    template: str
    draft: Draft
    text: str = ""


def asked_in(site: Site, journal: Journal, pointer: Pointer) -> Found[Asked] | Unknown:
    """Return the command of a comment; Unknown says why it is passed over in silence.

    Raises:
        ForgeError: The forge, the remote or the ledger cannot be reached: then nothing is done.
    """
    comment = next((one for one in site.forge.comments(pointer.number) if one.id == pointer.comment), None)
    if comment is None:
        return Unknown("the comment is not on this pull request, or is gone")
    if comment.edited:
        return Unknown("the comment was edited; only new ones count")
    if comment.bot or key_of(comment.body):
        return Unknown("the comment is a machine's")
    commands = commands_in(comment.body)
    if not commands:
        return Unknown("the comment holds no command")
    for standing in catch_up(site, journal).view.standings.values():
        if isinstance(standing.pull, Found) and standing.pull.value.number == pointer.number and standing.entries:
            return Found(Asked(standing, standing.pull.value, comment, commands[0]))
    return Unknown("the pull request is not an open one of ours")


def answer(site: Site, journal: Journal, asked: Asked, now_s: int, recheck: Callable[[], str]) -> str:
    """Do what a command asks, reply once, and return what was answered.

    The entry is written first. A second delivery of the same comment finds it, and finishes what is missing.

    Args:
        site: The repository.
        journal: The ledger.
        asked: The command.
        now_s: The time, Unix seconds.
        recheck: Judges anew, and says what became of it.

    Raises:
        ForgeError: The forge or the ledger cannot be reached.
    """
    if site.forge.rights(asked.comment.author).permission < Permission.WRITE:
        reply = Reply("refused", _command(asked, "refused: no write permission"))
    else:
        reply = _reply(asked, now_s)
    _record(journal, asked, reply.draft)
    closes = reply.draft.step in {State.DISMISSED, State.SNOOZED}
    if closes:
        site.forge.edit_pull(asked.pull.number, title=asked.pull.title, body=asked.pull.body, state=PullState.CLOSED)
    said = recheck() if reply.template == "recheck" else reply.text
    site.forge.comment(asked.pull.number, _text(asked, replace(reply, text=said)))
    return f"{asked.command.verb}: {reply.draft.note or reply.draft.step}"


def _record(journal: Journal, asked: Asked, draft: Draft) -> None:
    """Write the entry of a command, once.

    Raises:
        ForgeError: Another run is at work on the recommendation; nothing was done.
    """
    if journal.append([draft]):
        return
    if not any(entry.command == asked.comment.id for entry in journal.entries()):
        raise ForgeError("another run is at work on this recommendation; nothing was done", "run the job again")


def _reply(asked: Asked, now_s: int) -> Reply:
    """Return the answer to somebody who may ask; to a second delivery, the answer that was begun."""
    for entry in asked.standing.entries:
        if entry.command == asked.comment.id:
            return Reply("dismissed" if entry.step == State.DISMISSED else "snoozed", entry)
    verb, argument = asked.command.verb, one_line(asked.command.argument, _LONGEST_REASON)
    if verb in _CLOSING and asked.standing.state != State.OPEN:
        return Reply("usage", _command(asked, f"{verb}: not open"), "This recommendation is not open any more.")
    if verb is Verb.DISMISS:
        return _dismiss(asked, argument)
    if verb is Verb.SNOOZE:
        return _snooze(asked, argument, now_s)
    if verb is Verb.UNKNOWN:
        return Reply("help", _command(asked, f"unknown command: {argument}"), "I do not know this command yet.")
    return Reply(verb.value, _command(asked, verb.value))


def _dismiss(asked: Asked, reason: str) -> Reply:
    if not reason:
        return Reply("usage", _command(asked, "dismiss without a reason"), "A dismissal needs its reason.")
    return Reply("dismissed", replace(_step(asked, State.DISMISSED), note=reason))


def _snooze(asked: Asked, span: str, now_s: int) -> Reply:
    try:
        seconds = parse_duration(span)
    except ValueError:
        seconds = 0.0
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        return Reply("usage", _command(asked, "snooze without a time"), "Say for how long, an hour to a year.")
    until = (datetime.fromtimestamp(now_s, UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Reply("snoozed", replace(_step(asked, State.SNOOZED), until=until, note=f"snoozed until {until}"))


def _step(asked: Asked, state: State) -> Draft:
    """Return the draft of a step that a person asks for."""
    return replace(
        following(asked.standing.last, state, asked.comment.author),
        pull_request=asked.pull.number,
        url=asked.pull.url,
        command=asked.comment.id,
    )


def _command(asked: Asked, note: str) -> Draft:
    """Return the draft for a command that changes no state."""
    last = asked.standing.last
    return Draft(
        recommendation="",
        step=COMMAND,
        actor=asked.comment.author,
        rule=last.rule,
        subject=last.subject,
        repository=last.repository,
        pull_request=asked.pull.number,
        url=asked.pull.url,
        command=asked.comment.id,
        note=note,
    )


def _text(asked: Asked, reply: Reply) -> str:
    """Return the reply, with the key by which a second delivery finds it."""
    entries: tuple[Entry, ...] = asked.standing.entries
    text = (
        markdown_templates()
        .get_template(f"comment/{reply.template}.md.j2")
        .render(draft=reply.draft, text=reply.text, entries=entries, last=entries[-1])
    )
    return f"{note_key(f'command:{asked.comment.id}')}\n{text}"
