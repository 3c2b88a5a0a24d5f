"""What the ledger keeps of the reasons: short, plain, and enough to explain by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.propose import samples
from tests.text.hostile import NAMES
from trimtab.fleet import Unknown, Wishes
from trimtab.propose.explanation import explanation_of, team_of
from trimtab.propose.told import Edited, Told
from trimtab.rule import Evidence

NOT_EDITED = Edited("", (), "", Unknown("nothing was edited"), "")


def told(diagnosis: str = "", evidence: tuple[Evidence, ...] | None = None) -> Told:
    """Return the finding among the things it speaks of."""
    priced = samples.priced(diagnosis=diagnosis)
    if evidence is not None:
        priced = replace(priced, finding=replace(priced.finding, evidence=evidence))
    return Told(priced, samples.fleet(), NOT_EDITED)


def test_it_answers_why_what_was_seen_and_what_would_change_its_mind() -> None:
    """Diagnosis, worth, evidence, alternatives, consequences and turning points stand under their headings."""
    said = explanation_of(told())

    assert list(said) == ["why", "seen", "considered", "otherwise", "turns"]
    assert said["why"][1:] == ("Sure: 94 %.", "Saves $3,660 a month at prices.csv: aws eu-west-1 prices.")
    assert said["seen"][0] == "KV cache in use, max: 27 % (7d), below 60 %"
    assert said["seen"][1] == "requests waiting, max: 0 requests (7d)"
    assert said["considered"] == ("NVIDIA-L4: its KV cache is 75 % short at the peak",)
    assert said["turns"] == ("KV cache in use, max above 60 %",)


def test_what_is_above_turns_below() -> None:
    """A threshold that was exceeded turns where it no longer is."""
    waiting = Evidence("requests waiting, max", 9.0, "requests", 4.0, "above", "7d", "")

    assert explanation_of(told(evidence=(waiting,)))["turns"] == ("requests waiting, max below 4 requests",)


def test_empty_headings_are_left_out() -> None:
    """What there is nothing to say of has no heading, so that an entry stays small."""
    found = explanation_of(told(evidence=()))

    assert "seen" not in found
    assert "turns" not in found
    assert all(lines for lines in found.values())


def test_an_unknown_price_is_not_told_as_nought() -> None:
    """Without a price nothing is said of dollars."""
    one = told()
    unpriced = replace(one, priced=replace(one.priced, saving=Unknown("no price")))

    assert not any("$" in line for line in explanation_of(unpriced)["why"])


def test_an_entry_stays_a_few_kilobytes() -> None:
    """However much there is to say, each heading has eight sentences of four hundred characters at most."""
    much = tuple(Evidence(f"{'x' * 5000} {number}", 1.0, "requests", 4.0, "below", "7d", "") for number in range(50))

    found = explanation_of(told("d" * 9000, much))

    assert all(len(lines) <= 8 and all(len(line) <= 400 for line in lines) for lines in found.values())


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_each_sentence_is_one_line(name: str) -> None:
    """Whatever a workload calls itself, a sentence is one line without control characters."""
    lines = [line for each in explanation_of(told(name)).values() for line in each]

    assert [line for line in lines if len(line.splitlines()) != 1 or not line.isprintable()] == []


@pytest.mark.parametrize(("tenant", "team"), [("", "llm"), ("search", "search")])
def test_the_team_is_the_tenant_or_the_namespace(tenant: str, team: str) -> None:
    """What people declared comes first."""
    workload = replace(samples.workload(), wishes=replace(Wishes(), tenant=tenant))

    assert team_of(Told(samples.priced(), samples.fleet(workload), NOT_EDITED)) == team
