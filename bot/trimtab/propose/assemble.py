"""Joins the sections of a pull request's text, and leaves spare ones out where the whole would be too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trimtab.text.numbers import number
from trimtab.text.templates import markdown_templates

LONGEST_BODY = 65_535
"""GitHub takes 65,536 characters; counted here in UTF-16 units, which is never fewer than characters."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the text.

    Attributes:
        name: How the note calls it where it is left out.
        text: Its Markdown; empty where there is nothing to say.
        spare: Order in which it is left out where the whole is too long; 0 is never.
    """

    name: str
    text: str
    spare: int = 0


def fit(sections: Sequence[Section], longest: int = LONGEST_BODY) -> str:
    """Return the sections as one text; spare ones make place for a note until it is short enough."""
    kept = list(sections)
    for spare in sorted({section.spare for section in sections if section.spare}):
        if _length(_join(kept)) <= longest:
            break
        kept = [_left_out(section) if section.spare == spare and section.text else section for section in kept]
    return _join(kept)


def _join(sections: Sequence[Section]) -> str:
    return "\n\n".join(section.text.strip("\n") for section in sections if section.text.strip()) + "\n"


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _left_out(section: Section) -> Section:
    template = markdown_templates().get_template("pull-request/left-out.md.j2")
    note = template.render(name=section.name, length=number(_length(section.text)))
    return Section(section.name, note, section.spare)
