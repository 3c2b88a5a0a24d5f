"""What a figure is held against: its bounds, an objective, a threshold."""

from __future__ import annotations

import math

from trimtab.rule import Evidence, Prediction
from trimtab.text.numbers import figure, span

_LIMITS = {"ms": "objective", "s": "objective"}


def outlook(prediction: Prediction) -> str:
    """Return `18 to 25 ms, objective 40 ms`: a prediction's bounds and what it must keep; empty where neither is."""
    bounds = span(prediction.low, prediction.high, prediction.unit)
    limit = figure(prediction.limit, prediction.unit)
    kept = "" if math.isnan(prediction.limit) else f"{_LIMITS.get(prediction.unit, 'needed')} {limit}"
    return ", ".join(filter(None, (bounds, kept)))


def compared(evidence: Evidence) -> str:
    """Return `below 60 %`: the threshold that a figure was held against; empty where it is only context."""
    if evidence.compared == "context":
        return ""
    return f"{evidence.compared} {figure(evidence.threshold, evidence.unit)}"
