"""What the ledger's entries make of a rule, and what a reviewer is told of it."""

from __future__ import annotations

from tests.propose.samples import priced
from trimtab.learn import experience, with_experience
from trimtab.life import NOBODY, Entry, State
from trimtab.recommendation import Plan
from trimtab.rule import Change


def entry(step: str, rule: str) -> Entry:
    """Return an entry that says what became of a rule's recommendation."""
    identity = "0123456789abcdef"
    return Entry(
        recommendation=identity, step=step, actor=NOBODY, rule=rule, seq=1, at="", came_from="", prev="", digest=""
    )


def test_commands_are_no_outcome() -> None:
    """An entry of a command that changed no state weighs nothing; a dismissal lowers the rule's word."""
    said = experience([entry("command", "oversized-gpu")])
    dismissed = experience([entry("command", "oversized-gpu"), entry(State.DISMISSED, "oversized-gpu")])

    assert said("oversized-gpu", 0.9) == 0.9
    assert dismissed("oversized-gpu", 0.9) < 0.9
    assert dismissed("idle-replica", 0.9) == 0.9


def test_a_reviewer_is_told_of_the_same_rule() -> None:
    """Each planned change carries what became of earlier ones by its rule, and nothing of another's."""
    one = priced(Change("gpu_product", "a", "b"))
    merged = [entry(State.APPROVED, one.finding.rule), entry(State.VERIFIED, one.finding.rule)]

    (told,) = with_experience(Plan((one,), ()), merged).now
    (silent,) = with_experience(Plan((one,), ()), [entry(State.APPROVED, "another-rule")]).now

    assert told.experience == "Of 1 such change merged in your fleet, 1 was verified."
    assert silent.experience == ""
