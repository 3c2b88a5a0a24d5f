"""What a reviewer is told beside the figures: what became of such changes before, and where prices are from."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.propose import samples
from trimtab.fleet import Unknown
from trimtab.propose import wording
from trimtab.propose.told import Edited, Told

AWS = "p5.48xlarge, on demand, an API's answer, 2026-07-06; g6e.12xlarge, on demand, an API's answer, 2026-07-06"


def body(**values: object) -> str:
    """Return the text of a recommendation without an edit."""
    priced = replace(samples.priced(), **values)  # type: ignore[arg-type]  # each field gets its own kind
    return wording.body(Told(priced, samples.fleet(), Edited("", (), "", Unknown("none"), "")), "f")


def test_earlier_outcomes_stand_beside_how_sure_it_is() -> None:
    """Where any were merged, the sentence follows the confidence; where none were, there is nothing to say."""
    said = "Of 31 such changes merged in your fleet, 31 were verified."

    assert f"%.** {said} " in body(experience=said)
    assert "such changes" not in body()


def test_a_long_source_of_prices_is_cut_in_the_table_and_whole_in_the_evidence() -> None:
    """The table says what was bought; who says so stands with what was seen."""
    costs = {"cost_now": Decimal(10000), "cost_then": Decimal(4000)}
    text = body(rate_source=AWS, **costs)

    (row,) = [line for line in text.splitlines() if line.startswith("| GPU cost")]
    assert row.endswith("| p5.48xlarge, on demand; g6e.12xlarge, on demand |")
    assert f"Prices: {AWS}." in text
    assert "Prices:" not in body(rate_source="prices.csv:4", **costs)
