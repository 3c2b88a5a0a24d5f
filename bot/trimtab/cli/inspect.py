"""`trimtab inspect`: what is served in a tree of manifests, and where each setting is written."""

from __future__ import annotations

import os
from pathlib import Path

import click

from trimtab.cli.inspect_kept import Said, folder_of_cache, remembered
from trimtab.errors import Exit, UsageError


@click.command("inspect")
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to print it.")
@click.option(
    "--processes", type=click.IntRange(1, 64), default=None, help="How many share the work; one for each CPU."
)
@click.option(
    "--render", is_flag=True, help="Follow the settings of charts by rendering them, too: slower, needs helm."
)
@click.option(
    "--charts", type=click.Path(path_type=Path), help="With --render: a folder of charts that ROOT names, not holds."
)
@click.option("--no-cache", is_flag=True, help="Read all files again, and keep nothing for the next time.")
def command(root: Path, form: str, processes: int | None, charts: Path | None, *, render: bool, no_cache: bool) -> int:
    """Show what is served in the tree of manifests below ROOT, and where each setting is written."""

    def look() -> Said:
        from trimtab.cli.inspect_say import said  # noqa: PLC0415 - an unchanged tree needs no parser

        return said(root, form, processes or os.cpu_count() or 1, charts, render=render)

    if charts is not None and not (render and charts.is_dir()):
        raise UsageError(f"--charts {charts}: needs --render and a folder", "name the folder that `helm pull` filled")

    told = look() if no_cache or render else remembered(root, form, folder_of_cache(os.environ), look)
    click.echo(told.out, nl=False)
    click.echo(told.err, nl=False, err=True)
    return int(Exit.DONE)
