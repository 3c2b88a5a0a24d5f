"""Options that several commands share."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from trimtab.cli.load import DEFAULT_NAME
from trimtab.errors import UsageError

_FIRST_S, _LAST_S = 946_684_800, 4_102_444_800
"""The years 2000 to 2099: a window must fit before, and what follows a run after."""

F = TypeVar("F", bound=Callable[..., object])


def config_option(function: F) -> F:
    """Add `--config`."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        default=DEFAULT_NAME,
        show_default=True,
        help="The configuration.",
    )(function)


def at_option(function: F) -> F:
    """Add `--at`."""
    return click.option(
        "--at", "at", default="", help="End of the window, such as 2026-11-14T00:00:00Z; now by default."
    )(function)


def seconds_at(text: str) -> int:
    """Return Unix seconds for `--at`, or of now where it is empty.

    Raises:
        UsageError: It is no time, or one of another century.
    """
    if not text:
        return int(time.time())
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text!r} is no time", "write 2026-11-14T00:00:00Z") from None
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not _FIRST_S <= seconds <= _LAST_S:
        raise UsageError(f"--at {text!r} is no time that a cluster was watched at", "write 2026-11-14T00:00:00Z")
    return int(seconds)
