"""What outcomes teach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.learn.confidence import Outcome, confidence, told
from trimtab.life import State

STEPS = st.lists(st.builds(Outcome, st.sampled_from(["a", "b"]), st.sampled_from(list(State))))


def test_without_outcomes_the_rules_own_word_stands() -> None:
    """Other rules' outcomes and steps that tell nothing do not count."""
    outcomes = [Outcome("other", State.REGRESSED), Outcome("mine", State.OPEN)]
    sure, sentence = confidence(outcomes, "mine", 0.8)
    assert sure == 0.8
    assert "No earlier recommendation of mine" in sentence


def test_kept_promises_raise_and_broken_ones_lower() -> None:
    """Verified savings make a rule surer, dismissals less, regressions much less."""
    good = [Outcome("r", State.APPROVED), Outcome("r", State.VERIFIED)] * 4
    refused = [Outcome("r", State.DISMISSED)] * 4
    broken = [Outcome("r", State.APPROVED), Outcome("r", State.REGRESSED)] * 4
    by_good, by_refused, by_broken = (confidence(steps, "r", 0.8)[0] for steps in (good, refused, broken))
    assert by_broken < by_refused < 0.8 < by_good


def test_the_sentence_counts() -> None:
    """It says how many were merged, dismissed, and kept their promise."""
    steps = [*[Outcome("r", State.APPROVED)] * 5, *[Outcome("r", State.DISMISSED)] * 2, Outcome("r", State.VERIFIED)]
    assert confidence(steps, "r", 0.5)[1] == (
        "Of r, 5 were merged and 2 dismissed so far; of 1 measured, 1 kept their promise."
    )


@given(STEPS, st.floats(0, 1))
def test_it_is_a_probability_whatever_the_order(outcomes: list[Outcome], prior: float) -> None:
    """It stays between 0 and 1 and does not depend on the order of outcomes."""
    sure, sentence = confidence(outcomes, "a", prior)
    assert 0 <= sure <= 1
    assert (sure, sentence) == confidence(outcomes[::-1], "a", prior)


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ({State.DISMISSED: 3}, ""),
        ({State.APPROVED: 1}, "Of 1 such change merged in your fleet, 0 were verified and 1 is not measured yet."),
        ({State.APPROVED: 2, State.VERIFIED: 2}, "Of 2 such changes merged in your fleet, 2 were verified."),
        (
            {State.APPROVED: 31, State.VERIFIED: 28, State.REGRESSED: 1},
            "Of 31 such changes merged in your fleet, 28 were verified, 1 went wrong and 2 are not measured yet.",
        ),
    ],
)
def test_reviewers_are_told_what_became_of_such_changes(steps: dict[State, int], sentence: str) -> None:
    """Only where any was merged, and of this rule alone."""
    outcomes = [Outcome("r", step) for step, count in steps.items() for _ in range(count)]

    assert told([*outcomes, Outcome("other", State.APPROVED)], "r") == sentence
