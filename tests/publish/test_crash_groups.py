"""Runs that are killed anywhere, or race, with pull requests that recommendations share, end in the same state."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.forges.state import git
from tests.publish.one_run import Facts, begin
from tests.publish.stages import Stage
from tests.publish.test_crash import MOST_WRITES, assert_whole, each_kill, finish, killed, nothing
from trimtab.config import GroupBy
from trimtab.publish.mark import members_in

FORGES = ("github",)

TEAM = Facts(by=GroupBy.TEAM)
"""Two recommendations of one team."""


def opened(on: Stage) -> None:
    """Begin with a pull request of two."""
    finish(on, TEAM)


def alone(on: Stage) -> None:
    """Begin with the shared pull request of one that the other one joins."""
    finish(on, Facts(by=GroupBy.TEAM, first=False))


def asked_to_split(on: Stage) -> None:
    """Begin with a pull request of two, and a command to split it that nobody answered yet."""
    opened(on)
    on.state.say(1, "ada", "/trimtab split")


def asked_to_dismiss_one(on: Stage) -> None:
    """Begin with a pull request of two, and a command to dismiss one that nobody answered yet."""
    opened(on)
    first = members_in(on.state.get(1).body)[0]
    on.state.say(1, "ada", f"/trimtab dismiss {first} not now")


@pytest.mark.parametrize(
    ("before", "facts"), [(nothing, TEAM), (asked_to_dismiss_one, TEAM)], ids=["opening", "dismissing one"]
)
def test_killed_anywhere(on: Stage, before: Callable[[Stage], None], facts: Facts) -> None:
    """Killed after any write, two runs later nothing is double, missing or left over, and a third writes nothing."""
    for write in each_kill(on, before, facts):
        assert_whole(on, 1)
        assert _held(on) == _open(on), f"killed after write {write}"


@pytest.mark.parametrize(
    ("before", "facts", "pulls"),
    [
        (alone, TEAM, 1),
        (opened, Facts("2", 1, by=GroupBy.TEAM), 1),
        (opened, Facts("2", by=GroupBy.TEAM, first=False), 1),
        (opened, Facts("2", 0, by=GroupBy.TEAM), 0),
        (asked_to_split, TEAM, 2),
    ],
    ids=["joining", "updating", "leaving", "withdrawing", "splitting"],
)
def test_killed_after_every_single_write(on: Stage, before: Callable[[Stage], None], facts: Facts, pulls: int) -> None:
    """Runs that each die after one write get there all the same."""
    before(on)
    lives = 0
    while killed(on, facts, 1):
        lives += 1
        assert lives < MOST_WRITES

    finish(on, facts)

    assert_whole(on, pulls)
    assert _held(on) == _open(on)
    assert lives > 1


def _held(on: Stage) -> list[str]:
    """Return what the open pull requests hold, by their commits."""
    told = "--format=%(trailers:key=Trimtab-Recommendation,valueonly)"
    return sorted(name for pull in on.forge.pulls() for name in git(on.bare, "log", told, pull.branch, "^main").split())


def _open(on: Stage) -> list[str]:
    """Return what the ledger has as open."""
    last = {entry.recommendation: entry.step for entry in on.record.entries() if entry.recommendation}
    return sorted(name for name, step in last.items() if step == "open")


def test_eight_at_once(on: Stage) -> None:
    """Eight first runs open one pull request with both."""
    runs = [begin(on.root, on.url, on.kind, Facts(str(number), by=GroupBy.TEAM)) for number in range(8)]
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0] * 8

    finish(on, Facts("9", by=GroupBy.TEAM))

    assert_whole(on, 1, {"proposed": 2, "open": 2})
    assert len(_held(on)) == 2


def test_switched_while_runs_race(on: Stage) -> None:
    """Runs with and without groups at once open each recommendation once, in the one way or the other."""
    kinds = [GroupBy.TEAM, GroupBy.NONE, GroupBy.RULE] * 2
    runs = [begin(on.root, on.url, on.kind, Facts(str(number), by=by)) for number, by in enumerate(kinds)]
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0] * len(kinds)

    finish(on, TEAM)

    assert_whole(on, len(on.forge.pulls()), {"proposed": 2, "open": 2})
    assert _held(on) == _open(on)
    assert len(_held(on)) == 2
