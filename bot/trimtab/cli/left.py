"""Says which trouble left repositories to the next run."""

from __future__ import annotations

from collections.abc import Sequence

import click

from trimtab.errors import ForgeError
from trimtab.text.clean import log_line


def say_left(troubles: Sequence[ForgeError]) -> bool:
    """Print why some repositories are left to the next run, and return whether any is."""
    for error in troubles:
        click.echo(log_line(f"trimtab: left to the next run: {error.message}"), err=True)
        if error.hint:
            click.echo(f"  {log_line(error.hint)}", err=True)
    return bool(troubles)
