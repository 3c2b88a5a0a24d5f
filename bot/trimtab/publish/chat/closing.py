"""`dismiss REASON` and `snooze 30d`: close a pull request, for good or for a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from trimtab.config import parse_duration
from trimtab.fleet import Unknown
from trimtab.life import Draft, State
from trimtab.publish.chat.desk import Desk
from trimtab.text.clean import one_line

_LONGEST_REASON = 300
_SHORTEST_S, _LONGEST_S = 3600.0, 366 * 86400.0


def dismiss(desk: Desk) -> Draft:
    """Return the step to dismissed, with its reason."""
    reason = one_line(desk.command.argument, _LONGEST_REASON)
    if why := _why_not(desk):
        return desk.not_done(why)
    return desk.ending(State.DISMISSED, reason) if reason else desk.not_done("A dismissal needs its reason.")


def snooze(desk: Desk) -> Draft:
    """Return the step to snoozed, with its end."""
    if why := _why_not(desk):
        return desk.not_done(why)
    try:
        seconds = parse_duration(one_line(desk.command.argument, _LONGEST_REASON))
    except ValueError:
        seconds = 0.0
    if not _SHORTEST_S <= seconds <= _LONGEST_S:
        return desk.not_done("Say for how long, an hour to a year.")
    until = (datetime.fromtimestamp(desk.now_s, UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return replace(desk.ending(State.SNOOZED, f"snoozed until {until}"), until=until)


def _why_not(desk: Desk) -> str:
    if isinstance(desk.pull, Unknown) or desk.standing.state != State.OPEN:
        return "This recommendation is not open any more."
    return ""
