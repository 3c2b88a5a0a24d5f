"""Calibration from live facts: what a running replica is seen to do corrects the estimate for another set-up."""

from __future__ import annotations

import math

from trimtab.estimate.types import Figure, Seen, Speed

_LEAST_BAND = 0.15
"""How far a figure scaled from a live measurement may be off where both GPUs are of one kind."""


def speed_from(seen: Seen, now: Speed, then: Speed) -> Speed:
    """Return the estimate for another GPU or setting, corrected by what a running replica is seen to do now.

    Args:
        seen: What is measured now.
        now: The estimate for the present deployment at the present load.
        then: The estimate for the other deployment at the load it would have.
    """
    ttft = _scaled(then.ttft_ms, seen.ttft_ms, now.ttft_ms)
    tpot = _scaled(then.tpot_ms, seen.tpot_ms, now.tpot_ms)
    gain = tpot.value / then.tpot_ms.value if then.tpot_ms.value else 1.0
    flow = then.output_tokens_per_s
    return Speed(
        ttft_ms=ttft,
        tpot_ms=tpot,
        output_tokens_per_s=_around(flow.value / gain, _half_width(flow)),
        prefill_tokens_per_s=then.prefill_tokens_per_s,
        basis="calibrated",
    )


def _scaled(then: Figure, seen: float, now: Figure) -> Figure:
    """Scale by seen / estimated; half of the band's width goes, as the same errors are in both estimates."""
    usable = math.isfinite(seen) and seen > 0 and now.value > 0
    return _around(then.value * seen / now.value, _half_width(then) / 2) if usable else then


def _half_width(figure: Figure) -> float:
    """Return the band's half width as a logarithm."""
    return math.log(figure.high / figure.low) / 2 if figure.low > 0 else math.log(2)


def _around(value: float, half: float) -> Figure:
    factor = math.exp(max(half, math.log(1 + _LEAST_BAND)))
    return Figure(value, value / factor, value * factor)
