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
from trimtab.publish.standing import View, home_of
from trimtab.recommendation import Bundle, Proposal

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

    Closing and recording are never held back: they take nothing from anybody. Pull requests are counted, not what
    they hold; one that is shared counts for every team that it concerns.

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
        free = any(rider.standing.id in released for rider in move.riders)
        reason = "" if free else (shut if move.call in OPENING | {Call.EDIT} else "") or count.why_full(move)
        yield move.held(reason) if reason else move
        if not reason:
            count.take(move)


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


def quiet(proposal: Proposal, entries: Sequence[Entry], hour: Hour) -> str:
    """Return until when a proposal's workload is left alone after a merge; empty where it is not."""
    quiet_s, subject = hour.limits.quiet_after_merge, proposal.priced.finding.subject
    if not quiet_s:
        return ""
    merged = [entry.at for entry in entries if entry.step == State.APPROVED and entry.subject == subject]
    last = max(merged, default="")
    if last <= hour.since(quiet_s):
        return ""
    until = datetime.fromisoformat(last) + timedelta(seconds=quiet_s)
    return f"a change of it was merged; limits.quiet_after_merge leaves it alone until {until.strftime(_TIME)}"


class _Count:
    """Counts what stands and what this run adds."""

    def __init__(self, view: View, moves: Sequence[Move], entries: Sequence[Entry], hour: Hour) -> None:
        closing = {move.standing.branch for move in moves if move.call is Call.CLOSE}
        open_now = view.listed.pulls.keys() - closing
        known: dict[str, set[str]] = {branch: set() for branch in open_now}
        for one in view.standings.values():
            if one.branch in open_now and one.entries and isinstance(one.pull, Found):
                known[one.branch].add(one.last.team)
        wanted = {move.standing.branch: move.wanted.teams for move in moves if isinstance(move.wanted, Bundle)}
        self._limits = hour.limits
        self._open = len(open_now)
        self._new = 0
        self._hour = len({_opened(entry) for entry in entries if _opens(entry) and entry.at > hour.since(3600)})
        self._teams = Counter(team for branch in open_now for team in wanted.get(branch, known[branch]))

    def why_full(self, move: Move) -> str:
        """Return which limit is reached; empty where none is, or where nothing new is opened.

        What is recorded as open was let through by the run that was cut off before it asked the forge.
        """
        if move.call not in OPENING or not isinstance(move.wanted, Bundle) or _recorded(move):
            return ""
        limits = self._limits
        for limit, count, name in (
            (limits.open_pull_requests, self._open, "pull requests are open, and limits.open_pull_requests"),
            *((limits.open_per_team, self._teams[team], _TEAM.format(team)) for team in sorted(move.wanted.teams)),
            (limits.new_per_run, self._new, "were opened by this run, and limits.new_per_run"),
            (limits.new_per_hour, self._hour, "were opened within an hour, and limits.new_per_hour"),
        ):
            if limit is not None and count >= limit:
                return f"{count} {name} is {limit}"
        return ""

    def take(self, move: Move) -> None:
        """Count a move that is made; one that finishes what is recorded as open is among the hour's already."""
        if move.call in OPENING and isinstance(move.wanted, Bundle):
            new = not _recorded(move)
            self._open += 1
            self._new += new
            self._hour += new
            self._teams.update(move.wanted.teams)


_TEAM = "are open for {}, and limits.open_per_team"


def _recorded(move: Move) -> bool:
    """Return whether the ledger has the pull request as open already."""
    return any(rider.standing.state == State.OPEN for rider in move.riders)


def _opens(entry: Entry) -> bool:
    """Return whether an entry tells of a pull request that Trimtab opened; a person may open what was dismissed."""
    joined = bool(entry.branch and entry.pull_request)
    return entry.step == State.OPEN and entry.came_from not in {State.OPEN, State.DISMISSED} and not joined


def _opened(entry: Entry) -> tuple[str, str]:
    """Return which pull request an entry opened: the entries of one that is shared are written at once."""
    return (home_of(entry), entry.at)
