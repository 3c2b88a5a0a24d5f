"""Which accounts Trimtab has run as here: the ledger knows them, so that no call is needed to tell its own comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trimtab.life import Actor, Entry, State


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts, known by their numeric ids; by login only where the forge told no id."""

    actors: frozenset[Actor]

    def has(self, actor: Actor) -> bool:
        """Return whether an account is one of these."""
        return any(one.id == actor.id if one.id and actor.id else one.login == actor.login for one in self.actors)

    def and_also(self, actor: Actor) -> Accounts:
        """Return these and one more."""
        return Accounts(self.actors | {actor})


def accounts_of(entries: Sequence[Entry]) -> Accounts:
    """Return the accounts that proposed what the ledger tells of: only Trimtab proposes."""
    return Accounts(frozenset(entry.actor for entry in entries if entry.step == State.PROPOSED))


def approver_of(entries: Sequence[Entry], number: int, head: str) -> Sequence[Actor]:
    """Return who approved a head of a pull request by a comment, the latest first."""
    approvals = [one for one in entries if one.tree and (one.pull_request, one.head) == (number, head)]
    return [one.actor for one in reversed(approvals)]
