"""The words of a pull request that several recommendations share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from trimtab import __version__
from trimtab.config import GroupBy
from trimtab.fleet import Fleet
from trimtab.propose.assemble import Section, fit
from trimtab.propose.sections import SECTIONS
from trimtab.propose.state import hidden_together
from trimtab.propose.told import Edited, Told
from trimtab.recommendation import Proposal, Saving
from trimtab.text import names
from trimtab.text.markdown import escape, plain
from trimtab.text.numbers import money
from trimtab.text.templates import markdown_templates

_LONGEST_TITLE = 200
_LAST = 5
"""When the plain words of each member make place: after everything that folds."""


def title(members: Sequence[Proposal], fleet: Fleet, group_by: GroupBy) -> str:
    """Return one line: what they have in common, how many they are, and what they are worth together.

    A plan holds no two that claim the same money, so that savings add up.
    """
    first = members[0]
    common = {
        GroupBy.WORKLOAD: names.subject(first.priced.finding.subject, len(fleet.clusters) > 1),
        GroupBy.TEAM: first.team,
        GroupBy.RULE: first.priced.finding.rule,
    }
    return plain(f"{common.get(group_by, first.repository)}: {len(members)} changes{worth(members)}", _LONGEST_TITLE)


def worth(members: Sequence[Proposal]) -> str:
    """Return what they save or add a month together, for a title; what has no known price is said, and not guessed."""
    known = [one.priced.saving.monthly for one in members if isinstance(one.priced.saving, Saving)]
    total = sum(known, Decimal(0))
    unknown = len(members) - len(known)
    more = f", {unknown} without a known price" if unknown else ""
    if not total:
        return more
    return f", {'save' if total > 0 else 'add'} {money(abs(total))} a month{more}"


def body(members: Sequence[Proposal], fleet: Fleet) -> str:
    """Return the whole text, below 65,536 characters, ending with the hidden state."""
    parts = [part for number, one in enumerate(members, start=1) for part in _sections(number, one, fleet)]
    lead = Section("list", _render("together", members))
    closing = Section("commands", _render("together-end", members))
    return fit([lead, *parts, closing, Section("state", hidden_together(members))])


def _sections(number: int, one: Proposal, fleet: Fleet) -> Iterator[Section]:
    """Yield the sections of one member, without what the pull request says once."""
    edited = Edited(one.repository, one.edits, one.diff, one.proof, one.refused)
    told = Told(one.priced, fleet, edited)
    yield Section("heading", f"### {number}. {escape(one.title)}")
    for section in (section(told) for section in SECTIONS):
        if section.name != "commands":
            yield replace(section, spare=section.spare or _LAST)


def _render(name: str, members: Sequence[Proposal]) -> str:
    rows = [
        {"title": one.title, "id": one.id, "rule": one.priced.finding.rule, "risk": one.priced.finding.risk}
        for one in members
    ]
    context = {"rows": rows, "version": __version__, "facts": members[0].facts_digest[:19]}
    return markdown_templates().get_template(f"pull-request/{name}.md.j2").render(context)
