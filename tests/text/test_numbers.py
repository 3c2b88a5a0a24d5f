from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.text.numbers import figure, money, number, percent, span


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0"),
        ("0.004", "$0"),
        ("4.2", "$4.20"),
        ("9.996", "$10"),
        ("99.5", "$100"),
        ("3664.60", "$3,660"),
        ("123456", "$123,000"),
        ("-1200.4", "-$1,200"),
    ],
)
def test_money_has_no_false_precision(amount: str, shown: str) -> None:
    """An amount has cents below ten dollars and at most three significant digits above."""
    assert money(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [(0.0, "0 %"), (0.004, "0.4 %"), (0.344, "34 %"), (0.9999, "99.9 %"), (1.0, "100 %"), (1.31, "131 %")],
)
def test_percent_is_never_all_for_less(ratio: float, shown: str) -> None:
    """A ratio reads as a percentage, and only 1 is 100 %."""
    assert percent(ratio) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (8192.0, "tokens", "8,192 tokens"),
        (441_237.0, "tokens", "441,000 tokens"),
        (1.0, "cores", "1 core"),
        (0.5, "requests/s", "0.5 requests/s"),
        (12_345.0, "ms", "12.3 s"),
        (21.04, "ms", "21 ms"),
        (3.0, "count", "3"),
        (math.nan, "GiB", "unknown"),
        (math.inf, "ms", "without bound"),
    ],
)
def test_figures_have_their_unit(value: float, unit: str, shown: str) -> None:
    """A figure has three significant digits and its unit; counted ones are exact."""
    assert figure(value, unit) == shown


def test_span_names_the_unit_once() -> None:
    """A range says its unit once where both ends have the same one, and nothing where the ends read alike."""
    assert span(18, 25, "ms") == "18 to 25 ms"
    assert span(9000, 12000, "ms") == "9,000 ms to 12 s"
    assert span(21.01, 21.02, "ms") == ""
    assert span(math.nan, 3, "ms") == ""


@given(st.floats(min_value=1e-9, max_value=1e15))
def test_number_keeps_the_size(value: float) -> None:
    """A shown number is within half a percent of the figure it stands for."""
    assert math.isclose(float(number(value).replace(",", "")), value, rel_tol=0.00501)
