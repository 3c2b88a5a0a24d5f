"""What `trimtab demo` prints: where everything is, and the commands that go on from there."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click

from trimtab.cli.console import console_for_tables
from trimtab.demo.folder import DemoFolder
from trimtab.demo.world import MACHINES
from trimtab.fleet import Unknown
from trimtab.recommendation import Link, Proposal, Saving
from trimtab.report import Scan, table
from trimtab.run import Followed

SCHEMA = "trimtab/demo/v1"
_FLEET = (
    f"A fleet of {sum(machine.gpus for machine in MACHINES)} GPUs. Its week is simulated from public request traces; "
    "nothing in it was measured on a cluster."
)
_TOOLS = (
    "Charts and overlays are proven by rendering them: `make tools` builds helm and kustomize; then run the demo again."
)


@dataclass(frozen=True, slots=True)
class FirstRun:
    """What the first run found and opened."""

    folder: DemoFolder
    scan: Scan
    links: tuple[Link, ...]

    def say(self) -> None:
        """Print the table, where the results are, and what to do next."""
        console = console_for_tables()
        console.print(f"{_FLEET}\n", style="dim")
        console.print(table(self.scan))
        if any(isinstance(one.proof, Unknown) and "not installed" in one.proof.reason for one in self.scan.proposals):
            console.print(f"\n{_TOOLS}")
        opened, trimtab, config = self._opened(), _called_as(), _shown(self.folder.config)
        click.echo(f"\nOpened {len(opened)} pull request{'' if len(opened) == 1 else 's'}, a Markdown file each:")
        for number, title in opened.items():
            click.echo(f"  {_shown(self.folder.file_of(number))}  {title}")
        click.echo(f"\nReport   {_shown(self.folder.report)}")
        click.echo(f"Issue    {_shown(self.folder.dashboard)}")
        click.echo(f"Ledger   {trimtab} ledger show --config {config}")
        click.echo(f"Again    {trimtab} scan --config {config} --facts {_shown(self.folder.facts)}")
        if opened:
            first = self._most_saved()
            click.echo("\nRead one, then merge it and see it become actuated:")
            click.echo(f"  less {_shown(self.folder.file_of(first))}")
            click.echo(f"  {trimtab} demo --dir {_shown(self.folder.root)} --merge {first}")

    def json(self) -> str:
        """Return the same as a document."""
        opened = self._opened()
        document = {
            "schema": SCHEMA,
            "folder": str(self.folder.root),
            "config": str(self.folder.config),
            "facts": str(self.folder.facts),
            "report": str(self.folder.report),
            "dashboard": str(self.folder.dashboard),
            "pull_requests": [
                {"number": number, "path": str(self.folder.file_of(number)), "title": title}
                for number, title in opened.items()
            ],
            "merge_first": self._most_saved() if opened else None,
        }
        return json.dumps(document, indent=2, ensure_ascii=False)

    def _opened(self) -> dict[int, str]:
        """Return the titles of the opened pull requests by number."""
        titles = {one.id: one.title for one in self.scan.proposals}
        return dict(sorted((_number(link), titles[link.id]) for link in self.links if link.url))

    def _most_saved(self) -> int:
        """Return the number of the opened pull request that saves most."""
        numbers = {link.id: _number(link) for link in self.links if link.url}
        opened = [one for one in self.scan.proposals if one.id in numbers]
        return numbers[max(opened, key=_monthly).id]


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of one merge."""

    folder: DemoFolder
    number: int
    title: str
    commit: str
    followed: Followed

    def say(self) -> None:
        """Print every step."""
        click.echo(f"merged    {self.number}: {self.title}")
        click.echo(f"deployed  {self.commit[:12]}; a week passes")
        for state, identity, note in self._steps():
            click.echo(f"{state:<9} {identity}: {note}")
        click.echo(f"\nThe record: {_called_as()} ledger show --config {_shown(self.folder.config)}")

    def json(self) -> str:
        """Return the same as a document."""
        steps = [{"state": state, "id": identity, "note": note} for state, identity, note in self._steps()]
        document = {"schema": SCHEMA, "merged": self.number, "commit": self.commit, "steps": steps}
        return json.dumps(document, indent=2, ensure_ascii=False)

    def _steps(self) -> list[tuple[str, str, str]]:
        """Return state, recommendation and note, in the order of the record."""
        decided = [(str(one.state), one.id, one.note) for one in self.followed.decided]
        return decided + [(str(one.state), one.id, one.note) for one in self.followed.settled]


def _number(link: Link) -> int:
    """Return the number of a pull request of the local forge."""
    return int(Path(link.url).stem)


def _monthly(proposal: Proposal) -> Decimal:
    """Return what it saves a month; nothing where that is not known."""
    saving = proposal.priced.saving
    return saving.monthly if isinstance(saving, Saving) else Decimal(0)


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
