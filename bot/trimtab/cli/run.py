"""`trimtab run`: scan, then publish and record."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from trimtab.call import Call
from trimtab.cli.facts_missing import facts_missing
from trimtab.cli.left import say_left
from trimtab.cli.load import load_config
from trimtab.cli.options import at_option, config_option, seconds_at
from trimtab.cli.printing import FORMATS, print_scan
from trimtab.cli.progress import progress_bars
from trimtab.config import Mode
from trimtab.errors import Exit
from trimtab.run import run
from trimtab.text.clean import log_line


@click.command()
@config_option
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--facts", type=click.Path(path_type=Path, file_okay=False), help="Judge recorded facts instead.")
@at_option
def command(config_path: Path, form: str, facts: Path | None, at: str) -> int:
    """Scan, open or update one pull request for each recommendation, and record every step."""
    config = load_config(config_path)
    with tempfile.TemporaryDirectory(prefix="trimtab-") as workdir, progress_bars() as progress:
        ran = run(Call(config, config_path.parent, seconds_at(at), Path(workdir), progress, facts))
    print_scan(ran.found, form, ran.links)
    if config.mode is Mode.REPORT:
        click.echo("mode is report: nothing was opened", err=True)
    elif not any(repository.forge for repository in config.repositories):
        click.echo("no repository has a `forge`: nothing was opened", err=True)
    for link in ran.links:
        click.echo(log_line(f"{link.note}: {link.url or link.branch or link.id}"), err=True)
    left = say_left(ran.troubles, ran.links)
    return Exit.FACTS_MISSING if facts_missing(ran.found, config) or left else Exit.DONE
