"""The dashboard: one issue that lists everything, with boxes by which a person releases what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from trimtab.fleet import Unknown
from trimtab.life import Entry, State, histories
from trimtab.recommendation import Link
from trimtab.report import summary
from trimtab.report.scan import Scan
from trimtab.report.standing import Group, Grouped, Row, group_of, grouped
from trimtab.text.markdown import Md, link
from trimtab.text.numbers import money
from trimtab.text.templates import markdown_templates

LONGEST = 65_535
"""An issue of GitHub takes 65,536 characters; counted here in UTF-16 units, which is never fewer than characters."""

_MOST = (40, 20, 10, 5, 2, 1)
"""Rows under one heading: as many as fit."""

RELEASE = "<!-- trimtab:release:"
"""Begins the hidden mark of a box; the recommendation's identity follows."""

_LIVE = frozenset({Group.OPEN, Group.WAITING, Group.PROPOSED, Group.BY_HAND})
"""What can still be saved; what was decided against is nobody's promise any more."""


def dashboard(scan: Scan, entries: Sequence[Entry], links: Sequence[Link], mark: str) -> str:
    """Return the issue's text: the same findings and the same ledger give the same bytes, whatever the time of day.

    Args:
        scan: What was found now.
        entries: The whole ledger.
        links: What the run made of it; none in `mode: report`.
        mark: The first line, by which the issue is found again.
    """
    groups = grouped(scan, entries, links)
    lives = {name: held[-1] for name, held in histories(entries).items()}
    placed = {one.id: one for one in links}
    live = tuple(one for one in scan.proposals if group_of(one, lives, placed) in _LIVE)
    sums = summary.totals(replace(scan, proposals=live))
    context = {
        "sums": sums,
        "cost": "" if isinstance(sums.cost, Unknown) else money(sums.cost),
        "verified": _verified(lives),
        "counts": [(len(rows), group.lower()) for group, rows in groups.items() if rows],
        "quiet": summary.quiet(scan),
        "any_box": any(row.box for rows in groups.values() for row in rows),
        "link": link,
        "release_mark": _release_mark,
    }
    texts = (_text(context, groups, scan, most, mark) for most in _MOST)
    return next((text for text in texts if len(text.encode("utf-16-le")) // 2 <= LONGEST), f"{mark}\n")


def _text(context: Mapping[str, object], groups: Grouped, scan: Scan, most: int, mark: str) -> str:
    """Return the text with so many rows under each heading."""
    sections = [(group.value, *_cut(rows, most)) for group, rows in groups.items() if rows]
    gaps = summary.gaps(scan)
    template = markdown_templates().get_template("dashboard/dashboard.md.j2")
    text = template.render(**context, sections=sections, gaps=gaps[:most], more_gaps=max(0, len(gaps) - most))
    return f"{mark}\n{text.strip()}\n"


def _cut(rows: Sequence[Row], most: int) -> tuple[tuple[Row, ...], int]:
    """Return the first rows, and how many more there are."""
    return tuple(rows[:most]), max(0, len(rows) - most)


def _release_mark(identity: str) -> Md:
    """Return the hidden mark by which a ticked box is known."""
    return Md(f"{RELEASE}{identity} --> ")


def _verified(lives: Mapping[str, Entry]) -> str:
    """Return the verified savings a month; empty where there are none. A way back saves nothing: it ends a promise."""
    verified = [one for one in lives.values() if one.step == State.VERIFIED and one.saving and not one.reverts]
    found = [Decimal(one.saving) for one in verified]
    return money(sum(found, Decimal(0))) if found else ""
