"""How much at once, and when: what each limit holds back, what it says, and what no limit touches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.forges.server import Answer, Fault
from tests.forges.state import tip
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage, stage
from trimtab.config import Freeze, Limits
from trimtab.errors import ForgeError
from trimtab.publish import Wanted, sync
from trimtab.recommendation import Link, Proposal

FRIDAY_S = int(datetime(2026, 11, 20, 18, 0, tzinfo=UTC).timestamp())
MONDAY_S = int(datetime(2026, 11, 23, 10, 0, tzinfo=UTC).timestamp())
HOUR_S, DAY_S = 3600, 86_400


def run(on: Stage, found: Wanted, limits: Limits, now_s: int = MONDAY_S) -> tuple[Link, ...]:
    """Run once, as a fresh process would."""
    return sync(on.site(), found, on.ledger(now_s), limits, now_s)


def notes(links: tuple[Link, ...]) -> list[str]:
    """Return what became of each."""
    return [link.note for link in links]


def many(on: Stage, count: int, team: str = "llm") -> tuple[Proposal, ...]:
    """Return proposals for so many workloads of a team, best first, each with a file of its own."""
    made = []
    for number in range(count):
        one = proposal(on.bare, f"{team}-{number}")
        made.append(replace(one, team=team, files={f"apps/{team}-{number}.yaml": b"replicas: 2\n"}))
    return tuple(made)


def test_no_limit_is_the_default(on: Stage) -> None:
    """What is not given does not apply."""
    assert notes(run(on, wanted(*many(on, 5)), Limits())) == ["opened"] * 5


def test_open_at_the_same_time(on: Stage) -> None:
    """The best are opened; what closes in the same run makes room at once."""
    first, second, third = many(on, 3)

    assert notes(run(on, wanted(first, second, third), Limits(open_pull_requests=2)))[2] == (
        "held: 2 pull requests are open, and limits.open_pull_requests is 2"
    )
    assert notes(run(on, wanted(second, third), Limits(open_pull_requests=2))) == ["unchanged", "opened", "withdrawn"]


def test_a_limit_of_none_opens_none(on: Stage) -> None:
    """Nought is a limit too, and leaves nothing behind."""
    (held,) = run(on, wanted(proposal(on.bare)), Limits(open_pull_requests=0))

    assert held.note == "held: 0 pull requests are open, and limits.open_pull_requests is 0"
    assert on.record.entries() == ()
    assert tip(on.bare, held.branch) == ""


def test_each_team_has_its_own(on: Stage) -> None:
    """One team's pull requests leave another's room alone, also in later runs."""
    ours, theirs = many(on, 2), many(on, 2, "search")
    limits = Limits(open_per_team=1)

    found = notes(run(on, wanted(*ours, *theirs), limits))
    again = notes(run(on, wanted(ours[1], theirs[1], valid=(ours[0].id, theirs[0].id)), limits))

    held = ["held: 1 are open for llm, and limits.open_per_team is 1"]
    held += ["held: 1 are open for search, and limits.open_per_team is 1"]
    assert found == ["opened", held[0], "opened", held[1]]
    assert again[:2] == held


def test_new_by_one_run(on: Stage) -> None:
    """Each run opens so many, and the next one as many again."""
    found, limits = wanted(*many(on, 3)), Limits(new_per_run=1)

    assert (
        notes(run(on, found, limits))[1:]
        == [
            "held: 1 were opened by this run, and limits.new_per_run is 1",
        ]
        * 2
    )
    assert notes(run(on, found, limits))[:2] == ["unchanged", "opened"]


def test_new_within_an_hour_is_counted_over_runs(on: Stage) -> None:
    """What an earlier run opened counts until the hour is over."""
    found, limits = wanted(*many(on, 2)), Limits(new_per_hour=1)
    run(on, found, limits, MONDAY_S)

    early = run(on, found, limits, MONDAY_S + HOUR_S - 1)
    late = run(on, found, limits, MONDAY_S + HOUR_S)

    assert notes(early) == ["unchanged", "held: 1 were opened within an hour, and limits.new_per_hour is 1"]
    assert notes(late) == ["unchanged", "opened"]


def test_what_a_person_opens_again_is_not_counted_as_new(on: Stage) -> None:
    """A person's own reopening takes nothing from what Trimtab may open within the hour."""
    first, second = many(on, 2)
    run(on, wanted(first), Limits(), MONDAY_S - DAY_S)
    on.people.close(1)
    run(on, wanted(first), Limits(), MONDAY_S - DAY_S)
    on.people.reopen(1)

    assert notes(run(on, wanted(first), Limits(new_per_hour=1)))[0] == "opened again by a person"
    assert notes(run(on, wanted(first, second), Limits(new_per_hour=1))) == ["unchanged", "opened"]


@pytest.mark.parametrize("limits", [Limits(new_per_hour=1), Limits(open_pull_requests=1), Limits(new_per_run=1)])
def test_what_was_let_through_is_finished(tmp_path: Path, limits: Limits) -> None:
    """A run that was cut off after its record is finished by the next: it is not in the way of itself."""
    with stage("github", tmp_path) as on:
        refusal = Answer(422, {"message": "Title is too rude"})
        on.log.faults.append(Fault("POST /repos/acme/gitops/pulls", refusal))
        run(on, wanted(proposal(on.bare)), limits)

        (link,) = run(on, wanted(proposal(on.bare)), limits, MONDAY_S + 60)

        assert link.note == "opened"


