"""Figures as people read them: three significant digits, thousands apart, the unit behind, no false precision."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

HOURS_A_MONTH = 730
"""A month in all prices: 8,760 hours of a year by twelve."""

_WORDS = {
    "cores": ("core", "cores"),
    "tokens": ("token", "tokens"),
    "requests": ("request", "requests"),
    "GPUs": ("GPU", "GPUs"),
    "replicas": ("replica", "replicas"),
    "count": ("", ""),
}
_SECONDS_FROM_MS = 10_000
_ALL = 100.0
_SURELY_EXACT = 10_000
_WHOLE_PERCENT = 10.0


def money(amount: Decimal) -> str:
    """Return US dollars: `$3,660`, `$42`, `$4.20`, `-$120`; three significant digits at most from $10 on."""
    sign, size = ("-", -amount) if amount < 0 else ("", amount)
    if size < Decimal("9.995"):
        cents = size.quantize(Decimal("0.01"), ROUND_HALF_UP)
        return f"{sign}${cents}" if cents else "$0"
    place = Decimal(1).scaleb(max(0, size.adjusted() - 2))
    return f"{sign}${(size / place).quantize(Decimal(1), ROUND_HALF_UP) * place:,f}"


def number(value: float, digits: int = 3) -> str:
    """Return a number with at most `digits` significant digits and thousands apart; `unknown` for NaN."""
    if math.isnan(value):
        return "unknown"
    if math.isinf(value):
        return "without bound" if value > 0 else "below any bound"
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    factor = digits - 1 - math.floor(math.log10(abs(value)))
    text = f"{round(value, factor):,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(ratio: float) -> str:
    """Return a ratio as `34 %`, `0.4 %` or `99.7 %`: never 100 % for less than all, never 0 % for more than none."""
    if math.isnan(ratio) or math.isinf(ratio):
        return number(ratio)
    share = ratio * 100
    if _ALL - 1 < share < _ALL:
        return f"{min(share, 99.9):.1f} %".replace(".0 %", " %")
    return f"{share:.0f} %" if abs(share) >= _WHOLE_PERCENT else f"{number(share, 2)} %"


def figure(value: float, unit: str) -> str:
    """Return a figure with its unit, as `Evidence` and `Prediction` name units."""
    if not math.isfinite(value):
        return number(value)
    if unit == "ratio":
        return percent(value)
    if unit == "ms" and abs(value) >= _SECONDS_FROM_MS:
        return f"{number(value / 1000)} s"
    if unit == "USD":
        return money(Decimal(str(value)))
    shown = f"{value:,.0f}" if _exact(value, unit) else number(value)
    one, many = _WORDS.get(unit, (unit, unit))
    return f"{shown} {one if value == 1 else many}".rstrip()


def _exact(value: float, unit: str) -> bool:
    """Return whether a figure is counted or set by hand, not estimated: `8,192 tokens`, not `8,190`."""
    if not float(value).is_integer():
        return False
    return unit in {"count", "GPUs", "replicas"} or abs(value) < _SURELY_EXACT or value % 1024 == 0


def span(low: float, high: float, unit: str) -> str:
    """Return `18 to 25 ms`: two figures with the unit once; empty text where either is unknown or both read alike."""
    if math.isnan(low) or math.isnan(high):
        return ""
    first, last = figure(low, unit), figure(high, unit)
    if first == last:
        return ""
    head, _, tail = first.rpartition(" ")
    return f"{head if head and last.endswith(f' {tail}') else first} to {last}"
