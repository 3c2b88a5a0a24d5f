"""The thin interface to a forge: eight methods, all of them needed, records in and out.

Branches are not part of it: git moves them, with a lease, whatever the forge.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol

from trimtab.errors import ForgeError
from trimtab.fleet import Found, Unknown
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


@dataclass(frozen=True, slots=True)
class Rights:
    """What an account may do here, and whether it is among the owners that were asked about."""

    permission: Permission
    owner: bool = False


class RateLimitedError(ForgeError):
    """The forge wants no more calls for now; nothing more is tried in this run."""


class AbsentError(ForgeError):
    """What was asked for is not there: no such thing, turned off, or hidden from this token."""


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
        draft: Whether the forge holds it for a draft.
        updated: When anything about it changed last, RFC 3339; empty where the forge does not tell.
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
    draft: bool = False
    updated: str = ""


@dataclass(frozen=True, slots=True)
class Dress:
    """What a pull request gets once, beside its text; what people change of it afterwards stays.

    Attributes:
        labels: Names; the forge makes those that it does not have.
        reviewers: As CODEOWNERS writes them: `@login`, `@organisation/team`. Whom the forge cannot ask is passed over.
        draft: Whether it is opened as a draft.
        base: The branch that an open one goes to from now on; empty leaves it.
    """

    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    draft: bool = False
    base: str = ""


PLAIN = Dress()
"""Neither labels nor reviewers, and no draft."""


@dataclass(frozen=True, slots=True)
class NewPull:
    """A pull request to open; `branch` is pushed already."""

    branch: str
    base: str
    title: str
    body: str
    dress: Dress = PLAIN


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request or an issue.

    Attributes:
        id: The forge's number of it.
        author: Who wrote it.
        bot: Whether the forge says that the author is a machine.
        body: Markdown as written.
        edited: Whether it is not as it was when it was created.
        number: The pull request or issue that it stands on.
        created: When it was written, RFC 3339; empty where the forge does not tell.
    """

    id: int
    author: Actor
    bot: bool
    body: str
    edited: bool
    number: int = 0
    created: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """The dashboard as it stands.

    Attributes:
        number: The forge's number of it.
        author: Who opened it: one that somebody else opened is not ours, whatever it says.
        body: Markdown as it is now, with the boxes that people ticked.
        url: For people.
    """

    number: int
    author: Actor
    body: str
    url: str


class Forge(Protocol):
    """A repository on a forge. Every method raises `ForgeError` where the forge does not answer or declines."""

    def whoami(self) -> Actor:
        """Return the account that the token belongs to."""
        ...

    def pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        """Return the open pull requests from branches of this repository that start with `trimtab/`.

        With a branch: all that were ever opened from it, newest first; the newest says who ended it.
        """
        ...

    def open_pull(self, new: NewPull) -> PullRequest:
        """Open a pull request, or return the open one that the branch has already."""
        ...

    def edit_pull(
        self, number: int, *, title: str, body: str, state: PullState, head: str = "", dress: Dress = PLAIN
    ) -> PullRequest:
        """Set title, body and state.

        Args:
            number: Which.
            title: One line.
            body: Markdown.
            state: Open, closed, or merged: then the forge merges by its own rules, if `head` is still the head.
            head: Hex id, for a merge.
            dress: Labels and reviewers to add where opening was cut off before they were there.
        """
        ...

    def comments(self, number: int = 0, *, since: str = "") -> tuple[Comment, ...]:
        """Return the comments of a pull request or issue, or all that were written since a time, oldest first."""
        ...

    def comment(self, number: int, body: str, *, answers: int = 0) -> Comment | Unknown:
        """Say something once: a comment of our own with the same first line (a hidden key) is edited in its place.

        Args:
            number: The pull request or issue.
            body: Markdown; empty where only the reaction is wanted.
            answers: The comment that gets a reaction for having been seen; none where it is 0.
        """
        ...

    def rights(self, actor: Actor, owners: Collection[str] = ()) -> Rights:
        """Return what an account may do here, by its numeric id, and whether it is one of `owners` (as CODEOWNERS)."""
        ...

    def dashboard(self, body: str = "") -> Found[Issue] | Unknown:
        """Return the open issue that holds our dashboard; with a body, write it there, or into a new one.

        Unknown where there is none, or where the repository has no issues.
        """
        ...
