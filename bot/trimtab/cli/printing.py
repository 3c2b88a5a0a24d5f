"""Prints a scan in the form that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

import click

from trimtab.cli.console import console_for_tables
from trimtab.recommendation import Link
from trimtab.report import Scan, html, markdown, sarif, scan_document, table

FORMATS = ("table", "json", "markdown", "html", "sarif")


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
