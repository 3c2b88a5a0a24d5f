"""Standard output for tables."""

from __future__ import annotations

import os
import sys

from rich.console import Console

_WIDE = 120
"""Columns of a table that goes to a file or a pipe."""


def console_for_tables() -> Console:
    """Return standard output: as wide as its terminal, and wide enough for a table where there is none."""
    return Console() if sys.stdout.isatty() or "COLUMNS" in os.environ else Console(width=_WIDE)
