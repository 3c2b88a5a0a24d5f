"""Opening hours: `Mon-Fri 09:00-17:00`, in a time zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW = re.compile(
    r"(?:(?P<first>[A-Z][a-z]{2})(?:-(?P<last>[A-Z][a-z]{2}))? )?"
    r"(?P<start>[01]\d|2[0-4]):(?P<start_min>[0-5]\d)-(?P<end>[01]\d|2[0-4]):(?P<end_min>[0-5]\d)",
    re.ASCII,
)
_DAY_MIN = 24 * 60
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Window:
    """Hours on some days of the week; those that end before they start reach into the next day.

    Attributes:
        days: 0 for Monday to 6: the days on which it starts.
        start_min: Minutes after midnight.
        end_min: Minutes after midnight, 1440 for its end.
    """

    days: frozenset[int]
    start_min: int
    end_min: int

    def holds(self, at: datetime) -> bool:
        """Return whether a local time lies within."""
        minute = at.hour * 60 + at.minute
        if self.start_min < self.end_min:
            return at.weekday() in self.days and self.start_min <= minute < self.end_min
        yesterday = (at.weekday() - 1) % _WEEK
        return (at.weekday() in self.days and minute >= self.start_min) or (
            yesterday in self.days and minute < self.end_min
        )


def parse_window(text: str) -> Window:
    """Return the window of `Mon-Fri 09:00-17:00`, `Sat 08:00-12:00` or `22:00-06:00` (daily).

    Raises:
        ValueError: It is none.
    """
    found = _WINDOW.fullmatch(text)
    first, last = (found["first"] or "Mon", found["last"] or found["first"] or "Sun") if found else ("", "")
    if found is None or first not in _DAYS or last not in _DAYS:
        raise ValueError(f"{text!r} is no window; write `Mon-Fri 09:00-17:00`")
    start, end = (int(found[key]) * 60 + int(found[f"{key}_min"]) for key in ("start", "end"))
    if max(start, end) > _DAY_MIN or start in {end, _DAY_MIN}:
        raise ValueError(f"{text!r} is no window: hours go from 00:00 to 24:00, and it must last")
    begin, count = _DAYS.index(first), (_DAYS.index(last) - _DAYS.index(first)) % _WEEK + 1
    return Window(frozenset((begin + day) % _WEEK for day in range(count)), start, end)


def check_window(text: str) -> str:
    """Return a window's text where it is one.

    Raises:
        ValueError: It is none.
    """
    parse_window(text)
    return text


def check_timezone(name: str) -> str:
    """Return the name of a time zone that the system or the tzdata package knows.

    Raises:
        ValueError: It knows none of that name.
    """
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a folder's name is an OSError
        raise ValueError(f"{name!r} is no time zone; write `Europe/Berlin`") from None
    return name


def next_opening(windows: Sequence[Window], at: datetime) -> datetime:
    """Return the first full minute from `at` on that lies in one of the windows; `at` itself where one holds it.

    Hours that clocks leave out when summer time begins are never named: minutes are those that pass.

    Args:
        windows: At least one.
        at: A local time, with its zone.
    """
    zone, minute = at.tzinfo, at
    for _ in range(2 * _WEEK * _DAY_MIN):  # a window may lie wholly in an hour that one week leaves out
        if any(window.holds(minute) for window in windows):
            return minute
        passed = (minute.astimezone(UTC) + timedelta(minutes=1)).replace(second=0, microsecond=0)
        minute = passed.astimezone(zone)
    raise AssertionError("every window holds some minute of two weeks")
