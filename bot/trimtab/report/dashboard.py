"""The dashboard: one issue that lists everything, with boxes by which a person releases what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.fleet import Unknown
from trimtab.life import Entry, State, histories
from trimtab.recommendation import Link, Proposal
from trimtab.report import summary
from trimtab.report.markdown import worth
from trimtab.report.scan import Scan
from trimtab.text.markdown import Md, link
from trimtab.text.names import steps, subject
from trimtab.text.numbers import money, percent
from trimtab.text.templates import markdown_templates

_MOST = 40
"""Rows under one heading: an issue holds 65,536 characters."""

RELEASE = "<!-- trimtab:release:"
"""Begins the hidden mark of a box; the recommendation's identity follows."""

_LIVE = frozenset({State.PROPOSED, State.OPEN})


@dataclass(frozen=True, slots=True)
class Row:
    """One recommendation.

    Attributes:
        id: Its identity, by which a box releases it.
        worth: US dollars a month, or GPU hours.
        name: What it is about.
        what: What is changed, or what a person should do.
        rule: The rule's name.
        sure: Confidence, in percent.
        url: Of its pull request; empty where there is none.
        why: Why it waits, or what became of it.
        box: Whether a person may release it.
    """

    id: str
    worth: str
    name: str
    what: str
    rule: str
    sure: str = ""
    url: str = ""
    why: str = ""
    box: bool = False


def dashboard(scan: Scan, entries: Sequence[Entry], links: Sequence[Link], mark: str) -> str:
    """Return the issue's text: the same findings and the same ledger give the same bytes, whatever the time of day.

    Args:
        scan: What was found now.
        entries: The whole ledger.
        links: What the run made of it; none in `mode: report`.
        mark: The first line, by which the issue is found again.
    """
    lives = {name: held[-1] for name, held in histories(entries).items()}
    placed = {one.id: one for one in links}
    now = [_now(scan, one, placed.get(one.id)) for one in scan.proposals]
    sums = summary.totals(scan)
    context = {
        "sums": sums,
        "cost": "" if isinstance(sums.cost, Unknown) else money(sums.cost),
        "sections": [
            ("Open", _cut([row for row in now if row.url])),
            ("Waiting", _cut([row for row in now if not row.url and row.box])),
            ("Recommended", _cut([row for row in now if not row.url and not row.box])),
            ("Held back", _cut(_held(scan))),
            ("Merged, and watched", _cut(_past(scan, lives, State.APPROVED, State.ACTUATED))),
            ("Went wrong", _cut(_past(scan, lives, State.REGRESSED))),
            ("Verified", _cut(_past(scan, lives, State.VERIFIED))),
        ],
        "verified": _verified(lives),
        "quiet": summary.quiet(scan),
        "gaps": summary.gaps(scan)[:_MOST],
        "any_box": any(row.box for row in now),
        "link": link,
        "release_mark": _release_mark,
    }
    return f"{mark}\n{markdown_templates().get_template('dashboard/dashboard.md.j2').render(context).strip()}\n"


def _release_mark(identity: str) -> Md:
    """Return the hidden mark by which a ticked box is known."""
    return Md(f"{RELEASE}{identity} --> ")


def _cut(rows: Sequence[Row]) -> tuple[tuple[Row, ...], int]:
    """Return the first rows, and how many more there are."""
    return tuple(rows[:_MOST]), max(0, len(rows) - _MOST)


def _now(scan: Scan, one: Proposal, placed: Link | None) -> Row:
    """Return the row of a recommendation of now, with where it stands."""
    finding = one.priced.finding
    is_open = placed is not None and placed.state in _LIVE and bool(placed.url)
    return Row(
        id=one.id,
        worth=worth(one.priced.saving, one.priced.gpu_hours),
        name=summary.who(scan, finding.subject),
        what=summary.what(one.priced),
        rule=finding.rule,
        sure=percent(one.priced.option.confidence),
        url=placed.url if placed and is_open else "",
        why=placed.note if placed and not is_open else _why_stuck(one),
        box=placed is not None and not is_open and one.publishable,
    )


def _why_stuck(one: Proposal) -> str:
    return next((reason for _, reason in summary.stuck((one,))), "")


def _held(scan: Scan) -> list[Row]:
    return [
        Row(
            id=held.priced.id,
            worth=worth(held.priced.saving, held.priced.gpu_hours),
            name=summary.who(scan, held.priced.finding.subject),
            what=summary.what(held.priced),
            rule=held.priced.finding.rule,
            why=held.reason,
        )
        for held in scan.plan.held
    ]


def _past(scan: Scan, lives: Mapping[str, Entry], *states: State) -> list[Row]:
    """Return what was merged, the latest first."""
    found = sorted((entry for entry in lives.values() if entry.step in states), key=lambda entry: -entry.seq)
    several = len(scan.fleet.clusters) > 1
    return [
        Row(
            id=entry.recommendation,
            worth=money(Decimal(entry.saving)) if entry.saving else "price not known",
            name=subject(entry.subject, several_clusters=several),
            what=steps(entry.changes),
            rule=entry.rule,
            url=entry.url,
            why=entry.note,
        )
        for entry in found
    ]


def _verified(lives: Mapping[str, Entry]) -> str:
    """Return the verified savings a month; empty where there are none."""
    found = [Decimal(one.saving) for one in lives.values() if one.step == State.VERIFIED and one.saving]
    return money(sum(found, Decimal(0))) if found else ""
