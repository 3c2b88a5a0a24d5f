"""Records what a comment asks for: each command is judged by itself, and written down before anything is done."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trimtab.life import Draft, Entry, Journal, histories
from trimtab.publish.chat.asked import MOST, Asked
from trimtab.publish.chat.commands import DECIDING, Command, contradiction
from trimtab.publish.chat.desk import Chat, Desk
from trimtab.publish.chat.verbs import SPECS
from trimtab.publish.forge import Permission
from trimtab.publish.site import Site


class OvertakenError(Exception):
    """Another run moved the recommendation; the command is to be judged anew."""


class ElsewhereError(Exception):
    """Another run recorded the command in this moment, and answers it."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the ledger has of a comment.

    Attributes:
        entries: One for each command, in order.
        history: All entries of the recommendation.
    """

    entries: tuple[Entry, ...]
    history: tuple[Entry, ...]

    @property
    def current(self) -> tuple[Entry, ...]:
        """Return those that still hold: a state that was left since is not brought about again."""
        last = self.history[-1].seq
        return tuple(entry for entry in self.entries if not entry.recommendation or entry.seq == last)


def record(site: Site, journal: Journal, chat: Chat, asked: Asked) -> Recorded:
    """Return what the ledger has of a comment, once all of it is there.

    Raises:
        ForgeError: What its author may do cannot be told, or the ledger cannot be written; nothing more was recorded.
        OvertakenError: Another run moved the recommendation.
        ElsewhereError: Another run recorded the same command.
    """
    known = {entry.line: entry for entry in asked.entries}
    commands = dict(enumerate(asked.commands[:MOST]))
    missing = [line for line in commands if line not in known]
    allowed = bool(missing) and site.forge.rights(asked.comment.author).permission >= Permission.WRITE
    for line in missing:
        standing = replace(asked.standing, entries=_history(journal, asked))
        desk = Desk(site, standing, asked, commands[line], line, chat.now_s)
        known[line] = _written(journal, _judged(desk, commands[line], allowed=allowed))
    return Recorded(tuple(known[line] for line in sorted(known)), _history(journal, asked))


def _judged(desk: Desk, command: Command, *, allowed: bool) -> Draft:
    if not allowed:
        return desk.refused("no write permission")
    both = contradiction(desk.asked.commands)
    if both and command.verb in DECIDING:
        return desk.not_done(f"One comment asks for different things ({both}). Say one of them in a new comment.")
    return SPECS[command.verb].judge(desk)


def _written(journal: Journal, draft: Draft) -> Entry:
    written = journal.append([draft])
    if written:
        return written[0]
    mine = (draft.repository, draft.command, draft.line)
    if any((one.repository, one.command, one.line) == mine for one in journal.entries()):
        raise ElsewhereError
    raise OvertakenError


def _history(journal: Journal, asked: Asked) -> tuple[Entry, ...]:
    return histories(journal.entries()).get(asked.standing.id, ())
