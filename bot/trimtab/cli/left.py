"""Says which trouble left repositories to the next run."""

from __future__ import annotations

from collections.abc import Sequence

import click

from trimtab.errors import ForgeError
from trimtab.text.clean import one_line

_LONGEST = 2000


def say_left(troubles: Sequence[ForgeError]) -> bool:
    """Print why some repositories are left to the next run, and return whether any is."""
    for error in troubles:
        click.echo(one_line(f"trimtab: left to the next run: {error.message}", _LONGEST), err=True)
        if error.hint:
            click.echo(f"  {one_line(error.hint, _LONGEST)}", err=True)
    return bool(troubles)
