"""Records what a comment asks for: each command is judged by itself, and written down before anything is done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.life import Draft, Entry, Journal, histories
from trimtab.publish.chat.asked import MOST, Asked
from trimtab.publish.chat.commands import DECIDING, Command, Verb, contradiction
from trimtab.publish.chat.desk import REFUSED, Chat, Desk
from trimtab.publish.chat.verbs import SPECS
from trimtab.publish.forge import Permission
from trimtab.publish.mark import is_shared
from trimtab.publish.site import Site
from trimtab.publish.standing import Standing, home_of

_EACH = frozenset({Verb.DISMISS, Verb.SNOOZE, Verb.REBASE, Verb.ROLLBACK, Verb.SPLIT})
"""Commands that take a step for every recommendation that they are about."""

_AIMED = (_EACH | {Verb.EXPLAIN}) - {Verb.REBASE}
"""Commands that may name one of several recommendations; a branch is given back, and approved, as a whole."""

_IDENTITY = re.compile(r"[0-9a-f]{16}", re.ASCII)


class OvertakenError(Exception):
    """Another run moved the recommendation; the command is to be judged anew."""


class ElsewhereError(Exception):
    """Another run recorded the command in this moment, and answers it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the ledger has of a comment.

    Attributes:
        entries: Of each command, in order; several where it is about several recommendations.
        histories: All entries of each recommendation in the pull request or in the comment, by its identity.
    """

    entries: tuple[Entry, ...]
    histories: Mapping[str, tuple[Entry, ...]]

    @property
    def current(self) -> tuple[Entry, ...]:
        """Return those that still hold, one of each command: a state that was left is not brought about again."""
        holding = [
            one for one in self.entries if not one.recommendation or one == self.histories[one.recommendation][-1]
        ]
        return tuple({one.line: one for one in reversed(holding)}.values())[::-1]


def record(site: Site, journal: Journal, chat: Chat, asked: Asked) -> Recorded:
    """Return what the ledger has of a comment, once all of it is there.

    Raises:
        ForgeError: What its author may do cannot be told, or the ledger cannot be written; nothing more was recorded.
        OvertakenError: Another run moved a recommendation.
        ElsewhereError: Another run recorded the same command.
    """
    entries = list(asked.entries)
    done = {entry.line for entry in entries}
    commands = dict(enumerate(asked.commands[:MOST]))
    missing = [line for line in commands if line not in done]
    allowed = bool(missing) and site.forge.rights(asked.comment.author).permission >= Permission.WRITE
    for line in missing:
        now = _now(journal, asked)
        chosen, command = aimed(now.standings, commands[line])
        desks = [
            Desk(site, one, now, command, line, chat.now_s, _heads(journal, one), len(chosen) < len(now.standings))
            for one in (chosen if command.verb in _EACH else chosen[:1]) or now.standings[:1]
        ]
        entries += _written(journal, _judged(desks, known_to_us=bool(chosen), allowed=allowed))
    entries.sort(key=lambda entry: (entry.line, entry.seq))
    known = histories(journal.entries())
    names = [one.id for one in asked.standings] + [one.recommendation for one in entries if one.recommendation]
    return Recorded(tuple(entries), {name: known[name] for name in names})


def aimed(standings: Sequence[Standing], command: Command) -> tuple[Sequence[Standing], Command]:
    """Return the recommendations that a command is about, and the command without the identity that names one.

    `/trimtab dismiss 0123456789abcdef REASON` is about that one of several in a pull request, and without the whole
    identity about all: there is no shorter form, which could be another one's tomorrow. None where it names another.
    """
    word, _, rest = command.argument.partition(" ")
    named = [one for one in standings if one.id == word]
    if command.verb in _AIMED and (named or (_IDENTITY.fullmatch(word) and len(standings) > 1)):
        return named, replace(command, argument=rest)
    return standings, command


def _judged(desks: Sequence[Desk], *, known_to_us: bool, allowed: bool) -> Sequence[Draft]:
    """Return the drafts of a command: a step for each recommendation, or one that changes no state."""
    first = desks[0]
    if not allowed:
        return [first.refused("no write permission")]
    both = contradiction(first.asked.commands)
    if both and first.command.verb in DECIDING:
        return [first.not_done(f"One comment asks for different things ({both}). Say one of them in a new comment.")]
    if not known_to_us:
        return [first.not_done("This pull request holds no recommendation with this id.")]
    drafts = [SPECS[desk.command.verb].judge(desk) for desk in desks]
    refused = [draft for draft in drafts if draft.note.startswith(REFUSED)]
    return refused[:1] or [draft for draft in drafts if draft.recommendation] or drafts[:1]


def _written(journal: Journal, drafts: Sequence[Draft]) -> Sequence[Entry]:
    written = journal.append(drafts)
    if written:
        return written
    mine = (drafts[0].repository, drafts[0].command, drafts[0].line)
    if any((one.repository, one.command, one.line) == mine for one in journal.entries()):
        raise ElsewhereError
    raise OvertakenError


def _now(journal: Journal, asked: Asked) -> Asked:
    """Return the comment with the recommendations as the ledger has them now."""
    known = histories(journal.entries())
    return replace(asked, standings=tuple(replace(one, entries=known.get(one.id, ())) for one in asked.standings))


def _heads(journal: Journal, standing: Standing) -> tuple[Entry, ...]:
    entries = journal.entries() if is_shared(standing.branch) else standing.entries
    return tuple(entry for entry in entries if entry.recommendation and home_of(entry) == standing.branch)
