"""What is waited for, for how long, and what is said of it."""

from __future__ import annotations

import pytest

from trimtab.fleet import Unknown
from trimtab.publish import Pace, RateLimitedError
from trimtab.publish.pace import Caller, Kind, Trouble


class _BusyError(Exception):
    """The forge wants no calls for now."""


def caller(wait_s: float) -> Caller:
    """Return a caller of a forge whose rate limits ask to wait so long."""
    return Caller(lambda _: Trouble(Kind.WAIT, "busy", wait_s), (_BusyError,), Pace(0))


class Busy:
    """A call that a rate limit meets every other time."""

    def __init__(self) -> None:
        """Start with a refusal."""
        self.calls = 0

    def __call__(self) -> str:
        """Refuse, or answer."""
        self.calls += 1
        if self.calls % 2:
            raise _BusyError
        return "done"


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return what is slept, without sleeping."""
    found: list[float] = []
    monkeypatch.setattr("trimtab.publish.pace.sleep", found.append)
    return found


def test_a_short_wait_is_waited_and_said(naps: list[float], caplog: pytest.LogCaptureFixture) -> None:
    """Where a forge asks for a minute, it is given, and whoever looks at the log knows why nothing happens."""
    assert caller(61.0).read(Busy()) == "done"

    assert naps == [61.0]
    assert caplog.messages == ["rate limit: the forge asks to wait; trying again in 61 s"]


def test_a_long_wait_is_left_to_the_next_run(naps: list[float]) -> None:
    """A run does not wait for an hour, nor where no time is named."""
    for wait_s in (3600.0, 0.0):
        with pytest.raises(RateLimitedError):
            caller(wait_s).write(Busy(), lambda: Unknown("nothing to look for"))
    assert naps == []


def test_all_short_waits_together_are_bounded(naps: list[float]) -> None:
    """A forge that asks for a minute at each call does not hold a run for hours."""
    held, call = caller(61.0), Busy()

    with pytest.raises(RateLimitedError):
        [held.read(call) for _ in range(100)]

    assert 600 < sum(naps) < 700
