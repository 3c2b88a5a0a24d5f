"""`trimtab edit --edits`: many edits in one process, a JSON object a line, a result a line."""

from __future__ import annotations

import json
from pathlib import Path

import click

from trimtab.cli.edit_one import SCHEMA, Editor, Request, document, refused
from trimtab.cli.edit_write import write_files
from trimtab.errors import Exit, TrimtabError, UsageError
from trimtab.manifest import Refusal

_MOST_BYTES = 32 * 1024 * 1024
_TEXTS = ("subject", "file", "at", "selector_key")
_KNOWN = frozenset({"id", "subject", "set", "file", "at", "value", "selector_key"})


def many(editor: Editor, path: Path, *, write: bool) -> int:
    """Print the result of every line of a file, each on the tree as read; written, each on what the one before left.

    Raises:
        UsageError: The file cannot be read; a line that makes no sense is a result.
    """
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            click.echo(json.dumps(_one(editor, line, f"{path}:{number}", write=write)))
    return int(Exit.DONE)


def _lines(path: Path) -> list[str]:
    """Return the lines of a file, which may be a pipe.

    Raises:
        UsageError: It cannot be read, is no text, or never ends.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        lines = data.decode("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{path}: more than {_MOST_BYTES} bytes", "give fewer edits at a time")
    return lines


def _one(editor: Editor, line: str, where: str, *, write: bool) -> dict[str, object]:
    """Return the result of one line."""
    name = _name_of(line)
    try:
        result = editor.edit(parse_request(line, where))
        if write and not isinstance(result, Refusal):
            write_files(editor.root, result.files, editor.tree)
            editor.take(result.files)
    except TrimtabError as error:
        exit_code = int(error.exit_code)
        return {"schema": SCHEMA, "id": name, "status": "error", "reason": error.message, "exit": exit_code}
    if isinstance(result, Refusal):
        return {"id": name, **refused(result), "exit": int(Exit.REFUSED)}
    return {"id": name, **document(result), "exit": int(Exit.DONE)}


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
    unknown = sorted(set(said) - _KNOWN)
    whole = {"at", "value"} <= said.keys() if said.get("file") else bool(values)
    if any(not isinstance(said.get(name, ""), str) for name in _TEXTS):
        raise UsageError(f"{where}: {', '.join(_TEXTS)} are texts")
    if unknown or not whole or not isinstance(values, dict) or bool(said.get("subject")) == bool(said.get("file")):
        hint = f"unknown: {', '.join(unknown)}" if unknown else ""
        raise UsageError(f"{where}: give subject and set, or file, at and value", hint)
    return Request(
        str(said.get("subject", "")),
        {str(field): _text(value, where) for field, value in values.items()},
        str(said.get("file", "")),
        str(said.get("at", "")),
        _text(said.get("value", ""), where),
        str(said.get("selector_key", "")),
    )


def _text(value: object, where: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise UsageError(f"{where}: a value is text, a number, true or false")
