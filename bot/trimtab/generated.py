"""Writes the parts of files that are made from code, or checks that they hold."""

from __future__ import annotations

import sys
from pathlib import Path


def between(text: str, start: str, part: str, end: str) -> str:
    """Return a text with a part between its two marks.

    Raises:
        ValueError: It has no marks.
    """
    before, found, rest = text.partition(start)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"no {start} … {end}")
    return f"{before}{start}\n{part}\n{end}{after}"


def written(path: Path, wanted: str, what: str, arguments: list[str]) -> int:
    """Write a file, or with `--check` only say where it is out of date; return the exit code."""
    if "--check" not in arguments:
        path.write_text(wanted, encoding="utf-8")
        return 0
    if path.exists() and path.read_text(encoding="utf-8") == wanted:
        return 0
    sys.stderr.write(f"{what} is out of date; run `make generated`\n")
    return 1
