"""The thin interface to a forge: eight methods, all of them needed, records in and out.

Branches are not part of it: git moves them, with a lease, whatever the forge.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol

from trimtab.errors import ForgeError
from trimtab.life import NOBODY, Actor

PREFIX = "trimtab/"
"""Every branch of ours starts so."""


class PullState(StrEnum):
    """Where a pull request is."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Permission(IntEnum):
    """What an account may do in a repository, in order."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3


class RateLimitedError(ForgeError):
    """The forge wants no more calls for now; nothing more is tried in this run."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request, or merge request, from a branch of the same repository.

    Attributes:
        number: As the forge numbers it within the repository.
        title: One line.
        body: Markdown.
        state: Where it is.
        branch: Where it comes from.
        head: Hex id of its head; of a merged one the head that was merged.
        base: The branch that it goes to.
        author: Who opened it.
        url: For people; the path of its file on the local forge.
        merge_commit: Hex id of the commit it became; empty while it is not merged.
        ended_by: Who closed or merged it, where the forge tells; listings may leave it out.
    """

    number: int
    title: str
    body: str
    state: PullState
    branch: str
    head: str
    base: str
    author: Actor
    url: str
    merge_commit: str = ""
    ended_by: Actor = NOBODY


@dataclass(frozen=True, slots=True)
class NewPull:
    """A pull request to open; `branch` is pushed already."""

    branch: str
    base: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request.

    Attributes:
        id: The forge's number of it.
        author: Who wrote it.
        bot: Whether the forge says that the author is a machine.
        body: Markdown as written.
        edited: Whether it is not as it was when it was created.
    """

    id: int
    author: Actor
    bot: bool
    body: str
    edited: bool


class Forge(Protocol):
    """A repository on a forge. Every method raises `ForgeError` where the forge does not answer or declines."""

    def whoami(self) -> Actor:
        """Return the account that the token belongs to."""
        ...

    def open_pulls(self) -> tuple[PullRequest, ...]:
        """Return the open pull requests from branches of this repository that start with `trimtab/`."""
        ...

    def pulls_of(self, branch: str) -> tuple[PullRequest, ...]:
        """Return all that were ever opened from a branch of this repository, newest first.

        The newest says who ended it.
        """
        ...

    def open_pull(self, new: NewPull) -> PullRequest:
        """Open a pull request, or return the open one that the branch has already."""
        ...

    def edit_pull(self, number: int, *, title: str, body: str, state: PullState) -> PullRequest:
        """Set title, body and whether it is open or closed."""
        ...

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return the comments of a pull request, oldest first."""
        ...

    def comment(self, number: int, body: str) -> Comment:
        """Comment, unless a comment of our own with the same first line (a hidden key) stands there already."""
        ...

    def permission(self, actor: Actor) -> Permission:
        """Return what an account may do here, by its numeric id."""
        ...
