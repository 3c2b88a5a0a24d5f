"""What `inspect` says: one JSON document, or a table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import click

from trimtab.cli.inspect_kept import Said
from trimtab.errors import UsageError
from trimtab.fleet import Serving, Setting
from trimtab.manifest import Inspection, Tree, inspect
from trimtab.render import Workspace, find_tools, with_rendered
from trimtab.text.clean import one_line

SCHEMA = "trimtab/inspect/v1"
_LONGEST = 2000
"""Characters of one line; no control character of a foreign name reaches the terminal."""


def said(root: Path, form: str, processes: int, *, render: bool) -> Said:
    """Return what is printed of a folder, as `json` or as a `table`, with what rendering its charts adds.

    Raises:
        UsageError: It is no folder that can be read.
    """
    tree = read_tree(root)
    inspection = inspect(tree, processes=processes)
    if render:
        with Workspace(root, tree, find_tools(os.environ)) as workspace:
            inspection = replace(inspection, servings=with_rendered(inspection.servings, workspace))
    if form == "json":
        return Said(json.dumps(document(inspection, str(root)), indent=2, ensure_ascii=False) + "\n", "")
    return Said(_lines(_table(inspection)), _lines(_notes(inspection)))


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


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
        "destinations": [asdict(one) for one in serving.destinations],
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


def _table(inspection: Inspection) -> Iterator[str]:
    """Yield one block for each serving."""
    for serving in inspection.servings:
        subject = click.style(one_line(serving.subject, _LONGEST), bold=True)
        yield f"{subject}  {serving.engine or 'engine unknown'}, {serving.wrapper}"
        for field, setting in serving.settings.items():
            where = f"{setting.location.path}:{setting.location.line}"
            note = "" if setting.editable else f"  (not editable: {setting.reason})"
            yield f"    {field:<24} {one_line(setting.raw):<32} {one_line(f'{where}{note}', _LONGEST)}"


def _notes(inspection: Inspection) -> Iterator[str]:
    """Yield what could not be read, then how much was."""
    for one in inspection.unreadable:
        yield one_line(f"{one.path}:{one.line}: cannot be read: {one.reason}", _LONGEST)
    yield f"{len(inspection.servings)} servings in {inspection.files_read} files"
