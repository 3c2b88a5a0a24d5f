"""Traffic condensed from public traces: how it rises and falls, and how long requests are."""

from __future__ import annotations

import functools
from importlib import resources

from pydantic import BaseModel, ConfigDict

WEEK_H = 168


class Lengths(BaseModel):
    """Lengths of requests, tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_mean: float
    input_p95: float
    input_p99: float
    output_mean: float


class Traffic(BaseModel):
    """What `bench/demo_traffic.py` condensed.

    Attributes:
        sources: Where from, at which commit, under which licence.
        shapes: Two weeks of hourly rates by shape, relative to the first week's mean.
        lengths: Lengths of requests by kind.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[str, ...]
    shapes: dict[str, tuple[float, ...]]
    lengths: dict[str, Lengths]

    def week(self, shape: str, week: int) -> tuple[float, ...]:
        """Return 168 hourly rates of a week; there are two, then they come again."""
        start = (week % 2) * WEEK_H
        return self.shapes[shape][start : start + WEEK_H]


@functools.cache
def traffic() -> Traffic:
    """Return the bundled traffic."""
    text = resources.files("trimtab.demo").joinpath("traffic.json").read_text(encoding="utf-8")
    return Traffic.model_validate_json(text)
