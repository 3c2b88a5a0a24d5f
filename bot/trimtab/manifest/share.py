"""Shares work on a tree's files among processes; the answers come back in the order of the files, one by one.

A process is forked, so that the tree is not copied to it; where forking is not safe, the work is done here.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

Answer = TypeVar("Answer")
Item = TypeVar("Item")
_here: list[Callable[[Sequence[object]], object]] = []
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
    start: Callable[[], Callable[[Sequence[Item]], Answer]],
    paths: Sequence[Item],
    processes: int,
    portion: Portion = FILES,
) -> Iterator[Answer]:
    """Yield what work on each part of the paths gives, in order; none is held.

    Args:
        start: Makes what does the work, once; each process goes on with a copy of its own.
        paths: What is worked on: files, or what is to be made of them.
        processes: How many processes at most.
        portion: How much is worth another process.
    """
    few = processes < 2 or len(paths) < portion.few  # noqa: PLR2004 - one is no more than this
    alone = few or sys.platform != "linux" or threading.active_count() > 1
    parts = [paths[first : first + portion.part] for first in range(0, len(paths), portion.part)]
    with no_collector():
        work = start()
        done = 0
        if not alone:
            for answer in _forked(work, parts, processes):
                done += 1
                yield answer
        yield from map(work, parts[done:])


def _forked(
    work: Callable[[Sequence[Item]], Answer], parts: Sequence[Sequence[Item]], processes: int
) -> Iterator[Answer]:
    """Yield the answers of forked processes; those left out where there is no memory for a second process."""
    import multiprocessing  # noqa: PLC0415 - most runs need no second process
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - likewise
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415 - likewise

    _here[:] = [cast("Callable[[Sequence[object]], object]", work)]
    try:
        with ProcessPoolExecutor(min(processes, len(parts)), multiprocessing.get_context("fork"), gc.freeze) as pool:
            yield from pool.map(cast("Callable[[Sequence[Item]], Answer]", _work), parts)
    except (BrokenProcessPool, OSError):
        return
    finally:
        _here.clear()


def _work(paths: Sequence[object]) -> object:
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
