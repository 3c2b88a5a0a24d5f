"""Writes what must stand on a forge once, such as a comment with its key: runs that race undo their doubles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from trimtab.fleet import Found, Unknown
from trimtab.life import Actor
from trimtab.publish.forge import Comment, PullRequest, PullState
from trimtab.publish.mark import key_of
from trimtab.publish.pace import tolerant


class Written(Protocol):
    """Something with a text."""

    @property
    def body(self) -> str:
        """Return the text as the forge has it."""
        ...


T = TypeVar("T", bound=Written)
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Spot(Generic[T]):
    """What a forge can do where something is to stand once.

    Attributes:
        own: Returns what of ours stands there already, oldest first.
        make: Writes a new one.
        change: Gives one another text, and returns it so.
        remove: Takes one away.
    """

    own: Callable[[], Sequence[T]]
    make: Callable[[], T]
    change: Callable[[T], T]
    remove: Callable[[T], object]


def write_once(body: str, spot: Spot[T]) -> T:
    """Return the one that stands with this text: made where there is none, changed where it says something else.

    No forge makes a thing only if it is not there. So whoever made one looks again: of several the oldest stays, which
    all who race agree on, and the others are taken away.
    """
    there = spot.own()
    if not there:
        made = spot.make()
        there = spot.own() or (made,)
    first, *doubles = there
    for double in doubles:
        with tolerant():  # another run may have been faster
            spot.remove(double)
    return first if first.body.strip() == body.strip() else spot.change(first)


def says(pull: PullRequest, title: str, body: str, state: PullState, base: str = "") -> bool:
    """Return whether a pull request stands as wanted; forges end lines in ways of their own."""
    same = pull.body.replace("\r\n", "\n").strip() == body.replace("\r\n", "\n").strip()
    return same and (pull.title, pull.state, pull.base) == (title, state, base or pull.base)


def first(found: Sequence[U]) -> Found[U] | Unknown:
    """Return the oldest of what stands; Unknown where nothing does."""
    return Found(found[0]) if found else Unknown("it is not there yet")


def with_key(body: str, comments: Sequence[Comment], me: Callable[[], Actor]) -> tuple[Comment, ...]:
    """Return the comments of this account that begin with the same key line as a text; none where it has no key."""
    key = key_of(body)
    return tuple(each for each in comments if key and key_of(each.body) == key and each.author == me())
