"""What the parts of the GitHub adapter are built on: calls of its API, in JSON and without the client's objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from trimtab.fleet import Unknown
from trimtab.life import Actor
from trimtab.publish.pace import Caller

Given = Mapping[str, object]


class Calls(Protocol):
    """The API as one token sees it."""

    @property
    def caller(self) -> Caller:
        """Return what repeats reads, and paces writes and looks for them before they are repeated."""
        ...

    @property
    def here(self) -> str:
        """Return the path of the repository, by the name that it has now."""
        ...

    def ask(self, verb: str, path: str, *, body: Given | None = None) -> Given:
        """Make one call and return its answer, which is an object."""
        ...

    def graphql(self, query: str, variables: Given) -> Given:
        """Make one call of the GraphQL API and return its data."""
        ...

    def page(self, path: str, query: Mapping[str, str]) -> Sequence[Given]:
        """Make one call and return its answer, which is a list: one page."""
        ...

    def whoami(self) -> Actor:
        """Return the account that the token belongs to."""
        ...


def send(calls: Calls, verb: str, path: str, body: Given | None = None) -> None:
    """Send a write below the repository that may be sent twice.

    Raises:
        ForgeError: GitHub declines or does not answer.
    """
    calls.caller.write(
        lambda: calls.ask(verb, f"{calls.here}/{path}", body=body),
        lambda: Unknown("the same again does no harm"),
    )
