"""`trimtab demo`: the whole flow on the bundled fleet."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from trimtab import run
from trimtab.call import Call
from trimtab.cli import demo_print
from trimtab.cli.load import load_config
from trimtab.cli.progress import progress_bars
from trimtab.demo import folder as folders
from trimtab.demo import repository
from trimtab.demo.deploy import deploy
from trimtab.demo.folder import DemoFolder
from trimtab.demo.world import ENDED_AT_S, WEEK_S
from trimtab.report import html


@click.command()
@click.option(
    "--dir",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default="trimtab-demo",
    show_default=True,
    help="Where to unpack it; an earlier demo there is removed, anything else is left alone.",
)
@click.option("--merge", "number", type=click.IntRange(min=1), help="Merge this pull request, and let a week pass.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(root: Path, number: int | None, form: str) -> None:
    """Run the whole flow on a bundled fleet: no network, no token, no cluster.

    With --merge the demo stands in for you and for Argo CD: it merges one pull request, deploys what Git then declares,
    lets a week pass, and follows the recommendation to its outcome.
    """
    if number is None:
        first = _first_run(root)
        click.echo(first.json()) if form == "json" else first.say()
    else:
        merged = _merge(folders.existing(root), number)
        click.echo(merged.json()) if form == "json" else merged.say()


def _first_run(root: Path) -> demo_print.FirstRun:
    """Unpack, scan, publish."""
    folder = folders.make(root)
    with _call(folder) as call:
        ran = run.run(call)
    folder.report.write_text(html(ran.found), encoding="utf-8")
    return demo_print.FirstRun(folder, ran.found, ran.links)


def _merge(folder: DemoFolder, number: int) -> demo_print.Merged:
    """Merge one pull request, deploy, let a week pass, and follow what became of it."""
    pull = folders.pull(folder, number)
    commit = repository.merge(folder.repository, pull.branch, pull.title)
    folder.note_merge(number)
    deploy(folder, len(folder.merged))
    with _call(folder) as call:
        followed = run.settle(call)
    return demo_print.Merged(folder, number, pull.title, commit, followed)


@contextmanager
def _call(folder: DemoFolder) -> Iterator[Call]:
    """Give what a run is asked for; its checkouts are removed afterwards."""
    os.environ.setdefault("TRIMTAB_PACE", "0")
    now_s = ENDED_AT_S + len(folder.merged) * WEEK_S
    with tempfile.TemporaryDirectory(prefix="trimtab-") as work, progress_bars() as progress:
        yield Call(load_config(folder.config), folder.root, now_s, Path(work), progress, facts=folder.facts)
