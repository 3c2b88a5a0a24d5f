"""Opening hours: what is a window, what it holds, and when the next one begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.hours import Window, check_timezone, check_window, next_opening, parse_window

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a time of a week that begins on Monday, day 0."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("Mon-Fri 09:00-17:00", [at(0, 9), at(4, 16, 59)], [at(0, 8, 59), at(0, 17), at(5, 12), at(6, 12)]),
        ("Sat 08:00-12:00", [at(5, 8)], [at(4, 8), at(6, 8), at(5, 12)]),
        ("22:00-06:00", [at(0, 22), at(0, 0), at(6, 5, 59)], [at(0, 6), at(3, 21, 59)]),
        ("Fri 22:00-06:00", [at(4, 22), at(5, 5, 59)], [at(4, 5), at(5, 22), at(5, 6)]),
        ("Sun 22:00-06:00", [at(6, 23), at(0, 3)], [at(6, 3), at(1, 3)]),
        ("Sat-Mon 00:00-24:00", [at(5, 0), at(6, 12), at(0, 23, 59)], [at(1, 0), at(4, 23, 59)]),
        ("22:00-00:00", [at(2, 22), at(2, 23, 59)], [at(2, 0), at(2, 21, 59)]),
    ],
)
def test_a_window_holds_its_hours(text: str, inside: list[datetime], outside: list[datetime]) -> None:
    """It begins with its first minute and ends before its last; over midnight it belongs to the day it begins on."""
    window = parse_window(text)

    assert [each for each in inside if not window.holds(each)] == []
    assert [each for each in outside if window.holds(each)] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "always",
        "Mon",
        "Mon-Fri",
        "mon 09:00-17:00",
        "Monday 09:00-17:00",
        "Mon-Xyz 09:00-17:00",
        "Mon 9:00-17:00",
        "Mon 09:00-25:00",
        "Mon 09:00-24:30",
        "Mon 24:00-08:00",
        "Mon 09:60-17:00",
        "Mon 09:00-09:00",
        "Mon 09:00-17:00 ",
        "Mon 09:00-17:00\n",
        "Mon  09:00-17:00",
        "Mon,Tue 09:00-17:00",
        "Mon 0\u0669:00-17:00",
    ],
)
def test_what_is_no_window_is_refused(text: str) -> None:
    """Anything but days and hours that last is an error that shows the text and how to write it."""
    with pytest.raises(ValueError, match="is no window"):
        check_window(text)


@pytest.mark.parametrize("name", ["", "Mars/Base", "Europe", "../../etc/passwd", "/etc/localtime", "Europe/Berlin\0"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    """A name that no zone has, a folder's among them, is one and the same error."""
    with pytest.raises(ValueError, match="is no time zone"):
        check_timezone(name)


def test_a_time_zone_is_taken_as_it_is() -> None:
    """A zone's name is returned unchanged."""
    assert check_timezone("Europe/Berlin") == "Europe/Berlin"


def test_the_next_opening_waits_for_the_weekend_to_end() -> None:
    """After hours on Friday the next one begins on Monday, to the minute."""
    friday = datetime(2026, 11, 20, 17, 0, 30, tzinfo=BERLIN)

    assert next_opening([parse_window("Mon-Fri 09:00-17:00")], friday) == datetime(2026, 11, 23, 9, tzinfo=BERLIN)


def test_an_hour_that_clocks_leave_out_opens_a_week_later() -> None:
    """On the night when summer time begins there is no half past two: a window there opens with the next one."""
    before = datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN)

    found = next_opening([parse_window("Sun 02:00-03:00")], before)

    assert found == datetime(2026, 4, 5, 2, 0, tzinfo=BERLIN)


def test_an_hour_that_comes_twice_is_open_twice() -> None:
    """When summer time ends the hour is open in both of its passes, and the first is named."""
    window = parse_window("Sun 02:00-03:00")
    before = datetime(2026, 10, 25, 1, 59, tzinfo=BERLIN)

    first = next_opening([window], before)

    assert first.astimezone(UTC) == datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert window.holds((first.astimezone(UTC) + timedelta(hours=1)).astimezone(BERLIN))


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CLOCK = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda each: f"{each[0]:02d}:{each[1]:02d}")
WINDOWS = st.builds(
    lambda first, last, start, end: f"{DAYS[first]}-{DAYS[last]} {start}-{end}",
    st.integers(0, 6),
    st.integers(0, 6),
    CLOCK,
    CLOCK.map(lambda end: end if end != "00:00" else "24:00"),
).filter(lambda text: text[-11:-6] != text[-5:])
TIMES = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.sampled_from([UTC, BERLIN]))  # noqa: DTZ001  # hypothesis wants naive bounds


@given(WINDOWS, TIMES)
def test_the_next_opening_is_open_and_nothing_before_it_is(text: str, now: datetime) -> None:
    """Whatever window and time: what is named lies ahead and in the window, and the minute before it did not."""
    window = parse_window(text)

    found = next_opening([window], now)

    assert window.holds(found)
    assert found.astimezone(UTC) >= now.astimezone(UTC)
    if found != now:
        assert not window.holds((found.astimezone(UTC) - timedelta(minutes=1)).astimezone(now.tzinfo))


@given(st.frozensets(st.integers(0, 6), min_size=1), st.integers(0, 1439), st.integers(1, 1440), st.integers(0, 10079))
def test_a_window_lasts_as_long_as_it_says(days: frozenset[int], start: int, length: int, minute: int) -> None:
    """A window over midnight holds a minute exactly if one without midnight in it would, a day apart."""
    end = start + length
    window = Window(days, start, end if end <= 1440 else end - 1440)
    now = MONDAY + timedelta(minutes=minute)
    since = [(minute - day * 1440 - start) % 10080 for day in days]

    assert window.holds(now) == any(passed < length for passed in since)
