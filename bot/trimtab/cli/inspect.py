"""`trimtab inspect`: what is served in a tree of manifests, and where each setting is written."""

from __future__ import annotations

import json
from pathlib import Path

import click

from trimtab.errors import Exit, UsageError
from trimtab.fleet import Serving, Setting
from trimtab.manifest import Inspection, Tree, inspect
from trimtab.text.clean import one_line

SCHEMA = "trimtab/inspect/v1"
_LONGEST = 2000
"""Characters of one line; no control character of a foreign name reaches the terminal."""


@click.command("inspect")
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", help="How to print it.")
def command(root: Path, form: str) -> int:
    """Show what is served in the tree of manifests below ROOT, and where each setting is written."""
    inspection = inspect(read_tree(root))
    if form == "json":
        click.echo(json.dumps(document(inspection, str(root)), indent=2, ensure_ascii=False))
    else:
        _print_table(inspection)
    return int(Exit.DONE)


def read_tree(root: Path) -> Tree:
    """Return the files below a folder.

    Raises:
        UsageError: It is no folder that can be read.
    """
    try:
        return Tree.read(root)
    except OSError as error:
        raise UsageError(f"{root}: {error.strerror}", "name a folder with manifests") from None


def document(inspection: Inspection, root: str) -> dict[str, object]:
    """Return the document that `--format json` prints."""
    return {
        "schema": SCHEMA,
        "root": root,
        "files_read": inspection.files_read,
        "unreadable": [{"path": one.path, "line": one.line, "reason": one.reason} for one in inspection.unreadable],
        "servings": [_serving(serving) for serving in inspection.servings],
    }


def _serving(serving: Serving) -> dict[str, object]:
    return {
        "subject": serving.subject,
        "path": serving.path,
        "document": serving.document,
        "api_version": serving.api_version or None,
        "kind": serving.kind or None,
        "namespace": serving.namespace or None,
        "name": serving.name,
        "container": serving.container,
        "wrapper": serving.wrapper,
        "engine": serving.engine or None,
        "settings": {field: _setting(setting) for field, setting in serving.settings.items()},
    }


def _setting(setting: Setting) -> dict[str, object]:
    return {
        "value": setting.value,
        "raw": setting.raw,
        "path": setting.location.path,
        "line": setting.location.line,
        "start": setting.location.start,
        "end": setting.location.end,
        "via": setting.via,
        "editable": setting.editable,
        "reason": setting.reason or None,
    }


def _print_table(inspection: Inspection) -> None:
    """Print one block for each serving, then what could not be read."""
    for serving in inspection.servings:
        click.secho(one_line(serving.subject, _LONGEST), bold=True, nl=False)
        click.echo(f"  {serving.engine or 'engine unknown'}, {serving.wrapper}")
        for field, setting in serving.settings.items():
            where = f"{setting.location.path}:{setting.location.line}"
            note = "" if setting.editable else f"  (not editable: {setting.reason})"
            click.echo(f"    {field:<24} {one_line(setting.raw):<32} {one_line(f'{where}{note}', _LONGEST)}")
    for one in inspection.unreadable:
        click.echo(one_line(f"{one.path}:{one.line}: cannot be read: {one.reason}", _LONGEST), err=True)
    click.echo(f"{len(inspection.servings)} servings in {inspection.files_read} files", err=True)
