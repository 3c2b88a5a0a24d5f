"""Cuts a template into text and actions, and an action into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.manifest.charts.syntax import BadTemplateError

_ACTION = re.compile(
    r"\{\{(?P<trims>-(?=\s))?(?:\s*/\*.*?\*/\s*|(?P<inside>(?:\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|'(?:\\.|[^'\\\n])+'|[^\"`'])*?))"
    r"(?P<trims_after>(?<=\s)-|(?<=\*/)\s+-)?\}\}",
    re.DOTALL,
)
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<string>\"(?:\\.|[^\"\\])*\"|`[^`]*`)|(?P<char>'(?:\\.|[^'\\])+')"
    r"|(?P<number>[-+]?(?:0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?))|(?P<field>\.[A-Za-z_]\w*)"
    r"|(?P<variable>\$\w*)|(?P<word>[A-Za-z_]\w*)|(?P<mark>:=|[.()|=,])"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token of an action.

    Attributes:
        kind: `string`, `char`, `number`, `field`, `variable`, `word` or `mark`.
        text: As written.
        joined: Whether nothing stands between it and the one before.
    """

    kind: str
    text: str
    joined: bool


def pieces(text: str) -> Iterator[tuple[str, tuple[Token, ...] | None]]:
    """Yield text, and after each the action that follows it, None after the last; comments are empty actions.

    Raises:
        BadTemplateError: An action has no end, or holds what no action does.
    """
    at, trimmed = 0, False
    while (start := text.find("{{", at)) >= 0:
        match = _ACTION.match(text, start)
        if match is None:
            raise BadTemplateError("an action without an end")
        before = text[at:start]
        before = before.lstrip() if trimmed else before
        yield (before.rstrip() if match["trims"] else before), tuple(_tokens(match["inside"] or ""))
        at, trimmed = match.end(), bool(match["trims_after"])
    yield (text[at:].lstrip() if trimmed else text[at:]), None


def _tokens(inside: str) -> Iterator[Token]:
    at, joined = 0, False
    while at < len(inside):
        match = _TOKEN.match(inside, at)
        if match is None or match.lastgroup is None:
            raise BadTemplateError(f"no action holds {inside[at]!r}")
        if match.lastgroup != "space":
            yield Token(match.lastgroup, match.group(), joined)
        at, joined = match.end(), match.lastgroup != "space"
