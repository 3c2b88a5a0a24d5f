"""A forge and a ledger that are cut off: after so many writes the process is gone, as by a kill."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
from trimtab.life import Actor, Draft, Entry, Journal
from trimtab.publish.forge import PLAIN, Comment, Dress, Forge, Issue, NewPull, PullRequest, PullState, Rights


class KilledError(BaseException):
    """The process is gone."""


class Cut:
    """A `Forge` and a `Journal` in one, over real ones.

    Attributes:
        left: Writes until the end, counted over both; the last one takes effect.
        on_rights: Called when permissions are asked, between the other reads of a command.
        fails: Part of the text of comments that the forge declines.
    """

    def __init__(self, forge: Forge, journal: Journal, left: int = 1_000_000) -> None:
        """Take what is real."""
        self.forge, self.journal, self.left = forge, journal, left
        self.on_rights: Callable[[], None] = lambda: None
        self.fails = ""

    def wrote(self) -> None:
        """Count a write."""
        self.left -= 1
        if self.left == 0:
            raise KilledError

    def entries(self) -> tuple[Entry, ...]:
        """Return the ledger's entries."""
        return self.journal.entries()

    def append(self, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        """Record drafts."""
        written = self.journal.append(drafts)
        if written:
            self.wrote()
        return written

    def whoami(self) -> Actor:
        """Return the bot."""
        return self.forge.whoami()

    def pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        """List."""
        return self.forge.pulls(branch)

    def open_pull(self, new: NewPull) -> PullRequest:
        """Open."""
        return self.forge.open_pull(new)

    def edit_pull(
        self, number: int, *, title: str, body: str, state: PullState, head: str = "", dress: Dress = PLAIN
    ) -> PullRequest:
        """Edit."""
        done = self.forge.edit_pull(number, title=title, body=body, state=state, head=head, dress=dress)
        self.wrote()
        return done

    def comments(self, number: int = 0, *, since: str = "") -> tuple[Comment, ...]:
        """List comments."""
        return self.forge.comments(number, since=since)

    def comment(self, number: int, body: str, *, answers: int = 0) -> Comment | Unknown:
        """Comment, or react."""
        if self.fails and self.fails in body:
            raise ForgeError("the conversation is locked")
        done = self.forge.comment(number, body, answers=answers)
        self.wrote()
        return done

    def rights(self, actor: Actor, owners: Collection[str] = ()) -> Rights:
        """Return what an account may do."""
        self.on_rights()
        return self.forge.rights(actor, owners)

    def dashboard(self, body: str = "") -> Found[Issue] | Unknown:
        """Return the dashboard."""
        return self.forge.dashboard(body)
