"""Which comments wait for an answer: new ones that hold commands, on pull requests of ours, not fully answered yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trimtab.fleet import Found, Unknown
from trimtab.life import Actor, Entry
from trimtab.publish.accounts import Accounts, accounts_of
from trimtab.publish.chat.commands import Command, commands_in
from trimtab.publish.forge import Comment, PullRequest
from trimtab.publish.mark import key_of, note_key
from trimtab.publish.standing import Standing, View, home_of

WAITING = "<!-- trimtab:waiting -->"
"""Ends a reply until the outcome of what was asked for stands in it."""

MOST = 5
"""Commands of one comment that are answered; nobody needs more, and a flood of them is none."""

_LONGEST = 262_144
"""Characters of a comment that is read: four times what GitHub takes; nobody writes a command under more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A comment with commands.

    Attributes:
        standings: The recommendations in the pull request that it stands on; at least one.
        pull: That pull request where it is open; Unknown says that it is not.
        comment: The comment, as the forge has it now.
        commands: What it asks for, in order; none where it was edited since its commands were recorded.
        entries: What the ledger has of it already, of each command that was judged.
    """

    standings: tuple[Standing, ...]
    pull: Found[PullRequest] | Unknown
    comment: Comment
    commands: tuple[Command, ...]
    entries: tuple[Entry, ...]


def why_passed_over(comment: Comment) -> str:
    """Return why a comment is no command; empty where it is one."""
    if comment.edited:
        return "the comment was edited; only new ones count"
    if comment.bot:
        return "the comment is a machine's"
    if len(comment.body) > _LONGEST:
        return "the comment is too long"
    return "" if commands_in(comment.body) else "the comment holds no command"


def unanswered(comments: Sequence[Comment], entries: Sequence[Entry], me: Callable[[], Actor]) -> tuple[Comment, ...]:
    """Return the comments with commands that have no finished reply of ours, oldest first.

    What was recorded before its comment was edited is still to be finished: a forge may take a reaction for an edit.

    Args:
        comments: Of one pull request or of all, replies among them.
        entries: The ledger's, of this repository.
        me: Asks the forge which account this is; called only where the ledger cannot tell.
    """
    recorded = {entry.command for entry in entries if entry.command}
    accounts = accounts_of(entries)
    left = _left(comments, recorded, accounts)
    keys = {key_for(one) for one in left}
    if any(key_of(one.body) in keys and not accounts.has(one.author) for one in comments):
        left = _left(comments, recorded, accounts.and_also(me()))
    return left


def waiting(view: View, comments: Sequence[Comment], entries: Sequence[Entry]) -> tuple[Asked, ...]:
    """Return what unanswered comments ask of our pull requests, in their order."""
    standings = _by_number(view, accounts_of(entries))
    recorded: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.command:
            recorded.setdefault(entry.command, []).append(entry)
    return tuple(
        _asked(standings[comment.number], comment, tuple(recorded.get(comment.id, ())))
        for comment in comments
        if comment.number in standings
    )


def key_for(comment: Comment) -> str:
    """Return the first line of the reply to a comment."""
    return note_key(f"command:{comment.id}")


def _left(comments: Sequence[Comment], recorded: set[int], accounts: Accounts) -> tuple[Comment, ...]:
    replies = [one for one in comments if key_of(one.body) and accounts.has(one.author)]
    finished = {(one.number, key_of(one.body)) for one in replies if not one.body.rstrip().endswith(WAITING)}
    own = {one.id for one in replies}
    found = {
        one.id: one
        for one in sorted(comments, key=lambda one: one.id)
        if one.id not in own
        and (one.number, key_for(one)) not in finished
        and (one.id in recorded or not why_passed_over(one))
    }
    return tuple(found.values())


def _asked(standings: tuple[Standing, ...], comment: Comment, entries: tuple[Entry, ...]) -> Asked:
    first = standings[0]
    pull = first.pull if _is(first.pull, comment.number) else Unknown("it is not open")
    commands = () if why_passed_over(comment) else commands_in(comment.body)
    return Asked(standings, pull, comment, commands, entries)


def _is(pull: Found[PullRequest] | Unknown, number: int) -> bool:
    return isinstance(pull, Found) and pull.value.number == number


def _by_number(view: View, accounts: Accounts) -> Mapping[int, tuple[Standing, ...]]:
    """Return the recommendations by every pull request they ever had, those that are in the open one first.

    One that somebody else opened from a branch of ours is not ours, whatever its body says.
    """
    known = [standing for standing in view.standings.values() if standing.entries and not standing.foreign]
    found: dict[int, list[Standing]] = {}
    for standing in known:
        for number in dict.fromkeys(entry.pull_request for entry in standing.entries if entry.pull_request):
            found.setdefault(number, []).append(standing)
    held = {number: tuple(_still_in(number, standings)) for number, standings in found.items()}
    now: dict[int, list[Standing]] = {}
    for standing in known:
        pull = standing.pull.value if isinstance(standing.pull, Found) else None
        if pull is not None and (pull.number in found or accounts.has(pull.author)):
            now.setdefault(pull.number, []).append(standing)
    return held | {number: tuple(standings) for number, standings in now.items()}


def _still_in(number: int, standings: Sequence[Standing]) -> Sequence[Standing]:
    """Return those that did not leave a pull request for another one, or all where each did."""
    stayed = [
        one
        for one in standings
        if any(entry.pull_request == number and home_of(entry) == one.branch for entry in one.entries)
    ]
    return stayed or standings
