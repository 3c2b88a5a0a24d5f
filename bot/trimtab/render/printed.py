"""What helm printed, kept by the content of all that it was given: the same is not rendered again the next time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from trimtab.disk_cache import program_digest, read_answer, write_answer
from trimtab.listing import entries
from trimtab.render.objects import Unrendered

Output: TypeAlias = tuple[bytes | Unrendered, str]
"""What was printed, or why nothing was; and what went unchecked."""
_MOST = 2048
"""Outputs that are kept on disk."""
_MOST_BYTES = 512 * 1024
"""Of one output; few charts print more."""


def printed_before(folder: Path | None, chart: Path, given: object, make: Callable[[], Output]) -> Output:
    """Return what `make` prints, from before where the chart and what it is given were the same.

    Args:
        folder: Beside which outputs are kept; None where nowhere.
        chart: Its folder or package, with what it is built on.
        given: All else that decides what is printed, of plain values.
        make: Renders it.
    """
    if folder is None:
        return make()
    key = _key(chart, given)
    place = folder.with_name("printed") / f"{key[:32]}.json"
    known = read_answer(place, key)
    if known is not None and len(known) == 2:  # noqa: PLR2004 - the text and what went unchecked
        return str(known[0]).encode("latin-1"), str(known[1])
    printed, unchecked = make()
    if isinstance(printed, bytes) and len(printed) <= _MOST_BYTES:
        write_answer(place, key, (printed.decode("latin-1"), unchecked), _MOST)
    return printed, unchecked


def _key(chart: Path, given: object) -> str:
    total = hashlib.sha256(repr((given, program_digest("render"))).encode(errors="surrogateescape"))
    for path, data in files_of_chart(chart):
        total.update(f"\0{path}\0{hashlib.sha256(data).hexdigest()}".encode(errors="surrogateescape"))
    return total.hexdigest()


def files_of_chart(chart: Path, but: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield what a chart consists of, but for one file."""
    if not chart.is_dir():
        yield chart.name, chart.read_bytes()
        return
    for entry in entries(chart):
        if entry.is_file and entry.path != but:
            yield entry.path, (chart / entry.path).read_bytes()
