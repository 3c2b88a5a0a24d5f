"""A rule's manual: its module docstring, read into its fixed sections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from trimtab.rule import MANUAL_SECTIONS

_HEADING = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s")


@dataclass(frozen=True, slots=True)
class Manual:
    """What a rule says of itself.

    Attributes:
        text: The whole docstring.
        title: Its first line: the rule's name.
        sections: The text below each heading, in order.
    """

    text: str
    title: str
    sections: Mapping[str, str]

    @property
    def summary(self) -> str:
        """Return the first sentence of what it sees."""
        seen = self.sections.get(MANUAL_SECTIONS[0], "").replace("\n", " ")
        return _SENTENCE_END.split(seen, maxsplit=1)[0].rstrip(":")

    def faults(self, name: str) -> str:
        """Return what the manual of a rule of that name lacks; empty where it is whole."""
        if self.title != name:
            return f"the docstring's first line is {self.title!r}, not the rule's name {name!r}"
        if tuple(self.sections) != MANUAL_SECTIONS:
            return (
                f"the docstring's headings are not, in order: {', '.join(f'## {title}' for title in MANUAL_SECTIONS)}"
            )
        empty = [title for title, text in self.sections.items() if not text]
        return f"nothing stands under {empty[0]!r} in the docstring" if empty else ""


def read_manual(text: str) -> Manual:
    """Return the manual in a module's docstring."""
    first, _, _ = text.strip().partition("\n")
    parts = _HEADING.split(text)
    sections = {parts[i].strip(): parts[i + 1].strip() for i in range(1, len(parts) - 1, 2)}
    return Manual(text.strip(), first.strip(), sections)
