"""The rows of a pull request's tables: figures beside each other, with what they are compared with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.recommendation import Priced
from trimtab.rule import Evidence, Footprint, Prediction
from trimtab.text.compare import compared, outlook
from trimtab.text.names import gpu
from trimtab.text.numbers import HOURS_A_MONTH, figure, money, number

_PROMQL = re.compile(r"\w[({\[]")
_TELLING = 2
_BASES = {
    "measured": "measured",
    "calibrated": "from what is measured now",
    "roofline": "from the hardware's limits",
    "arithmetic": "computed",
    "unchanged": "does not change",
    "restored": "measured after the merge, and before it",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of now and then."""

    name: str
    now: str
    then: str
    note: str
    basis: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of the evidence; `query` is empty where the source is no query but a place or a basis."""

    name: str
    value: str
    compared: str
    window: str
    source: str
    query: str


def cost_row(priced: Priced) -> Row:
    """Return what the GPUs cost a month, in dollars where the price is known and in GPU hours where not."""
    if isinstance(priced.cost_now, Decimal) and isinstance(priced.cost_then, Decimal):
        return Row("GPU cost, a month", money(priced.cost_now), money(priced.cost_then), "", price_basis(priced))
    hours = [f"{number(gpus * HOURS_A_MONTH)} h" for gpus in (priced.finding.before.gpus, priced.option.after.gpus)]
    return Row("GPU hours, a month", hours[0], hours[1], "", "")


def price_basis(priced: Priced) -> str:
    """Return where prices are from in a few words, such as `p5.48xlarge, on demand`; the rest stands with the evidence.

    Sources of several prices are joined by semicolons, and each tells the most telling first.
    """
    sources = (", ".join(source.split(", ")[:_TELLING]) for source in priced.rate_source.split("; "))
    return "; ".join(dict.fromkeys(sources))


def prediction_row(prediction: Prediction) -> Row:
    """Return a figure before and after, with its bounds and the objective it must keep."""
    unit = prediction.unit
    return Row(
        prediction.name,
        figure(prediction.before, unit),
        figure(prediction.after, unit),
        outlook(prediction),
        _BASES.get(prediction.basis, prediction.basis),
    )


def holding(footprint: Footprint) -> str:
    """Return two by name, such as `2 x H100 80GB HBM3`, or `none`."""
    if not footprint.gpus:
        return "none"
    return f"{number(footprint.gpus)} \u00d7 {gpu(footprint.product)}" if footprint.product else number(footprint.gpus)


def seen_rows(evidence: Sequence[Evidence]) -> tuple[Seen, ...]:
    """Return the evidence with queries numbered from 1, as they stand below the table; equal queries share one."""
    queries = list(dict.fromkeys(one.query for one in evidence if _PROMQL.search(one.query)))
    return tuple(_seen(one, queries) for one in evidence)


def _seen(one: Evidence, queries: Sequence[str]) -> Seen:
    asked = one.query in queries
    source = f"query {queries.index(one.query) + 1}" if asked else one.query
    return Seen(one.name, figure(one.value, one.unit), compared(one), one.window, source, one.query if asked else "")


def queries_to_paste(rows: Sequence[Seen]) -> str:
    """Return each query once below a comment that names what it shows."""
    by_query: dict[str, list[str]] = {}
    for row in rows:
        if row.query:
            by_query.setdefault(row.query, []).append(row.name)
    return "\n".join(
        f"# {index}. {' / '.join(' '.join(name.split()) for name in names)}\n{query}"
        for index, (query, names) in enumerate(by_query.items(), start=1)
    )
