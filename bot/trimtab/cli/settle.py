"""`trimtab settle`: follow what was published to its outcome."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from trimtab.call import Call
from trimtab.cli.left import say_left
from trimtab.cli.load import load_config
from trimtab.cli.options import at_option, config_option, seconds_at
from trimtab.cli.progress import progress_bars
from trimtab.config import parse_duration
from trimtab.errors import Exit, UsageError
from trimtab.run import Followed, settle
from trimtab.text.clean import log_line


@click.command()
@config_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--watch", default="24h", show_default=True, help="How long a change is watched before it is judged.")
@click.option("--facts", type=click.Path(path_type=Path, file_okay=False), help="Recorded facts instead of live ones.")
@at_option
def command(config_path: Path, form: str, watch: str, facts: Path | None, at: str) -> int:
    """Record what was merged or closed, whether it went live, and whether it kept its promise."""
    config = load_config(config_path)
    with tempfile.TemporaryDirectory(prefix="trimtab-") as workdir, progress_bars() as progress:
        call = Call(config, config_path.parent, seconds_at(at), Path(workdir), progress, facts)
        followed = settle(call, _seconds(watch))
    if form == "json":
        click.echo(_document(followed))
    else:
        _print(followed)
    return Exit.FACTS_MISSING if say_left(followed.troubles, followed.decided) else Exit.DONE


def _seconds(watch: str) -> int:
    """Return seconds for `--watch`.

    Raises:
        UsageError: It is no duration, or shorter than an hour.
    """
    try:
        seconds = parse_duration(watch)
    except ValueError as error:
        raise UsageError(f"--watch: {error}") from None
    if seconds < 3600:  # noqa: PLR2004  # facts come by the hour
        raise UsageError(f"--watch {watch} is shorter than an hour", "facts come by the hour: write 24h")
    return int(seconds)


def _document(followed: Followed) -> str:
    decided = [{"id": one.id, "state": one.state, "url": one.url, "note": one.note} for one in followed.decided]
    settled = [
        {"id": one.id, "state": one.state, "url": one.url, "note": one.note, "saving": one.saving or None}
        for one in followed.settled
    ]
    return json.dumps({"schema": "trimtab/settle/v1", "decided": decided, "settled": settled}, indent=2)


def _print(followed: Followed) -> None:
    for link in followed.decided:
        click.echo(log_line(f"{link.state}: {link.url}: {link.note}"))
    for one in followed.settled:
        saving = f" (${one.saving} a month)" if one.saving else ""
        click.echo(log_line(f"{one.state}: {one.url}: {one.note}{saving}"))
    if not followed.decided and not followed.settled:
        click.echo("nothing was decided, and nothing merged waits for its outcome")
