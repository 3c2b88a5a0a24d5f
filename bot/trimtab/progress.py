"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much; from any thread."""


def silent(what: str, done: int, total: int) -> None:
    """Take the news and tell nobody."""
    del what, done, total
