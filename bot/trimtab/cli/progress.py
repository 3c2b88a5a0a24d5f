"""Progress bars on standard error, off when it is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from trimtab.progress import Progress, silent

if TYPE_CHECKING:
    from rich.progress import TaskID


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Give the function that long work reports to; a bar goes when its work is done."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console  # noqa: PLC0415 - only where a terminal is there to see it
    from rich.progress import Progress as Bars  # noqa: PLC0415 - the same

    with Bars(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}
        lock = Lock()  # clusters are read in threads, and each of them reports

        def report(what: str, done: int, total: int) -> None:
            with lock:
                if what not in tasks:
                    tasks[what] = bars.add_task(what, total=total)
                bars.update(tasks[what], completed=done, total=total)
                if done >= total:
                    bars.remove_task(tasks.pop(what))

        yield report
