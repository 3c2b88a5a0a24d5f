"""How much at once, and when: which moves are held back for now, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from trimtab.config import Limits
from trimtab.fleet import Found
from trimtab.hours import next_opening, parse_window
from trimtab.life import Entry, State
from trimtab.publish.move import OPENING, Call, Move
from trimtab.publish.site import View
from trimtab.recommendation import Proposal
from trimtab.rule import Subject

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_MERGED = {State.APPROVED, State.ACTUATED, State.VERIFIED, State.REGRESSED}


@dataclass(frozen=True, slots=True)
class Hour:
    """When a run decides.

    Attributes:
        now_s: Unix seconds.
        limits: What applies.
    """

    now_s: int
    limits: Limits

    @property
    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.fromtimestamp(self.now_s, UTC)

    def since(self, seconds: float) -> str:
        """Return the time so many seconds ago, as entries write it."""
        return (self.now - timedelta(seconds=seconds)).strftime(_TIME)


def limited(
    view: View, moves: Sequence[Move], entries: Sequence[Entry], hour: Hour, released: Collection[str] = ()
) -> Iterator[Move]:
    """Yield the moves in their order, holding back what the limits do not let happen now.

    Closing and recording are never held back: they take nothing from anybody.

    Args:
        view: What stands.
        moves: What is to be done, best first.
        entries: The ledger's, of this repository.
        hour: When, and what applies.
        released: Identities that no limit holds.
    """
    count = _Count(view, moves, entries, hour)
    shut = _shut(hour)
    for move in moves:
        free = move.standing.id in released
        reason = "" if free else _why_not(move, shut, entries, hour) or count.why_full(move)
        yield Move(move.standing, move.wanted, f"held: {reason}") if reason else move
        if not reason:
            count.take(move)


def _why_not(move: Move, shut: str, entries: Sequence[Entry], hour: Hour) -> str:
    """Return why a move must wait for another time; empty where it need not."""
    if move.call not in OPENING | {Call.EDIT}:
        return ""
    if shut:
        return shut
    if move.call in OPENING and hour.limits.quiet_after_merge and isinstance(move.wanted, Proposal):
        return _quiet(move.wanted.priced.finding.subject, entries, hour, hour.limits.quiet_after_merge)
    return ""


def _shut(hour: Hour) -> str:
    """Return why nothing may be opened at this time; empty where it may."""
    here = hour.now.astimezone(ZoneInfo(hour.limits.timezone))
    for freeze in hour.limits.freezes:
        if freeze.start <= here.date() <= freeze.end:
            why = f" ({freeze.reason})" if freeze.reason else ""
            return f"limits.freezes has {freeze.start} to {freeze.end}{why}"
    windows = [parse_window(text) for text in hour.limits.windows]
    if not windows or any(window.holds(here) for window in windows):
        return ""
    return f"outside limits.windows; the next begins {next_opening(windows, here).astimezone(UTC).strftime(_TIME)}"


def _quiet(subject: Subject, entries: Sequence[Entry], hour: Hour, quiet_s: float) -> str:
    """Return until when a workload is left alone after a merge; empty where it is not."""
    merged = [entry.at for entry in entries if entry.step == State.APPROVED and entry.subject == subject]
    last = max(merged, default="")
    if last <= hour.since(quiet_s):
        return ""
    until = datetime.fromisoformat(last) + timedelta(seconds=quiet_s)
    return f"a change of it was merged; limits.quiet_after_merge leaves it alone until {until.strftime(_TIME)}"


class _Count:
    """Counts what stands and what this run adds."""

    def __init__(self, view: View, moves: Sequence[Move], entries: Sequence[Entry], hour: Hour) -> None:
        closing = {move.standing.id for move in moves if move.call is Call.CLOSE}
        held = [one for one in view.standings.values() if isinstance(one.pull, Found) and one.id not in closing]
        wanted = {move.standing.id: move.wanted for move in moves if isinstance(move.wanted, Proposal)}
        self._limits = hour.limits
        self._open = view.open_pulls - len(closing)
        self._new = 0
        self._hour = sum(_opened(entry) and entry.at > hour.since(3600) for entry in entries)
        known = {one.id: one.entries[-1].team for one in held if one.entries}
        self._teams = Counter(wanted[one.id].team if one.id in wanted else known.get(one.id, "") for one in held)

    def why_full(self, move: Move) -> str:
        """Return which limit is reached; empty where none is, or where nothing new is opened.

        What is recorded as open was let through by the run that was cut off before it asked the forge.
        """
        if move.call not in OPENING or not isinstance(move.wanted, Proposal) or move.standing.state == State.OPEN:
            return ""
        limits, team = self._limits, move.wanted.team
        for limit, count, name in (
            (limits.open_pull_requests, self._open, "pull requests are open, and limits.open_pull_requests"),
            (limits.open_per_team, self._teams[team], f"are open for {team}, and limits.open_per_team"),
            (limits.new_per_run, self._new, "were opened by this run, and limits.new_per_run"),
            (limits.new_per_hour, self._hour, "were opened within an hour, and limits.new_per_hour"),
        ):
            if limit is not None and count >= limit:
                return f"{count} {name} is {limit}"
        return ""

    def take(self, move: Move) -> None:
        """Count a move that is made; one that finishes what is recorded as open is among the hour's already."""
        if move.call in OPENING and isinstance(move.wanted, Proposal):
            new = move.standing.state != State.OPEN
            self._open += 1
            self._new += new
            self._hour += new
            self._teams[move.wanted.team] += 1


def _opened(entry: Entry) -> bool:
    """Return whether an entry tells of a pull request that Trimtab opened; a person may open what was dismissed."""
    return entry.step == State.OPEN and entry.came_from not in {State.OPEN, State.DISMISSED}
