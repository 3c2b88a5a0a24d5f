"""Shares work on a tree's files among processes; the answers come back in the order of the files.

A process is forked, so that the tree is not copied to it; where forking is not safe, the work is done here.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar, cast

Answer = TypeVar("Answer")
_FEW = 400
"""A tree of fewer files is done sooner than a second process is started."""
_PART = 250
"""Files handed over at once: enough to keep neighbours together, few enough to keep every process busy."""
_here: list[Callable[[Sequence[str]], object]] = []
"""In a forked process: the one that does the work."""


def shared_out(
    start: Callable[[], Callable[[Sequence[str]], Answer]], paths: Sequence[str], processes: int
) -> tuple[Answer, ...]:
    """Return what work on parts of the paths gives, in order.

    Args:
        start: Makes what does the work; each process makes its own.
        paths: What is worked on.
        processes: How many processes at most.
    """
    alone = processes < 2 or len(paths) < _FEW or sys.platform != "linux" or threading.active_count() > 1  # noqa: PLR2004
    with _no_collector():
        if alone:
            return (start()(paths),)
        parts = [paths[first : first + _PART] for first in range(0, len(paths), _PART)]
        forked = multiprocessing.get_context("fork")
        try:
            with ProcessPoolExecutor(min(processes, len(parts)), forked, _begin, (start,)) as pool:
                return tuple(pool.map(cast("Callable[[Sequence[str]], Answer]", _work), parts))
        except (BrokenProcessPool, OSError):  # no memory for a second process: the first one does it all
            return (start()(paths),)


def _begin(start: Callable[[], Callable[[Sequence[str]], object]]) -> None:
    gc.freeze()
    _here[:] = [start()]


def _work(paths: Sequence[str]) -> object:
    return _here[0](paths)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Hold the collector of cycles back: nodes hold none, and it walks all of them again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