def test_a_workload_is_left_alone_after_a_merge(on: Stage) -> None:
    """The same workload waits until the quiet period is over; others do not."""
    chat, code = proposal(on.bare), proposal(on.bare, "code", 3)
    limits = Limits(quiet_after_merge=DAY_S)
    run(on, wanted(chat), limits)
    on.people.merge(1)
    rule = replace(chat.priced.finding, rule="oversized-context")
    other = replace(chat, priced=replace(chat.priced, finding=rule), files={"apps/chat.yaml": b"replicas: 1\n"})

    run(on, wanted(), limits, MONDAY_S + 60)
    early = run(on, wanted(other, code), limits, MONDAY_S + DAY_S)
    late = run(on, wanted(replace(other, base_commit=tip(on.bare, "main"))), limits, MONDAY_S + 60 + DAY_S)

    said = "held: a change of it was merged; limits.quiet_after_merge leaves it alone until 2026-11-24T10:01:00Z"
    assert notes(early) == [said, "opened"]
    assert notes(late)[0] == "opened"


def test_outside_the_windows_nothing_is_opened_or_changed(on: Stage) -> None:
    """Outside the hours new and changed pull requests wait, and the note says until when."""
    limits = Limits(windows=("Mon-Fri 09:00-17:00",), timezone="Europe/Berlin")
    run(on, wanted(proposal(on.bare)), Limits())
    news = wanted(proposal(on.bare, replicas=1), proposal(on.bare, "code", 3))

    shut = run(on, news, limits, FRIDAY_S)
    open_again = run(on, news, limits, MONDAY_S)

    assert notes(shut) == ["held: outside limits.windows; the next begins 2026-11-23T08:00:00Z"] * 2
    assert notes(open_again) == ["updated", "opened"]


def test_the_windows_hold_neither_endings_nor_records(on: Stage) -> None:
    """Closing what is gone, and recording what people did, wait for no window."""
    limits = Limits(windows=("Mon-Fri 09:00-17:00",))
    first, second = many(on, 2)
    run(on, wanted(first, second), Limits())
    on.people.close(1)

    run(on, wanted(first), limits, FRIDAY_S)

    assert sorted(entry.step for entry in on.record.entries()[-2:]) == ["dismissed", "withdrawn"]


@pytest.mark.parametrize(("hour", "shut"), [(22, False), (23, True)])
def test_a_freeze_is_of_the_days_of_its_zone(on: Stage, hour: int, shut: bool) -> None:  # a parameter of the test
    """A freeze begins at midnight where the people are, both of its days included, and says why."""
    freeze = Freeze(start=date(2026, 12, 24), end=date(2026, 12, 26), reason="year's end")
    limits = Limits(freezes=(freeze,), timezone="Europe/Berlin")
    now_s = int(datetime(2026, 12, 23, hour, 30, tzinfo=UTC).timestamp())

    (link,) = run(on, wanted(proposal(on.bare)), limits, now_s)

    said = "held: limits.freezes has 2026-12-24 to 2026-12-26 (year's end)"
    assert link.note == (said if shut else "opened")


def test_released_on_the_dashboard_no_limit_holds_it(on: Stage) -> None:
    """What a person released is opened whatever the limits say, and counts for the others."""
    first, second = many(on, 2)
    limits = Limits(open_pull_requests=0, windows=("Mon 09:00-10:00",))
    found = replace(wanted(first, second), released=frozenset({second.id}))

    links = run(on, found, limits, FRIDAY_S)

    assert notes(links) == ["held: outside limits.windows; the next begins 2026-11-23T09:00:00Z", "opened"]


def test_released_after_a_dismissal_it_is_proposed_again(on: Stage) -> None:
    """A ticked box takes back an earlier no."""
    run(on, wanted(proposal(on.bare)), Limits())
    on.people.close(1)
    run(on, wanted(proposal(on.bare)), Limits())
    chat = proposal(on.bare)

    (link,) = run(on, replace(wanted(chat), released=frozenset({chat.id})), Limits())

    assert link.note == "opened"
    assert [pull.number for pull in on.forge.pulls()] == [2]


def test_a_held_back_one_is_opened_by_a_later_run_on_its_old_base(on: Stage) -> None:
    """What waited is opened from the commit that it was made on, whatever came to the base since."""
    first, second = many(on, 2)
    run(on, wanted(first, second), Limits(open_pull_requests=1))
    on.people.merge(1)

    assert notes(run(on, wanted(second), Limits(open_pull_requests=1)))[0] == "opened"


def test_a_remote_that_fails_is_no_limit(on: Stage) -> None:
    """Where the forge cannot be read the run ends with its error, and holds nothing back silently."""
    on.address = str(on.root / "gone.git")

    with pytest.raises(ForgeError):
        run(on, wanted(proposal(on.bare)), Limits(open_pull_requests=1))
