"""The rendered difference as people read it: object by object, one line taken out and one put in for each field."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from trimtab.render import FieldChange
from trimtab.render.compare import ABSENT

_LONGEST = 400
_SECRET = frozenset({"Secret", "SealedSecret"})
_HIDDEN = "(hidden: a secret)"


def show(changes: Sequence[FieldChange]) -> str:
    """Return the changes as text for a `diff` block."""
    blocks = []
    for owner, group in groupby(changes, key=lambda change: change.object):
        lines = [line for change in group for line in _lines(change)]
        blocks.append("\n".join((f" {owner}", *lines)))
    return "\n".join(blocks)


def _lines(change: FieldChange) -> Iterator[str]:
    """Yield a field's lines; of a text of several lines only those that differ."""
    where = _path(change.pointer)
    before, after = (_told(change, side) for side in (change.before, change.after))
    if "\n" in before or "\n" in after:
        yield f"   {where}"
        for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""):
            if not line.startswith(("---", "+++", "@@")):
                yield f"{line[0]}  {line[1 : _LONGEST + 1]}"
        return
    if change.before != ABSENT:
        yield f"-  {where}: {_short(before)}"
    if change.after != ABSENT:
        yield f"+  {where}: {_short(after)}"


def _told(change: FieldChange, said: str) -> str:
    """Return a side of a change as text; of a secret only that there is something."""
    open_fields = ("/metadata", "/type", "/kind", "/apiVersion")
    hidden = change.object.kind in _SECRET and not change.pointer.startswith(open_fields)
    return _HIDDEN if hidden and said != ABSENT else _text(said)


def _path(pointer: str) -> str:
    """Return a JSON pointer as people write paths: `spec.template.spec.containers[0].args[3]`."""
    path = ""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if name.isdigit():
            path += f"[{name}]"
        elif "." in name or "/" in name:
            path += f'["{name}"]'
        else:
            path += f".{name}" if path else name
    return path or "(the whole object)"


def _text(said: str) -> str:
    """Return a text without its JSON quotes, and anything else as JSON."""
    if said == ABSENT:
        return ""
    value = json.loads(said)
    return value if isinstance(value, str) else said


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
