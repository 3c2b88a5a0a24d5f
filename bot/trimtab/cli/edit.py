"""`trimtab edit`: the exact edit of a serving's settings, or of any one scalar, as a diff."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from trimtab.cli.edit_journal import finish
from trimtab.cli.edit_many import many
from trimtab.cli.edit_one import Editor, Request, document, refused
from trimtab.cli.edit_write import write_files
from trimtab.cli.inspect_say import read_tree
from trimtab.errors import Exit, RefusedError, UsageError
from trimtab.manifest import Refusal


@click.command("edit")
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--subject", default="", help="The serving, as `trimtab inspect` names it.")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="A new value; may be given many times.")
@click.option("--selector-key", default="", help="Node label for gpu_product where no selector stands.")
@click.option("--file", "file", default="", help="Edit one scalar of this file instead.")
@click.option("--at", default=None, help="Its JSON pointer, with `,N` for the document of index N.")
@click.option("--value", default=None, help="Its new value.")
@click.option("--render", is_flag=True, help="Edit the values behind what `inspect --render` finds.")
@click.option("--charts", type=click.Path(path_type=Path), help="With --render: a folder of charts ROOT does not hold.")
@click.option("--edits", type=click.Path(path_type=Path), help="Many edits: a JSON object a line; a result a line.")
@click.option("--format", "form", type=click.Choice(["diff", "json"]), default="diff", help="How to print it.")
@click.option("--write", is_flag=True, help="Write the files.")
@click.pass_context
def command(context: click.Context, /, **_: object) -> int:
    """Print the exact edit of manifests below ROOT as a diff that `git apply` takes; --write applies it."""
    given = context.params
    root, write = Path(given["root"]), bool(given["write"])
    finish(root, write=write)
    tree = read_tree(root)
    charts = str(Path(given["charts"]).absolute()) if given["charts"] is not None else ""
    with Editor(root, tree, render=bool(given["render"]), charts=charts) as editor:
        if given["edits"] is not None:
            return many(editor, Path(given["edits"]), write=write)
        result = editor.edit(_request(given))
    if isinstance(result, Refusal):
        if given["form"] == "json":
            click.echo(json.dumps(refused(result), indent=2))
        raise RefusedError(result.reason, result.hint)
    if write:
        write_files(root, result.files, editor.tree)
    if given["form"] == "json":
        click.echo(json.dumps(document(result), indent=2))
    else:
        click.echo(result.diff.encode(), nl=False)
    return int(Exit.DONE)


def _request(given: Mapping[str, object]) -> Request:
    """Return the edit that the options ask for."""
    subject, file = str(given["subject"]), str(given["file"])
    settings = given["settings"]
    pairs = [str(one) for one in settings] if isinstance(settings, Sequence) else []
    if bool(subject) == bool(file):
        raise UsageError("give either --subject with --set, or --file with --at and --value")
    if file:
        if given["at"] is None or given["value"] is None:
            raise UsageError("--file needs --at and --value")
        return Request(file=file, at=str(given["at"]), value=str(given["value"]))
    if not pairs:
        raise UsageError("--subject needs at least one --set FIELD=VALUE")
    return Request(subject, _values(pairs), selector_key=str(given["selector_key"]))


def _values(pairs: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for pair in pairs:
        field, equals, value = pair.partition("=")
        if not equals or not field:
            raise UsageError(f"--set {pair}: no value", "write --set FIELD=VALUE")
        if field in values and values[field] != value:
            raise UsageError(f"--set {field} is given twice with different values")
        values[field] = value
    return values
