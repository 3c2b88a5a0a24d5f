"""Prints a scan in the form that was asked for."""

from __future__ import annotations

import click
from rich.console import Console

from trimtab.report import Scan, html, markdown, sarif, scan_document, table

FORMATS = ("table", "json", "markdown", "html", "sarif")


def print_scan(found: Scan, form: str) -> None:
    """Print a scan on standard output."""
    if form == "table":
        Console().print(table(found))
        return
    forms = {"json": scan_document, "markdown": markdown, "html": html, "sarif": sarif}
    click.echo(forms[form](found).rstrip("\n"))
