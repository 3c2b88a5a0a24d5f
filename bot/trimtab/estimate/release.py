"""Releases as engines write them: `0.19.0`, `v0.8.5.post1`, `0.11.0rc2.dev98+g393de22d2`, `v0.20.2-cu130`."""

from __future__ import annotations

import re
from dataclasses import dataclass

NEWEST = (0, 33)
"""The newest vLLM release that the constants cover."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release of an engine; `known` is False where none was said and the newest is taken."""

    minor: tuple[int, int]
    patch: int
    known: bool


def release_of(text: str) -> Release:
    """Return the release that a text names; the newest known where it names none (`latest`, a digest)."""
    match = re.match(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?", text.strip())
    if not match:
        return Release(NEWEST, 0, known=False)
    return Release((int(match[1]), int(match[2])), int(match[3] or 0), known=True)
