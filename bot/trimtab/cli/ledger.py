"""`trimtab ledger`: prove, read, hand over the record."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from trimtab.call import Call
from trimtab.cli.load import DEFAULT_NAME, load_config
from trimtab.errors import Exit
from trimtab.life import Entry
from trimtab.progress import silent
from trimtab.record import Broken, Clone, Ledger, clone_at, document, lines
from trimtab.text.clean import wrapped

_config = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=DEFAULT_NAME,
    show_default=True,
    help="The configuration that names the ledger's repository.",
)
_repository = click.option(
    "--repository",
    type=click.Path(path_type=Path),
    help="A clone that has the branch trimtab-ledger, instead of the configuration; needs no network.",
)


@click.group()
def command() -> None:
    """Prove, read, hand over the record."""


@command.command()
@_config
@_repository
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def verify(config_path: Path, repository: Path | None, form: str) -> int:
    """Prove that every entry is as it was written, and that none is missing before the last.

    Keep the digest that is printed: with it you can tell later that the record was not cut off and written anew.
    """
    with _opened(config_path, repository) as ledger:
        proof = ledger.prove()
    if isinstance(proof, Broken):
        said = f"entry {proof.entry} is broken: {proof.why}" if proof.entry else f"the branch is broken: {proof.why}"
        _say(form, said, {"whole": False, "entry": proof.entry, "reason": proof.why})
        return Exit.FINDINGS
    said = f"{proof.entries} entries, whole; the last is {proof.digest}" if proof.entries else "the ledger is empty"
    _say(form, said, {"whole": True, "entries": proof.entries, "digest": proof.digest or None})
    return Exit.DONE


@command.command()
@_config
@_repository
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def show(config_path: Path, repository: Path | None, form: str) -> None:
    """Print the entries, oldest first."""
    with _opened(config_path, repository) as ledger:
        entries = ledger.entries()
    if form == "json":
        click.echo(document(entries))
    else:
        _print_table(entries)


@command.command()
@_config
@_repository
@click.option("--format", "form", type=click.Choice(["jsonl", "json"]), default="jsonl", show_default=True)
def export(config_path: Path, repository: Path | None, form: str) -> None:
    """Print the entries as they stand in the ledger, one canonical JSON object a line, for a store of your own."""
    with _opened(config_path, repository) as ledger:
        entries = ledger.entries()
    for line in [document(entries)] if form == "json" else lines(entries):
        click.echo(line)


@contextmanager
def _opened(config_path: Path, repository: Path | None) -> Iterator[Ledger | Clone]:
    """Give the ledger of a clone, or of the configuration."""
    if repository is not None:
        yield clone_at(repository)
        return
    from trimtab.run import journal_of  # noqa: PLC0415 - a clone is proved without loading every client

    config = load_config(config_path)
    with tempfile.TemporaryDirectory(prefix="trimtab-") as workdir:
        yield journal_of(Call(config, config_path.parent, 0, Path(workdir), silent))


def _say(form: str, text: str, values: dict[str, object]) -> None:
    if form == "json":
        click.echo(json.dumps({"schema": "trimtab/ledger-proof/v1", **values}))
    else:
        click.echo(text)


def _print_table(entries: tuple[Entry, ...]) -> None:
    from rich.console import Console  # noqa: PLC0415 - a table is all it is for
    from rich.table import Table  # noqa: PLC0415 - the same
    from rich.text import Text  # noqa: PLC0415 - the same

    table = Table(box=None, pad_edge=False)
    for name in ("seq", "at", "step"):
        table.add_column(name, no_wrap=True)
    table.add_column("what", overflow="fold", min_width=24)
    for name in ("who", "$/month", "note"):
        table.add_column(name, overflow="fold")
    for entry in entries:
        subject = entry.subject
        where = "/".join(filter(None, (subject.cluster, subject.namespace, subject.name)))
        what = Text(f"{wrapped(entry.rule)}\n{wrapped(where)}")
        at = entry.at.replace("T", " ")[:16]
        cells = [Text(wrapped(str(cell))) for cell in (entry.seq, at, entry.step)]
        rest = [Text(wrapped(cell)) for cell in (entry.actor.login, entry.saving, entry.note)]
        table.add_row(*cells, what, *rest)
    Console().print(table if entries else "the ledger is empty")
