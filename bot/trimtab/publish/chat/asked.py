"""Which comments wait for an answer: new ones that hold commands, on pull requests of ours, not fully answered yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trimtab.fleet import Found, Unknown
from trimtab.life import Entry
from trimtab.publish.chat.commands import Command, commands_in
from trimtab.publish.forge import Comment, PullRequest
from trimtab.publish.mark import key_of, note_key
from trimtab.publish.site import Standing, View

WAITING = "<!-- trimtab:waiting -->"
"""Ends a reply until the outcome of what was asked for stands in it."""

MOST = 5
"""Commands of one comment that are answered; nobody needs more, and a flood of them is none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A comment with commands.

    Attributes:
        standing: The recommendation whose pull request it stands on.
        pull: That pull request where it is open; Unknown says that it is not.
        comment: The comment, as the forge has it now.
        commands: What it asks for, in order.
        entries: What the ledger has of it already, one for each command that was judged.
    """

    standing: Standing
    pull: Found[PullRequest] | Unknown
    comment: Comment
    commands: tuple[Command, ...]
    entries: tuple[Entry, ...]


def why_passed_over(comment: Comment) -> str:
    """Return why a comment is no command; empty where it is one."""
    if comment.edited:
        return "the comment was edited; only new ones count"
    if comment.bot or key_of(comment.body):
        return "the comment is a machine's"
    return "" if commands_in(comment.body) else "the comment holds no command"


def waiting(view: View, comments: Sequence[Comment], entries: Sequence[Entry]) -> tuple[Asked, ...]:
    """Return the comments that wait for an answer, oldest first.

    Args:
        view: What stands.
        comments: Of one pull request or of all; replies of ours among them show what was answered.
        entries: The ledger's, of this repository.
    """
    standings = _by_number(view)
    answered = {(one.number, key_of(one.body)) for one in comments if key_of(one.body) and WAITING not in one.body}
    recorded: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.command:
            recorded.setdefault(entry.command, []).append(entry)
    found: dict[int, Asked] = {}
    for comment in sorted(comments, key=lambda one: one.id):
        standing = standings.get(comment.number)
        if standing is None or why_passed_over(comment) or (comment.number, key_for(comment)) in answered:
            continue
        commands = commands_in(comment.body)[:MOST]
        pull = standing.pull if _is(standing.pull, comment.number) else Unknown("it is not open")
        found[comment.id] = Asked(standing, pull, comment, commands, tuple(recorded.get(comment.id, ())))
    return tuple(found.values())


def key_for(comment: Comment) -> str:
    """Return the first line of the reply to a comment."""
    return note_key(f"command:{comment.id}")


def _is(pull: Found[PullRequest] | Unknown, number: int) -> bool:
    return isinstance(pull, Found) and pull.value.number == number


def _by_number(view: View) -> Mapping[int, Standing]:
    """Return the recommendations by every pull request they ever had, the open one first."""
    found: dict[int, Standing] = {}
    for standing in view.standings.values():
        if standing.entries and not standing.foreign:
            found |= {entry.pull_request: standing for entry in standing.entries if entry.pull_request}
            if isinstance(standing.pull, Found):
                found[standing.pull.value.number] = standing
    return found
