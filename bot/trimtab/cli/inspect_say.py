"""What `inspect` says: one JSON document, or a table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import click

from trimtab.cli.inspect_kept import Said
from trimtab.errors import UsageError
from trimtab.fleet import Serving, Setting
from trimtab.manifest import Inspection, Tree, inspect
from trimtab.render import Unseen, Workspace, find_tools, unseen, with_rendered
from trimtab.text.clean import one_line

SCHEMA = "trimtab/inspect/v1"
_LONGEST = 2000
"""Characters of one line; no control character of a foreign name reaches the terminal."""


def said(root: Path, form: str, processes: int, charts: Path | None = None, *, render: bool) -> Said:
    """Return what is printed of a folder, as `json` or as a `table`, with what rendering its charts adds.

    Args:
        root: The folder.
        form: How it is said.
        processes: How many may share the work.
        charts: A folder of charts that it names and does not hold.
        render: Whether charts are rendered.

    Raises:
        UsageError: It is no folder that can be read.
    """
    tree = read_tree(root)
    inspection = inspect(tree, processes=processes)
    missed: tuple[Unseen, ...] | None = None
    if render:
        tools = replace(find_tools(os.environ), charts=str(charts.absolute()) if charts is not None else "")
        with Workspace(root, tree, tools) as workspace:
            inspection = replace(inspection, servings=with_rendered(inspection.servings, workspace))
            missed = unseen(workspace)
    if form == "json":
        more = {} if missed is None else {"unrendered": [asdict(one) for one in missed]}
        whole = {**document(inspection, str(root)), **more}
        return Said(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", "")
    return Said(_lines(_table(inspection)), _lines((*_missed(missed or ()), *_notes(inspection))))


def _missed(missed: tuple[Unseen, ...]) -> Iterator[str]:
    """Yield which charts could not be rendered, and why."""
    for one in missed:
        yield one_line(f"{one.path}: {one.release} cannot be rendered: {one.reason}", _LONGEST)


def _lines(lines: Iterable[str]) -> str:
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
