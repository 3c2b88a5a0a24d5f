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
from dataclasses import dataclass
from typing import TypeVar, cast

Answer = TypeVar("Answer")
_here: list[Callable[[Sequence[str]], object]] = []
"""What does the work; a forked process finds it here."""


@dataclass(frozen=True, slots=True)
class Portion:
    """How much work is worth another process.

    Attributes:
        few: Fewer paths are done sooner than a second process is started.
        part: Handed over at once: enough to keep neighbours together, few enough to keep every process busy.
    """

    few: int = 400
    part: int = 250


FILES = Portion()


def shared_out(
    start: Callable[[], Callable[[Sequence[str]], Answer]],
    paths: Sequence[str],
    processes: int,
    portion: Portion = FILES,
) -> tuple[Answer, ...]:
    """Return what work on parts of the paths gives, in order.

    Args:
        start: Makes what does the work, once; each process goes on with a copy of its own.
        paths: What is worked on.
        processes: How many processes at most.
        portion: How much is worth another process.
    """
    few = processes < 2 or len(paths) < portion.few  # noqa: PLR2004 - one is no more than this
    alone = few or sys.platform != "linux" or threading.active_count() > 1
    with no_collector():
        work = start()
        if alone:
            return (work(paths),)
        parts = [paths[first : first + portion.part] for first in range(0, len(paths), portion.part)]
        forked = multiprocessing.get_context("fork")
        _here[:] = [work]
        try:
            with ProcessPoolExecutor(min(processes, len(parts)), forked, gc.freeze) as pool:
                return tuple(pool.map(cast("Callable[[Sequence[str]], Answer]", _work), parts))
        except (BrokenProcessPool, OSError):  # no memory for a second process: the first one does it all
            return (work(paths),)
        finally:
            _here.clear()


def _work(paths: Sequence[str]) -> object:
    return _here[0](paths)


@contextmanager
def no_collector() -> Iterator[None]:
    """Hold the collector of cycles back: nodes hold none, and it walks all of them again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
