"""Prints a scan in the form that was asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click
from rich.console import Console

from trimtab.recommendation import Link
from trimtab.report import Scan, html, markdown, sarif, scan_document, table

_WIDE = 120
"""Columns of a table that goes to a file or a pipe."""
FORMATS = ("table", "json", "markdown", "html", "sarif")


def console_for_tables() -> Console:
    """Return standard output: as wide as its terminal, and wide enough for a table where there is none."""
    return Console() if sys.stdout.isatty() or "COLUMNS" in os.environ else Console(width=_WIDE)


def print_scan(found: Scan, form: str, links: Sequence[Link] = ()) -> None:
    """Print a scan on standard output; as JSON with the pull requests that a run made of it."""
    if form == "table":
        console_for_tables().print(table(found))
        return
    if form == "json":
        click.echo(scan_document(found, links).rstrip("\n"))
        return
    forms = {"markdown": markdown, "html": html, "sarif": sarif}
    click.echo(forms[form](found).rstrip("\n"))
