"""Which comments a run looks at: those written since a run last looked, and the one that an event points at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from trimtab.life import Entry, State
from trimtab.publish.event import Pointer
from trimtab.publish.forge import AbsentError, Comment
from trimtab.publish.site import Site

_OVERLAP = timedelta(days=1)
"""How long before the last look comments are read again: clocks differ, and a comment may have had to wait."""

_BY_RUNS = frozenset({State.PROPOSED, State.OPEN, State.WITHDRAWN})
"""Steps that a run takes after it has looked at the comments; settling looks at none."""


def comments_since(site: Site, entries: Sequence[Entry], now_s: int, pointer: Pointer | None) -> tuple[Comment, ...]:
    """Return the comments to look at.

    The one that is pointed at is read by its pull request where it is older; an event that names one that is not ours
    is not followed.

    Args:
        site: Where.
        entries: The ledger's, of this repository; at least one.
        now_s: The time, Unix seconds.
        pointer: What an event points at.

    Raises:
        ForgeError: The forge cannot be reached.
    """
    since = _last_look(entries, now_s).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = {one.id: one for one in _written(site, since)}
    if pointer is not None and pointer.comment not in found and _is_ours(site, entries, pointer.number):
        found |= {one.id: one for one in site.forge.comments(pointer.number)}
    return tuple(found.values())


def _written(site: Site, since: str) -> tuple[Comment, ...]:
    """Return what was written since a time; all that stands on open pull requests where the server lists none."""
    try:
        return site.forge.comments(since=since)
    except AbsentError:
        return tuple(comment for pull in site.forge.pulls() for comment in site.forge.comments(pull.number))


def _last_look(entries: Sequence[Entry], now_s: int) -> datetime:
    """Return a time before which no comment was overlooked; a ledger's time in the future is not believed."""
    looked = [one for one in entries if one.command or (one.step in _BY_RUNS and not one.reverts)]
    last = datetime.fromisoformat((looked or entries)[-1 if looked else 0].at)
    return min(last, datetime.fromtimestamp(now_s, UTC)) - _OVERLAP


def _is_ours(site: Site, entries: Sequence[Entry], number: int) -> bool:
    return number in {one.pull_request for one in entries} or number in {one.number for one in site.forge.pulls()}
