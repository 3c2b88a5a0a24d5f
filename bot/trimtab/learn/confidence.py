"""Confidence in a rule: what it says of itself, weighed against what reviewers and clusters said afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trimtab.life import State

PRIOR_WEIGHT = 8.0
"""How many recommendations' worth of evidence a rule's own word counts for: a handful of outcomes moves it a little,
a few dozen decide."""

_SUCCESS: Mapping[State, float] = {State.APPROVED: 0.25, State.VERIFIED: 0.75}
"""A merge is a reviewer's word, a verified saving the cluster's; together they are one success."""
_FAILURE: Mapping[State, float] = {State.DISMISSED: 0.5, State.REGRESSED: 1.0}
"""A dismissal may have reasons outside the rule's sight; a regression is the rule's own mistake."""

_LOWEST, _HIGHEST = 0.01, 0.99


@dataclass(frozen=True, slots=True)
class Outcome:
    """A step that a recommendation took, as the ledger has it.

    Attributes:
        rule: The rule that it came from.
        step: A state of `trimtab.life`; the ones that tell nothing of the rule are passed over.
    """

    rule: str
    step: State


def confidence(outcomes: Iterable[Outcome], rule: str, prior: float) -> tuple[float, str]:
    """Return how sure a rule's finding is, 0 to 1, and one sentence that says why.

    The mean of a Beta distribution: the prior counts as `PRIOR_WEIGHT` outcomes, each step as a part of one.
    Source: conjugate update of a Bernoulli probability (Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.4).

    Args:
        outcomes: Steps of all rules, in any order.
        rule: The rule in question.
        prior: What the rule says of this finding, 0 to 1.
    """
    steps = Counter(outcome.step for outcome in outcomes if outcome.rule == rule)
    good = sum(weight * steps[step] for step, weight in _SUCCESS.items())
    bad = sum(weight * steps[step] for step, weight in _FAILURE.items())
    said = min(1.0, max(0.0, prior))
    if good + bad == 0:
        return said, f"No earlier recommendation of {rule} has been decided, so the rule's own word stands."
    mean = (said * PRIOR_WEIGHT + good) / (PRIOR_WEIGHT + good + bad)
    return min(_HIGHEST, max(_LOWEST, round(mean, 4))), _sentence(rule, steps)


def told(outcomes: Iterable[Outcome], rule: str) -> str:
    """Return what a reviewer should know of a rule's earlier changes; empty where none was merged yet."""
    steps = Counter(outcome.step for outcome in outcomes if outcome.rule == rule)
    merged, kept, broken = steps[State.APPROVED], steps[State.VERIFIED], steps[State.REGRESSED]
    if not merged:
        return ""
    such = "1 such change" if merged == 1 else f"{merged:,} such changes"
    ends = [f"{kept:,} {'was' if kept == 1 else 'were'} verified"]
    ends += [f"{broken:,} went wrong"] if broken else []
    waiting = merged - kept - broken
    ends += [f"{waiting:,} {'is' if waiting == 1 else 'are'} not measured yet"] if waiting > 0 else []
    return f"Of {such} merged in your fleet, {', '.join(ends[:-1])}{' and ' if ends[:-1] else ''}{ends[-1]}."


def _sentence(rule: str, steps: Mapping[State, int]) -> str:
    merged, dismissed = steps[State.APPROVED], steps[State.DISMISSED]
    kept, broken = steps[State.VERIFIED], steps[State.REGRESSED]
    measured = f"; of {kept + broken} measured, {kept} kept their promise" if kept + broken else ""
    return f"Of {rule}, {merged} were merged and {dismissed} dismissed so far{measured}."
