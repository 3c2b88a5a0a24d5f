"""`trimtab demo`: the whole flow on the bundled fleet."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import click
from rich.console import Console

from trimtab import run
from trimtab.cli.load import load_config
from trimtab.cli.progress import progress_bars
from trimtab.demo import folder as folders
from trimtab.demo import repository
from trimtab.demo.deploy import deploy
from trimtab.demo.folder import DemoFolder
from trimtab.demo.world import ENDED_AT_S, MACHINES, WEEK_S
from trimtab.fleet import Unknown
from trimtab.recommendation import Link, Proposal, Saving
from trimtab.report import Scan, html, table

_FLEET = (
    f"A fleet of {sum(machine.gpus for machine in MACHINES)} GPUs. Its week is simulated from public request traces; "
    "nothing in it was measured on a cluster."
)
_TOOLS = (
    "Charts and overlays are proven by rendering them: `make tools` builds helm and kustomize; then run the demo again."
)
_WIDTH = 120
"""Columns of the table where no terminal says how many it has."""


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
def command(root: Path, number: int | None) -> None:
    """Run the whole flow on a bundled fleet: no network, no token, no cluster.

    With --merge the demo stands in for you and for Argo CD: it merges one pull request, deploys what Git then declares,
    lets a week pass, and follows the recommendation to its outcome.
    """
    if number is None:
        _first_run(root)
    else:
        _merge(folders.existing(root), number)


def _first_run(root: Path) -> None:
    """Unpack, scan, publish, and say where everything is."""
    folder = folders.make(root)
    with _call(folder) as call:
        scan = run.scan(call)
        links = run.publish(call, scan)
    folder.report.write_text(html(scan), encoding="utf-8")
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=_WIDTH)
    console.print(f"{_FLEET}\n", style="dim")
    console.print(table(scan))
    if any(isinstance(one.proof, Unknown) and "not installed" in one.proof.reason for one in scan.proposals):
        console.print(f"\n{_TOOLS}")
    _say_where(folder, links, _most_saved(scan, links))


def _say_where(folder: DemoFolder, links: tuple[Link, ...], first: int) -> None:
    """Print where the results are, and the commands that go on from here."""
    opened = sorted(Path(link.url) for link in links if link.url)
    trimtab, config = _called_as(), _shown(folder.config)
    click.echo(f"\nOpened {len(opened)} pull request{'' if len(opened) == 1 else 's'}, a Markdown file each:")
    for path in opened:
        click.echo(f"  {_shown(path)}  {folders.pull(folder, int(path.stem)).title}")
    click.echo(f"\nReport   {_shown(folder.report)}")
    click.echo(f"Ledger   {trimtab} ledger show --config {config}")
    click.echo(f"Again    {trimtab} scan --config {config} --facts {_shown(folder.facts)}")
    if first:
        click.echo("\nRead one, then merge it and see it become actuated:")
        click.echo(f"  less {_shown(folder.file_of(first))}")
        click.echo(f"  {trimtab} demo --dir {_shown(folder.root)} --merge {first}")


def _most_saved(scan: Scan, links: tuple[Link, ...]) -> int:
    """Return the number of the opened pull request that saves most, 0 where none was opened."""
    opened = {link.id: int(Path(link.url).stem) for link in links if link.url}
    worth = [(_monthly(one), -opened[one.id]) for one in scan.proposals if one.id in opened]
    return -max(worth)[1] if worth else 0


def _monthly(proposal: Proposal) -> Decimal:
    saving = proposal.priced.saving
    return saving.monthly if isinstance(saving, Saving) else Decimal(0)


def _merge(folder: DemoFolder, number: int) -> None:
    """Merge one pull request, deploy, let a week pass, and print what became of it."""
    pull = folders.pull(folder, number)
    commit = repository.merge(folder.repository, pull.branch, pull.title)
    click.echo(f"merged    {number}: {pull.title}")
    folder.note_merge(number)
    deploy(folder, len(folder.merged))
    click.echo(f"deployed  {commit[:12]}; a week passes")
    with _call(folder) as call:
        followed = run.settle(call)
    steps = [(one.state, one.id, one.note) for one in followed.decided]
    steps += [(one.state, one.id, one.note) for one in followed.settled]
    for state, identity, note in steps:
        click.echo(f"{state:<9} {identity}: {note}")
    click.echo(f"\nThe record: {_called_as()} ledger show --config {_shown(folder.config)}")


@contextmanager
def _call(folder: DemoFolder) -> Iterator[run.Call]:
    """Give what a run is asked for; its checkouts are removed afterwards."""
    os.environ.setdefault("TRIMTAB_PACE", "0")
    now_s = ENDED_AT_S + len(folder.merged) * WEEK_S
    with tempfile.TemporaryDirectory(prefix="trimtab-") as work, progress_bars() as progress:
        yield run.Call(load_config(folder.config), folder.root, now_s, Path(work), progress, facts=folder.facts)


def _called_as() -> str:
    """Return how the command was called, so that the lines printed can be pasted."""
    called = sys.argv[0]
    on_path = shutil.which("trimtab")
    return "trimtab" if on_path and Path(on_path).resolve() == Path(called).resolve() else _shown(Path(called))


def _shown(path: Path) -> str:
    """Return a path relative to where the user stands, where it is below."""
    absolute = path if path.is_absolute() else Path.cwd() / path
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)
