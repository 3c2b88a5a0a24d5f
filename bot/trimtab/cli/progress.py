"""Progress bars on standard error, off when it is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from trimtab.run import Progress


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Give the function that long work reports to: what, how much is done, of how much."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console  # noqa: PLC0415 - only where a terminal is there to see it
    from rich.progress import Progress as Bars  # noqa: PLC0415 - the same

    with Bars(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, int] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]  # TaskID is an int

        yield report


def _silent(what: str, done: int, total: int) -> None:
    """Say nothing."""
    del what, done, total
