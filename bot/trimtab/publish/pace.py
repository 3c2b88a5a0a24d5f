"""Keeps writes apart, and repeats calls that a forge's weather made fail.

GitHub asks for a second between writes and for serial calls; it counts those who do not wait against a secondary limit:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api (read 2026-08).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto
from time import monotonic, sleep
from typing import TypeVar

from trimtab.errors import ForgeError, UsageError
from trimtab.fleet import Found, Unknown
from trimtab.publish.forge import AbsentError, RateLimitedError

T = TypeVar("T")

_TRIES = 4
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 90.0
_MOST_WAITING_S = 600.0
"""What one run waits for one forge's rate limits altogether, seconds; then the next run goes on."""

_LOG = logging.getLogger(__name__)


class Pace:
    """The least time between two writes, on a clock that only goes forward."""

    def __init__(self, seconds: float) -> None:
        """Keep `seconds` between writes; 0 keeps none."""
        self._seconds = seconds
        self._next = 0.0

    def wait(self) -> None:
        """Wait until the next write may begin."""
        pause = self._next - monotonic()
        if self._seconds and pause > 0:
            sleep(pause)
        self._next = monotonic() + self._seconds


def pace_from(environ: Mapping[str, str] = os.environ) -> Pace:
    """Return the pace that `TRIMTAB_PACE` sets, seconds; 1 unless said.

    Raises:
        UsageError: It is no number of seconds.
    """
    text = environ.get("TRIMTAB_PACE", "1")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:  # noqa: PLR2004  # an hour between writes is nonsense
        raise UsageError(f"TRIMTAB_PACE={text!r} is no number of seconds", "write TRIMTAB_PACE=1")
    return Pace(seconds)


class Kind(Enum):
    """What to do about a failed call."""

    AGAIN = auto()
    """The forge stumbled; it may or may not have done what was asked."""
    WAIT = auto()
    """A rate limit: nothing was done."""
    NO = auto()
    """The forge declined; asking again changes nothing."""
    ABSENT = auto()
    """It is not there, or not for this token; asking again changes nothing."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failed call as a client's adapter understands it.

    Attributes:
        kind: What to do.
        message: What the forge said, for people.
        wait_s: How long a rate limit asks to wait; 0 where it names no time.
        hint: What to do about it.
    """

    kind: Kind
    message: str
    wait_s: float = 0.0
    hint: str = ""


Sort = Callable[[Exception], Trouble]
"""Says what a client's exception means."""


class Caller:
    """Makes calls to one forge: reads are repeated, writes are paced and looked for before they are repeated."""

    def __init__(self, sort: Sort, errors: tuple[type[Exception], ...], pace: Pace, secret: str = "") -> None:
        """Take the client's exceptions and how to understand them, and the token: a server may repeat it."""
        self._sort = sort
        self._secret = secret
        self._errors = errors
        self._pace = pace
        self._waited_s = 0.0

    def read(self, call: Callable[[], T]) -> T:
        """Return what a call without effect returns."""
        return self._call(call, lambda: Unknown("nothing to look for"))

    def write(self, call: Callable[[], T], done: Callable[[], Found[T] | Unknown]) -> T:
        """Return what a call with an effect returns.

        Args:
            call: The call.
            done: Looks whether an earlier try took effect although its answer was lost.
        """

        def paced() -> T:
            self._pace.wait()
            return call()

        return self._call(paced, done)

    def _call(self, call: Callable[[], T], done: Callable[[], Found[T] | Unknown]) -> T:
        wait_s = _FIRST_WAIT_S
        for attempt in range(1, _TRIES + 1):
            try:
                return call()
            except self._errors as error:
                trouble = self._told(error)
                _give_up(trouble, last=attempt == _TRIES or self._waited_s > _MOST_WAITING_S, cause=error)
            self._rest(trouble, trouble.wait_s or wait_s)
            wait_s *= 2
            if trouble.kind is Kind.AGAIN:
                found = done()
                if isinstance(found, Found):
                    return found.value
        raise AssertionError("the last try returns or raises")

    def _rest(self, trouble: Trouble, wait_s: float) -> None:
        """Wait, and say so where a rate limit asks for it."""
        if trouble.kind is Kind.WAIT:
            self._waited_s += wait_s
            _LOG.warning("rate limit: the forge asks to wait; trying again in %.0f s", wait_s)
        sleep(wait_s)

    def _told(self, error: Exception) -> Trouble:
        """Return what an exception means, without the token."""
        trouble = self._sort(error)
        return replace(trouble, message=trouble.message.replace(self._secret or "\0", "[token]"))


@contextmanager
def tolerant() -> Iterator[None]:
    """Pass over what a forge declines, where that does no harm; a rate limit is none of it."""
    try:
        yield
    except RateLimitedError:
        raise
    except ForgeError:
        return


def _give_up(trouble: Trouble, *, last: bool, cause: Exception) -> None:
    """Raise where another try makes no sense."""
    if trouble.kind is Kind.WAIT and (last or not 0 < trouble.wait_s <= _LONGEST_WAIT_S):
        raise RateLimitedError(f"rate limit: {trouble.message}", "the next run goes on from here") from cause
    if trouble.kind is Kind.ABSENT:
        raise AbsentError(trouble.message, trouble.hint) from cause
    if trouble.kind is Kind.NO or last:
        raise ForgeError(trouble.message, trouble.hint) from cause
