"""Mermaid charts of what was seen. They hold figures and fixed words alone: no name can reach the chart's grammar.

Source: Mermaid 10.9, `xychart-beta` (GitHub and GitLab 17 draw it).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from trimtab.fleet import Unknown, Workload

_POINTS = 56
"""Most points on the line: at seven days, one for every three hours."""


def load_chart(workload: Workload | Unknown) -> str:
    """Return the busiest hours of the window as a chart; empty text where there is no traffic or it has holes."""
    if isinstance(workload, Unknown):
        return ""
    traffic = workload.traffic
    for hourly, unit in (
        (traffic.hourly_output_tokens_per_s, "output tokens a second"),
        (traffic.hourly_requests_per_s, "requests a second"),
        (traffic.hourly_running, "requests in progress"),
    ):
        points = _peaks(hourly)
        if len(points) > 1 and all(map(math.isfinite, points)) and max(points) > 0:
            return _xychart(points, unit, len(hourly) / 24)
    return ""


def _peaks(hourly: Sequence[float]) -> list[float]:
    """Return the maximum of each block of hours; NaN where a whole block was not recorded."""
    width = max(1, math.ceil(len(hourly) / _POINTS))
    blocks = [hourly[start : start + width] for start in range(0, len(hourly), width)]
    return [max((value for value in block if not math.isnan(value)), default=math.nan) for block in blocks]


def _xychart(points: Sequence[float], unit: str, days: float) -> str:
    """Return the chart's text; the axis starts at zero, so that heights compare."""
    top = max(points) * 1.1
    return "\n".join(
        (
            '%%{init: {"xyChart": {"height": 280}, "themeVariables": {"xyChart": {"plotColorPalette": "#0b7285"}}}}%%',
            "xychart-beta",
            f'    title "Busiest hours: {unit}"',
            f'    x-axis "day of the window" 0 --> {days:g}',
            f'    y-axis "{unit}" 0 --> {_plain(top)}',
            f"    line [{', '.join(map(_plain, points))}]",
        )
    )


def _plain(value: float) -> str:
    """Return three significant digits without an exponent, which Mermaid does not read."""
    decimals = 0 if value <= 0 else max(0, 2 - math.floor(math.log10(value)))
    return f"{value:.{decimals}f}"
