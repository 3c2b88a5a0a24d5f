"""Writes a scan as Markdown: a step summary, a comment, a wiki page."""

from __future__ import annotations

from trimtab.fleet import Unknown
from trimtab.recommendation import Proposal, Saving
from trimtab.report import summary
from trimtab.report.scan import Scan
from trimtab.text.numbers import money, number, percent
from trimtab.text.templates import markdown_templates

_MOST = 500
"""Rows of one table; GitHub shows 1 MiB of a step summary."""


def markdown(scan: Scan) -> str:
    """Return the scan as GitHub Flavored Markdown."""
    sums = summary.totals(scan)
    context = {
        "scan": scan,
        "sums": sums,
        "cost": "" if isinstance(sums.cost, Unknown) else money(sums.cost),
        "recommendations": [_row(scan, one) for one in scan.proposals[:_MOST]],
        "more": max(0, len(scan.proposals) - _MOST),
        "stuck": [(_name(scan, one), reason) for one, reason in summary.stuck(scan.proposals)][:_MOST],
        "held": [_held_row(scan, index) for index in range(len(scan.plan.held[:_MOST]))],
        "quiet": summary.quiet(scan),
        "gaps": summary.gaps(scan)[:_MOST],
    }
    return markdown_templates().get_template("report/report.md.j2").render(context)


def worth(saving: Saving | Unknown, gpu_hours: float) -> str:
    """Return money a month, or GPU hours where the price is not known."""
    if isinstance(saving, Saving):
        return money(saving.monthly)
    return f"{number(gpu_hours)} GPU h" if gpu_hours else "price not known"


def _row(scan: Scan, one: Proposal) -> tuple[str, str, str, str, str, str]:
    finding = one.priced.finding
    return (
        worth(one.priced.saving, one.priced.gpu_hours),
        _name(scan, one),
        finding.rule,
        summary.what(one.priced),
        percent(one.priced.option.confidence),
        finding.risk,
    )


def _name(scan: Scan, one: Proposal) -> str:
    return summary.who(scan, one.priced.finding.subject)


def _held_row(scan: Scan, index: int) -> tuple[str, str, str, str]:
    held = scan.plan.held[index]
    finding = held.priced.finding
    name = summary.who(scan, finding.subject)
    return (worth(held.priced.saving, held.priced.gpu_hours), name, finding.rule, held.reason)
