"""`trimtab inspect`: what is served in a tree of manifests, and where each setting is written."""

from __future__ import annotations

import os
from pathlib import Path

import click

from trimtab.cli.inspect_say import Said, said
from trimtab.disk_cache import cache_folder
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
    if charts is not None and not (render and charts.is_dir()):
        raise UsageError(f"--charts {charts}: needs --render and a folder", "name the folder that `helm pull` filled")

    cores = processes or os.cpu_count() or 1
    cache = None if no_cache else cache_folder(os.environ, "inspect")
    told = _rendered(root, form, cores, charts) if render else said(root, form, cores, cache)
    for parts, to_error in ((told.out, False), (told.err, True)):
        for part in parts:
            click.echo(part, nl=False, err=to_error)
    return int(Exit.DONE)


def _rendered(root: Path, form: str, processes: int, charts: Path | None) -> Said:
    from trimtab.cli.inspect_rendered import said_rendered  # noqa: PLC0415 - most runs render nothing

    return said_rendered(root, form, processes, charts)
