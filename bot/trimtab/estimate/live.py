"""Calibration from live facts: what a running replica is seen to do corrects the estimate for another set-up."""

from __future__ import annotations

import math

from trimtab.estimate.types import Figure, Seen, Speed

_TPOT, _TTFT = 1.3, 2.2
"""How far a corrected figure is off, nine times in ten, as a factor either way.

Data: pairs of rows of aiconfigurator-core 0.12.0, `systems/silicon_sample.csv`, that differ in one thing, one taken
for what is seen, the other for the truth (`bench/speed_pairs.py`). On another GPU (464 pairs) the correction brings
the median error of TPOT from 6.8 to 3.7 %, nine in ten within 0.84 to 1.19 (TTFT 14 %, 0.46 to 2.17); at another TP
(1,804) from 7.3 to 5.9 %, 0.84 to 1.18; with either (3,784) from 7.4 to 6.3 %, 0.81 to 1.23; at another precision of
weights (636) it does harm: 7.2 becomes 10.9 %, 0.76 to 1.31.
"""
_ALIKE_TPOT, _ALIKE_TTFT = 1.17, 1.4
"""The same where only the load differs, up to four times as much (1,489 pairs): nine in ten within 0.88 to 1.17 of TPOT
and 0.71 to 1.38 of TTFT; the median error of TPOT falls from 7.4 to 4.3 %."""


def speed_from(seen: Seen, now: Speed, then: Speed, *, alike: bool = False) -> Speed:
    """Return the estimate for another GPU or setting, corrected by what a running replica is seen to do now.

    What the estimate gets wrong of a workload (its engine's build, its prompts, its host) it mostly gets wrong on every
    GPU alike, so the ratio of seen to estimated carries over. A figure that is not seen (0 or no number) stays as
    estimated.

    Args:
        seen: What is measured now.
        now: The estimate for the present deployment at the present load.
        then: The estimate for the other deployment at the load it would have.
        alike: Whether GPUs and settings are the same, and only the load differs.
    """
    ttft, tpot = (_ALIKE_TTFT, _ALIKE_TPOT) if alike else (_TTFT, _TPOT)
    ttft_gain, tpot_gain = _gain(seen.ttft_ms, now.ttft_ms), _gain(seen.tpot_ms, now.tpot_ms)
    flow = then.output_tokens_per_s
    return Speed(
        ttft_ms=_scaled(then.ttft_ms, ttft_gain, ttft, alike=alike),
        tpot_ms=_scaled(then.tpot_ms, tpot_gain, tpot, alike=alike),
        output_tokens_per_s=_scaled(flow, 1 / tpot_gain if tpot_gain else None, tpot, alike=alike),
        prefill_tokens_per_s=then.prefill_tokens_per_s,
        basis="calibrated" if ttft_gain or tpot_gain else then.basis,
    )


def _gain(seen_ms: float, now: Figure) -> float | None:
    """Return seen / estimated; None where nothing usable is seen."""
    return seen_ms / now.value if math.isfinite(seen_ms) and seen_ms > 0 and now.value > 0 else None


def _scaled(then: Figure, gain: float | None, factor: float, *, alike: bool) -> Figure:
    """Scale an estimate; the band becomes the factor, or on an unmeasured GPU half of what it was if that is wider."""
    if gain is None or then.low <= 0:
        return then
    wide = factor if alike else max(factor, (then.high / then.low) ** 0.25)
    value = then.value * gain
    return Figure(value, value / wide, value * wide)
