"""The table of legal steps: every pair of states is tried, and the diagram in the docs is made from the table."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from tests.forges.state import git
from tests.record.entries import AT, draft
from trimtab.errors import TrimtabError
from trimtab.generated import between
from trimtab.gitio import Remote, Repo
from trimtab.life import FIRST, STEPS, State, following, legal, step
from trimtab.life_diagram import END, START, life_diagram
from trimtab.record import Ledger
from trimtab.record.codec import decode, seal

ROOT = Path(__file__).resolve().parent.parent
PAIRS = list(product(State, State))
ILLEGAL = [pair for pair in PAIRS if pair not in STEPS]

LEGAL = """
proposed: open withdrawn superseded
open: open approved dismissed snoozed superseded withdrawn
snoozed: open dismissed superseded withdrawn
dismissed: proposed open
approved: actuated regressed superseded
actuated: verified regressed superseded
verified: regressed proposed
regressed: proposed
superseded: proposed
withdrawn: proposed open
"""
"""The life as it was agreed on, written a second time: a slip in the table shows here."""


def test_the_table_is_what_was_agreed() -> None:
    """No step more, and none less."""
    told = {before: after.split() for before, after in (line.split(": ") for line in LEGAL.strip().splitlines())}

    assert {state: sorted(after for before, after in STEPS if before == state) for state in State} == {
        state: sorted(told[state]) for state in State
    }


@pytest.mark.parametrize(("before", "after"), ILLEGAL, ids=str)
def test_an_illegal_step_is_an_error(before: State, after: State) -> None:
    """What the table does not have is refused, whoever asks."""
    with pytest.raises(TrimtabError, match=f"cannot go from {before} to {after}"):
        step(before, after)
    assert not legal(before, after)


@pytest.mark.parametrize(("before", "after"), list(STEPS), ids=str)
def test_a_legal_step_is_taken(before: State, after: State) -> None:
    """What the table has is let through."""
    assert step(before, after) is after
    assert legal(before, after)


@pytest.mark.parametrize("state", State)
def test_a_life_begins_with_its_first_state(state: State) -> None:
    """A recommendation that the ledger does not know can only be proposed."""
    assert legal("", state) == (state == FIRST)


def test_every_state_is_reached() -> None:
    """From the first state there is a way to each, and a way back to being found again from each."""
    reached = {FIRST}
    while more := {after for before, after in STEPS if before in reached} - reached:
        reached |= more
    assert reached == set(State)
    back = {FIRST}
    while more := {before for before, after in STEPS if after in back} - back:
        back |= more
    assert back == set(State)


def test_the_ledger_refuses_each_illegal_step(tmp_path: Path) -> None:
    """No illegal step gets into a ledger: nothing is written, of the legal ones beside it either."""
    git(tmp_path, "init", "-q", "--bare", str(tmp_path / "ledger.git"))
    ledger = Ledger(Repo(tmp_path / "scratch", Remote(str(tmp_path / "ledger.git"))), 1_794_700_000)
    (entry,) = ledger.append([draft("a" * 16, FIRST)])

    for after in [after for before, after in ILLEGAL if before == FIRST]:
        with pytest.raises(TrimtabError, match=f"cannot go from {FIRST} to {after}"):
            ledger.append([draft("b" * 16, FIRST), following(entry, after, entry.actor)])

    assert ledger.entries() == (entry,)


def test_what_belongs_to_one_step_is_not_carried_on() -> None:
    """The next step keeps what it is about, and neither the note, the command nor the snooze of the one before."""
    entry = decode(seal(draft("a" * 16, "open", note="why", head="1" * 40), 5, AT, "proposed", "sha256:" + "0" * 64))

    after = following(entry, State.APPROVED, entry.actor)

    assert (after.note, after.until, after.command, after.expects) == ("", "", 0, 5)
    assert (after.head, after.changes, after.title) == (entry.head, entry.changes, entry.title)


def test_the_diagram_in_the_docs_is_current() -> None:
    """ARCHITECTURE.md shows the table as it is."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

    assert between(text, START, life_diagram(), END) == text


def test_the_diagram_has_one_arrow_for_each_step() -> None:
    """Each legal step is drawn once, with what leads to it, and the beginning."""
    lines = life_diagram().splitlines()

    assert lines[:3] == ["```mermaid", "stateDiagram-v2", "    [*] --> proposed"]
    assert sorted(lines[3:-1]) == sorted(f"    {before} --> {after}: {why}" for (before, after), why in STEPS.items())
    assert not any(character in why for why in STEPS.values() for character in ":;#%\n")
