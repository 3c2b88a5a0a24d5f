"""The grammar of chatops: which commands a comment holds, seen as strictly as a reader could see it.

A command stands alone on a line, at its first column. What a reader does not see as the author's own plain words is no
command: code, quotes and what continues them, HTML and HTML comments, link definitions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """What can be asked for."""

    APPROVE = "approve"
    DISMISS = "dismiss"
    SNOOZE = "snooze"
    REBASE = "rebase"
    RECHECK = "recheck"
    EXPLAIN = "explain"
    ROLLBACK = "rollback"
    SPLIT = "split"
    OWNER = "owner"
    HELP = "help"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        verb: What is asked for.
        argument: The rest of the line, as written; for an unknown verb the whole of it.
    """

    verb: Verb
    argument: str


_NAME = "/trimtab"
_NEWLINE = re.compile(r"\r\n|\n|\r")
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?].*?(?:>|\Z)"
    r"|<(?P<tag>pre|script|style|textarea|details|code|samp|kbd|template|title|xmp)\b(?:.*</(?P=tag)\s*>|.*\Z)",
    re.DOTALL | re.IGNORECASE,
)
"""HTML that is not shown, is folded away or is shown as code: to its end, or to the last one that could be its end."""

_FENCE = re.compile(r" {0,3}(?P<ticks>`{3,}|~{3,}|\${2,})")
_HIDES = re.compile(r"[<`\[|]|^\s*>|\$\$")
"""What may make the lines after it something else than plain words, until the next empty line."""

_MASK = "`"


def commands_in(body: str) -> tuple[Command, ...]:
    """Return the commands of a comment, in order."""
    lines = _NEWLINE.split(body)
    masked = [_plain_lines(_fences_first(lines)), _plain_lines(_comments_first(lines))]
    return tuple(
        _command(line)
        for index, line in enumerate(lines)
        if _addresses_us(line) and all(index in plain for plain in masked)
    )


def _addresses_us(line: str) -> bool:
    return line.startswith((f"{_NAME} ", f"{_NAME}\t")) or line == _NAME


def _command(line: str) -> Command:
    words = line[len(_NAME) :].strip(" \t").split(None, 1)
    word, argument = words[0] if words else "help", words[1] if len(words) > 1 else ""
    if word in {verb.value for verb in Verb} - {Verb.UNKNOWN}:
        return Command(Verb(word), argument)
    return Command(Verb.UNKNOWN, f"{word} {argument}".strip())


def _plain_lines(lines: list[str]) -> frozenset[int]:
    """Return the lines before which, in their paragraph, nothing stands that could hide them."""
    plain: set[int] = set()
    hidden = False
    for index, line in enumerate(lines):
        if not line.strip():
            hidden = False
            continue
        if not hidden and not line.startswith(_MASK):
            plain.add(index)
        hidden = hidden or (not _addresses_us(line) and bool(_HIDES.search(line)))
    return frozenset(plain)


def _comments_first(lines: list[str]) -> list[str]:
    return _mask_fences(_mask_comments(lines))


def _fences_first(lines: list[str]) -> list[str]:
    return _mask_comments(_mask_fences(lines))


def _mask_comments(lines: list[str]) -> list[str]:
    """Return the lines with HTML comments made unreadable, empty lines inside them too."""
    text = _UNSEEN.sub(lambda found: re.sub(r"^.*$", _MASK, found.group(), flags=re.MULTILINE), "\n".join(lines))
    return text.split("\n")


def _mask_fences(lines: list[str]) -> list[str]:
    """Return the lines with fenced blocks made unreadable; one that is never closed reaches to the end."""
    masked: list[str] = []
    fence = ""
    for line in lines:
        match = _FENCE.match(line)
        if fence:
            closes = match is not None and match["ticks"].startswith(fence) and not line[match.end() :].strip()
            fence = "" if closes else fence
            masked.append(_MASK)
        elif match:
            fence = match["ticks"]
            masked.append(_MASK)
        else:
            masked.append(line)
    return masked
