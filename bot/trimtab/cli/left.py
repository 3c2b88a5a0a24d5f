"""Says which trouble left repositories to the next run."""

from __future__ import annotations

from collections.abc import Sequence

import click

from trimtab.errors import ForgeError
from trimtab.recommendation import Link
from trimtab.text.clean import log_line


def say_left(troubles: Sequence[ForgeError], links: Sequence[Link]) -> bool:
    """Print why some repositories are left to the next run; return whether any is, or whether a forge declined."""
    for error in troubles:
        click.echo(log_line(f"trimtab: left to the next run: {error.message}"), err=True)
        if error.hint:
            click.echo(f"  {log_line(error.hint)}", err=True)
    return bool(troubles) or any(link.failed for link in links)
