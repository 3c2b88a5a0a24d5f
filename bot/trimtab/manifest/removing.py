"""Takes a switch out of a command: its item of the list, or its word of the script, and nothing beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from trimtab.errors import RefusedError
from trimtab.manifest.command import Command, Word, read_flags
from trimtab.manifest.items import remove_items
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import Splice
from trimtab.manifest.write import replace_part

_GAP = re.compile(r"(?:[ \t]|\\\r?\n)+\Z")


def remove_switches(field: str, command: Command) -> tuple[Splice, ...]:
    """Return the splices that remove every switch of a field, the doubled ones too.

    Raises:
        RefusedError: One of them is shared, has a value, or stands where the list's style cannot be followed.
    """
    found = [flag for flag in read_flags(command.words, command.engine) if flag.field == field]
    valued = next((flag for flag in found if flag.value is not None), None)
    if valued is not None:
        raise RefusedError(f"{valued.name.value} is given a value", "remove it by hand")
    words = [flag.word for flag in found]
    scripts = tuple(_out_of_script(word) for word in words if word.script is not None)
    return (*scripts, *_out_of_lists([word for word in words if word.script is None]))


def _out_of_lists(words: Sequence[Word]) -> Iterator[Splice]:
    """Yield the splices that remove items of lists, those next to each other at once."""
    runs: list[tuple[Cursor, int, int]] = []
    for word in words:
        if word.listed is None:
            raise RefusedError(f"{word.text.value} is the only word of the command", "remove it by hand")
        at = next(at for at, item in enumerate(word.listed.items()) if item.path == word.holder.path)
        if runs and runs[-1][0] is word.listed and runs[-1][2] == at - 1:
            runs[-1] = (word.listed, runs[-1][1], at)
        else:
            runs.append((word.listed, at, at))
    for listed, first, last in runs:
        yield from remove_items(listed, first, last)


def _out_of_script(word: Word) -> Splice:
    """Return the splice that removes a word with the white space and the continued lines before it."""
    script = word.script
    assert script is not None  # noqa: S101 - the caller asked
    if word.holder.why_locked:
        raise RefusedError(word.holder.why_locked, "edit it by hand")
    gap = _GAP.search(script.value, 0, word.start)
    return replace_part(word.holder.source.path, script.cut(gap.start() if gap else word.start, word.end), "")
