"""What the ledger tells of earlier recommendations, as the flow asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from trimtab.learn.confidence import Outcome, confidence, told
from trimtab.life import Entry, State
from trimtab.recommendation import Plan


def _outcomes(past: Sequence[Entry]) -> list[Outcome]:
    return [Outcome(one.rule, State(one.step)) for one in past if one.step in set(State)]


def experience(past: Sequence[Entry]) -> Callable[[str, float], float]:
    """Return what the ledger's outcomes make of a rule's confidence."""
    outcomes = _outcomes(past)
    return lambda rule, prior: confidence(outcomes, rule, prior)[0]


def with_experience(planned: Plan, past: Sequence[Entry]) -> Plan:
    """Return the plan with what became of such changes before, for the reader."""
    outcomes = _outcomes(past)
    sentences = {rule: told(outcomes, rule) for rule in sorted({one.finding.rule for one in planned.now})}
    return replace(planned, now=tuple(replace(one, experience=sentences[one.finding.rule]) for one in planned.now))
