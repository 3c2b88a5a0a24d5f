"""The grammar of chatops: which commands a comment holds, seen as strictly as a reader could see it.

A command stands alone on a line, at its first column. What a reader does not see as the author's own plain words is no
command: code, quotes and what continues them, struck-out text, HTML and HTML comments, link definitions, and on GitLab
quotes between `>>>` and front matter (https://docs.gitlab.com/user/markdown/, read 2026-08).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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


DECIDING = frozenset({Verb.APPROVE, Verb.DISMISS, Verb.SNOOZE, Verb.REBASE, Verb.ROLLBACK, Verb.SPLIT})
"""What decides about a recommendation; a comment may ask for one such thing."""

_NAME = "/trimtab"
_NEWLINE = re.compile(r"\r\n|\n|\r")
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<[!?].*?(?:>|\Z)"
    r"|<(?P<tag>pre|script|style|textarea|details|code|samp|kbd|tt|var|template|title|xmp|blockquote|q|cite|del|s|strike"
    r"|table|a|svg|math|iframe|noscript|noembed|noframes|object|select|button|audio|video|picture)(?![\w-])"
    r"(?:.*</(?P=tag)\s*>|.*\Z)",
    re.DOTALL | re.IGNORECASE,
)
"""HTML that is not shown, is folded away, is shown as code, quoted or struck out: to the last end it could have."""

_FENCE = re.compile(r" {0,3}(?P<ticks>`{3,}|~{3,}|\${2,}|>{3,}(?=\s*$))")
_FRONT = re.compile(r"(?P<mark>---|\+\+\+|;;;)")
_HIDES = re.compile(r"[<`\[|]|^\s*>|\$\$|~~")
"""What may make the lines after it something else than plain words, until the next empty line."""

_MASK = "`"


def commands_in(body: str) -> tuple[Command, ...]:
    """Return the commands of a comment, in order."""
    if _NAME not in body:
        return ()
    lines = _mask_front(_NEWLINE.split(body))
    masked = [_plain_lines(_fences_first(lines)), _plain_lines(_comments_first(lines))]
    return tuple(
        _command(line)
        for index, line in enumerate(lines)
        if _addresses_us(line) and all(index in plain for plain in masked)
    )


def contradiction(commands: Sequence[Command]) -> str:
    """Return which different decisions a comment asks for at once; empty where it asks for one, or for none."""
    asked = tuple(dict.fromkeys(one for one in commands if one.verb in DECIDING))
    return " and ".join(dict.fromkeys(one.verb.value for one in asked)) if len(asked) > 1 else ""


def _addresses_us(line: str) -> bool:
    return line.startswith((f"{_NAME} ", f"{_NAME}\t")) or line == _NAME


def _command(line: str) -> Command:
    word, _, argument = re.sub(r"[ \t]+", " ", line[len(_NAME) :].strip(" \t")).partition(" ")
    word = word or "help"
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


def _mask_front(lines: list[str]) -> list[str]:
    """Return the lines with what GitLab takes for front matter, and shows as code, made unreadable."""
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    opening = _FRONT.match(lines[first])
    ends = {opening["mark"], "..."} if opening else set()
    closing = next((index for index in range(first + 1, len(lines)) if lines[index].rstrip() in ends), 0)
    return [_MASK if closing and index <= closing else line for index, line in enumerate(lines)]


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
