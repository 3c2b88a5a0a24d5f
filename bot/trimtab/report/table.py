"""The table that `trimtab scan` prints."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trimtab.fleet import Unknown
from trimtab.recommendation import Priced, Saving
from trimtab.report import summary
from trimtab.report.markdown import worth
from trimtab.report.scan import Scan
from trimtab.text.clean import wrapped
from trimtab.text.numbers import money, percent

_RISKS = {"low": "green", "medium": "yellow", "high": "red"}


def table(scan: Scan) -> RenderableType:
    """Return what rich prints: recommendations with their worth, then what is held, quiet and unread, then sums."""
    return Group(*_blocks(scan))


def _blocks(scan: Scan) -> Iterator[RenderableType]:
    if scan.proposals:
        yield _recommendations(scan)
    else:
        yield Text("Nothing to recommend.", style="bold")
    for title, lines in _lists(scan):
        if lines:
            yield Text.assemble("\n", (title, "bold"))
            yield from (Text(f"  {wrapped(line, 2000)}") for line in lines)
    yield _sums(scan)


def _recommendations(scan: Scan) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("$ a month", justify="right", style="bold", no_wrap=True)
    shown.add_column("subject", overflow="fold")
    shown.add_column("change", overflow="fold", ratio=1)
    shown.add_column("rule", no_wrap=True, style="cyan")
    shown.add_column("sure", justify="right", no_wrap=True)
    shown.add_column("risk", no_wrap=True)
    for one in scan.proposals:
        risk = one.priced.finding.risk
        shown.add_row(
            _worth(one.priced),
            _cell(summary.who(scan, one.priced.finding.subject)),
            _cell(summary.what(one.priced)),
            _cell(one.priced.finding.rule),
            _cell(percent(one.priced.option.confidence)),
            Text(risk, style=_RISKS[risk]),
        )
    return shown


def _worth(priced: Priced) -> Text:
    saves = isinstance(priced.saving, Saving) and priced.saving.monthly > 0
    return Text(worth(priced.saving, priced.gpu_hours), style="green" if saves else "")


def _cell(text: str) -> Text:
    """Return text that rich reads no markup in; terminals see no control characters."""
    return Text(wrapped(text))


def _lists(scan: Scan) -> Iterator[tuple[str, list[str]]]:
    """Yield the headings below the table with their lines."""
    stuck = summary.stuck(scan.proposals)
    yield (
        "Recommended, but no pull request can be opened",
        [f"{summary.who(scan, one.priced.finding.subject)}: {reason}" for one, reason in stuck],
    )
    yield (
        "Held back",
        [
            f"{summary.who(scan, held.priced.finding.subject)} {held.priced.finding.rule}: {held.reason}"
            for held in scan.plan.held
        ],
    )
    yield (
        "Silent",
        [f"{quiet.count:,} \u00d7 {quiet.words}, such as: {quiet.reasons[0][0]}" for quiet in summary.quiet(scan)],
    )
    yield ("Not read", [": ".join(filter(None, (gap.cluster, gap.what, gap.reason))) for gap in summary.gaps(scan)])


def _sums(scan: Scan) -> Text:
    sums = summary.totals(scan)
    line = Text("\n")
    if not isinstance(sums.cost, Unknown):
        line.append(f"The GPUs cost {money(sums.cost)} a month. ")
    if sums.saving > 0:
        line.append(f"{money(sums.saving)} of it can be saved", style="bold green")
        line.append(f" (between {money(sums.low)} and {money(sums.high)}).")
    elif sums.saving < 0:
        line.append(f"What is recommended adds {money(-sums.saving)} a month.")
    if sums.unpriced:
        line.append(f" {sums.unpriced:,} more without a known price.")
    return line
