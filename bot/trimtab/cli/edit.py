"""`trimtab edit`: the exact edit of a serving's settings, or of any one scalar, as a diff."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from trimtab.cli.edit_write import write_files
from trimtab.cli.inspect_say import read_tree
from trimtab.errors import Exit, RefusedError, TrimtabError, UsageError
from trimtab.manifest import EditResult, Refusal, Tree, edit, scalar_edit

SCHEMA = "trimtab/edit/v1"


@dataclass(frozen=True, slots=True)
class Request:
    """One edit as it was asked for.

    Attributes:
        subject: The serving's address; empty for a scalar.
        values: New values as text, by the vocabulary's word.
        file: The scalar's file.
        at: Its JSON pointer, with `,document`.
        value: Its new value.
        selector_key: Node label for `gpu_product` where no selector stands.
    """

    subject: str = ""
    values: Mapping[str, str] | None = None
    file: str = ""
    at: str = ""
    value: str = ""
    selector_key: str = ""


@click.command("edit")
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--subject", default="", help="The serving, as `trimtab inspect` names it.")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="A new value; may be given many times.")
@click.option("--selector-key", default="", help="Node label for gpu_product where no selector stands.")
@click.option("--file", "file", default="", help="Edit one scalar of this file instead.")
@click.option("--at", default=None, help="Its JSON pointer, with `,N` for the document of index N.")
@click.option("--value", default=None, help="Its new value.")
@click.option("--render", is_flag=True, help="The serving was found by `inspect --render`: edit the chart's values.")
@click.option("--charts", type=click.Path(path_type=Path), help="With --render: a folder of charts ROOT does not hold.")
@click.option("--edits", type=click.Path(path_type=Path), help="Many edits: a JSON object a line; a result a line.")
@click.option("--format", "form", type=click.Choice(["diff", "json"]), default="diff", help="How to print it.")
@click.option("--write", is_flag=True, help="Write the files.")
@click.pass_context
def command(context: click.Context, /, **_: object) -> int:
    """Print the exact edit of manifests below ROOT as a diff that `git apply` takes; --write applies it."""
    given = context.params
    root = Path(given["root"])
    tree = read_tree(root)
    if given["edits"] is not None:
        return _many(root, tree, Path(given["edits"]), write=bool(given["write"]))
    result = _rendered(root, tree, given) if given["render"] else perform(tree, _request(given))
    if isinstance(result, Refusal):
        if given["form"] == "json":
            click.echo(json.dumps(_refused(result), indent=2, ensure_ascii=False))
        raise RefusedError(result.reason, result.hint)
    if given["write"]:
        write_files(root, result.files, tree)
    if given["form"] == "json":
        click.echo(json.dumps(document(result), indent=2, ensure_ascii=False))
    else:
        click.echo(result.diff.encode(), nl=False)
    return int(Exit.DONE)


def _rendered(root: Path, tree: Tree, given: Mapping[str, object]) -> EditResult | Refusal:
    """Return the edit of the values behind a serving that rendering shows."""
    from trimtab.render import Workspace, edit_rendered, find_tools  # noqa: PLC0415 - most edits render nothing

    request = _request(given)
    if not request.subject or request.selector_key:
        raise UsageError("--render goes with --subject and --set alone")
    charts = given["charts"]
    tools = replace(find_tools(os.environ), charts=str(charts.absolute()) if isinstance(charts, Path) else "")
    with Workspace(root, tree, tools) as workspace:
        return edit_rendered(workspace, request.subject, request.values or {})


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


def perform(tree: Tree, request: Request) -> EditResult | Refusal:
    """Return one edit made in memory, or why not.

    Raises:
        UsageError: The request makes no sense.
    """
    if request.file:
        return scalar_edit(tree, request.file, request.at, request.value)
    return edit(tree, request.subject, request.values or {}, request.selector_key)


def document(result: EditResult) -> dict[str, object]:
    """Return the document of an edit that was made."""
    edits = [
        {"path": one.path, "line": one.line, "before": one.before, "after": one.after, "field": one.field}
        for one in result.edits
    ]
    return {"schema": SCHEMA, "status": "edited" if result.files else "unchanged", "edits": edits, "diff": result.diff}


def _refused(refusal: Refusal) -> dict[str, object]:
    return {"schema": SCHEMA, "status": "refused", "reason": refusal.reason, "hint": refusal.hint or None, "edits": []}


def _many(root: Path, tree: Tree, path: Path, *, write: bool) -> int:
    """Do the edits of a file, each on the tree as read; with --write each on what the one before left."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            result, made = _one(tree, line, f"{path}:{number}", root if write else None)
            if write and made is not None:
                tree = tree.replaced(made.files)
            click.echo(json.dumps(result, ensure_ascii=False))
    return int(Exit.DONE)


def _one(tree: Tree, line: str, where: str, root: Path | None) -> tuple[dict[str, object], EditResult | None]:
    """Return the result of one line, and the edit where one was made; below `root`, where given, it is written."""
    name = _name_of(line)
    try:
        request = parse_request(line, where)
        result = perform(tree, request)
        if root is not None and isinstance(result, EditResult):
            write_files(root, result.files, tree)
    except TrimtabError as error:
        bad = {"schema": SCHEMA, "id": name, "status": "error", "reason": error.message, "exit": int(error.exit_code)}
        return bad, None
    if isinstance(result, Refusal):
        return {"id": name, **_refused(result), "exit": int(Exit.REFUSED)}, None
    return {"id": name, **document(result), "exit": int(Exit.DONE)}, result


def _name_of(line: str) -> object:
    """Return the `id` that a line gives itself, also where the rest of it makes no sense; None where it gives none."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said.get("id") if isinstance(said, dict) else None


def parse_request(line: str, where: str) -> Request:
    """Return the edit that a line of JSON asks for.

    Raises:
        UsageError: It is none; names file and line.
    """
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError(f"{where}: no JSON", "write one object a line") from None
    if not isinstance(said, dict):
        raise UsageError(f"{where}: an object is expected")
    values = said.get("set", {})
    known = {"id", "subject", "set", "file", "at", "value", "selector_key"}
    unknown = sorted(set(said) - known)
    if unknown or not isinstance(values, dict) or bool(said.get("subject")) == bool(said.get("file")):
        raise UsageError(f"{where}: give subject and set, or file, at and value", f"unknown: {', '.join(unknown)}")
    return Request(
        str(said.get("subject", "")),
        {str(field): _text(value) for field, value in values.items()},
        str(said.get("file", "")),
        str(said.get("at", "")),
        _text(said.get("value", "")),
        str(said.get("selector_key", "")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
