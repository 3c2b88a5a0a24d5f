"""What a forge can do where it makes commits itself, and signs them; beside the eight methods, for those that can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from trimtab.fleet import Found, Unknown
from trimtab.gitio import Step

Look = Callable[[], Found[str] | Unknown]
"""Looks whether a call took effect although its answer was lost, and returns the branch's head."""


class Signer(Protocol):
    """Makes commits on a branch of a repository by its forge's API, in the name of the token's account."""

    @property
    def signs(self) -> bool:
        """Return whether commits are wanted from it."""
        ...

    def begin(self, branch: str, commit: str, look: Look, *, there: bool) -> None:
        """Make a branch at a commit; one that is there already is put there, whatever it holds.

        Raises:
            ForgeError: The forge declines or does not answer.
        """
        ...

    def add(self, branch: str, head: str, step: Step, look: Look) -> str:
        """Commit to a branch whose head is `head`, and return the new one.

        Raises:
            ForgeError: The forge declines, its head is another one, or the forge does not answer.
        """
        ...

    def doubt(self, commit: str) -> str:
        """Return why a commit is not one that this account made and the forge vouches for; empty where it is.

        Raises:
            ForgeError: The forge declines or does not answer.
        """
        ...


class NoSigner:
    """Signs nothing: commits are made by git."""

    signs = False

    def begin(self, branch: str, commit: str, look: Look, *, there: bool) -> None:
        """Do nothing."""

    def add(self, branch: str, head: str, step: Step, look: Look) -> str:
        """Return the commit as git made it."""
        del branch, head, look
        return step.commit

    def doubt(self, commit: str) -> str:
        """Return that this forge vouches for none."""
        return f"{commit} was made with git"
