"""`trimtab scan`: read and judge; write nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from trimtab.call import Call
from trimtab.cli.facts_missing import facts_missing
from trimtab.cli.load import load_config
from trimtab.cli.options import at_option, config_option, seconds_at
from trimtab.cli.printing import FORMATS, print_scan
from trimtab.cli.progress import progress_bars
from trimtab.errors import Exit, UsageError
from trimtab.report import fails
from trimtab.run import scan


@click.command()
@config_option
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--fail-on", default="none", show_default=True, help="none, any, a rule's name, or US dollars a month.")
@click.option("--record", type=click.Path(path_type=Path, file_okay=False), help="Record the facts in this folder.")
@click.option("--facts", type=click.Path(path_type=Path, file_okay=False), help="Judge recorded facts again.")
@at_option
def command(config_path: Path, form: str, fail_on: str, record: Path | None, facts: Path | None, at: str) -> int:
    """Read what the clusters did and what Git declares, and judge both."""
    if facts and at:
        raise UsageError("--facts and --at exclude each other", "recorded facts have their own time")
    config = load_config(config_path)
    with tempfile.TemporaryDirectory(prefix="trimtab-") as workdir, progress_bars() as progress:
        call = Call(config, config_path.parent, seconds_at(at), Path(workdir), progress, facts, record)
        found = scan(call)
    failed = fails(found, fail_on)
    print_scan(found, form)
    if facts_missing(found, config):
        return Exit.FACTS_MISSING
    return Exit.FINDINGS if failed else Exit.DONE
