"""The words of a proposal: title, body, commit message."""

from __future__ import annotations

import textwrap

from trimtab.fleet import Unknown
from trimtab.propose import sections
from trimtab.propose.state import hidden
from trimtab.propose.told import Told
from trimtab.text import names
from trimtab.text.markdown import Md, plain
from trimtab.text.numbers import money
from trimtab.text.templates import markdown_templates

_LONGEST_TITLE = 200
_LONGEST_PARAGRAPH = 1200
_WIDTH = 72
"""Git's customary width of a commit message."""


def title(told: Told) -> str:
    """Return one line: who, what instead of what, and what it is worth."""
    who = names.subject(told.subject, told.several_clusters)
    what = names.headline(told.changes) or told.priced.finding.rule
    what = f"back to {what}" if told.priced.reverts else what
    return plain(f"{who}: {what}{_benefit(told)}", _LONGEST_TITLE)


def _benefit(told: Told) -> str:
    """Return the worth for a title; a change that saves nothing names its rule instead."""
    saving, rule = told.priced.saving, told.priced.finding.rule
    if isinstance(saving, Unknown):
        return f", {sections.hours(told)}" if told.priced.gpu_hours else f" ({rule})"
    if saving.monthly > 0:
        return f", saves {money(saving.monthly)} a month"
    if saving.monthly < 0:
        why = "" if told.priced.reverts else f" ({rule})"
        return f", adds {money(-saving.monthly)} a month{why}"
    return f" ({rule})" if told.changes else ""


def body(told: Told, fingerprint: str) -> str:
    """Return the pull request's text with its hidden state."""
    return sections.body(told, hidden(told, fingerprint))


def commit_message(told: Told) -> str:
    """Return subject, body and trailers; nothing in them can forge a trailer, mention a person or skip a pipeline."""
    finding = told.priced.finding
    who = names.subject(told.subject, told.several_clusters)
    subject = plain(f"{who}: {names.headline(told.changes) or finding.rule}")
    paragraphs = (finding.diagnosis, f"{sections.worth(told)}.")
    template = markdown_templates().get_template("commit-message.txt.j2")
    return template.render(
        subject=Md(textwrap.shorten(subject, _WIDTH, placeholder=" …")),
        paragraphs=[Md(textwrap.fill(plain(paragraph, _LONGEST_PARAGRAPH), _WIDTH)) for paragraph in paragraphs],
        id=told.priced.id,
        facts=Md(plain(told.fleet.facts_digest)),
    )
