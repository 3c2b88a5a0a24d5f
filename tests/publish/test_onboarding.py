"""The onboarding pull request, on every forge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forges.state import commit_to, git, tip
from tests.publish.stages import KINDS, Stage, stage
from trimtab.fleet import Found, Unknown
from trimtab.publish.forge import PullState
from trimtab.publish.onboarding import ONBOARDING, Onboarding, _move, lacking, onboard

NEW = Onboarding({"trimtab.yaml": b"mode: report\n"}, "Set up Trimtab", "What it does.\n", 1_794_700_000)


@pytest.fixture(params=KINDS)
def forge(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Each forge, with a repository."""
    with stage(str(request.param), tmp_path) as served:
        yield served


def test_it_is_opened_once(forge: Stage) -> None:
    """A second call finds the pull request open, and moves neither branch nor text."""
    first = onboard(forge.site(), NEW)
    before = forge.fingerprint()
    again = onboard(forge.site(), Onboarding(NEW.files, NEW.title, "Other words.\n", NEW.at_s + 60))

    pulls = forge.site().forge.pulls(ONBOARDING)
    assert isinstance(first, Found)
    assert isinstance(again, Found)
    assert [pull.number for pull in pulls] == [first.value.number]
    assert forge.fingerprint() == before
    assert "What it does." in pulls[0].body
    assert git(forge.bare, "show", f"{ONBOARDING}:trimtab.yaml") == "mode: report"


def test_other_files_move_it(forge: Stage) -> None:
    """What is found later is brought by the same pull request, with its text."""
    onboard(forge.site(), NEW)
    onboard(forge.site(), Onboarding({"trimtab.yaml": b"mode: report # 2\n"}, NEW.title, "Other words.\n", NEW.at_s))

    (pull,) = forge.site().forge.pulls(ONBOARDING)
    assert "Other words." in pull.body
    assert git(forge.bare, "show", f"{ONBOARDING}:trimtab.yaml") == "mode: report # 2"


def test_what_people_committed_stays(forge: Stage) -> None:
    """A commit of a person on the branch is never replaced."""
    onboard(forge.site(), NEW)
    commit_to(forge.bare, ONBOARDING, {"trimtab.yaml": "mode: propose\n"}, "Mine")
    mine = tip(forge.bare, ONBOARDING)
    onboard(forge.site(), Onboarding({"trimtab.yaml": b"mode: report # 2\n"}, NEW.title, NEW.body, NEW.at_s))

    assert tip(forge.bare, ONBOARDING) == mine


def test_a_decision_stands(forge: Stage) -> None:
    """Closed means no: nothing is opened or pushed again, and the reason is said."""
    opened = onboard(forge.site(), NEW)
    assert isinstance(opened, Found)
    forge.people.close(opened.value.number)
    before = forge.fingerprint()
    again = onboard(forge.site(), NEW)

    assert isinstance(again, Unknown)
    assert "closed" in again.reason
    assert forge.fingerprint() == before
    assert [pull.state for pull in forge.site().forge.pulls(ONBOARDING)] == [PullState.CLOSED]


def test_a_push_without_a_pull_request_heals(forge: Stage) -> None:
    """A branch that an earlier call left without a pull request gets one."""
    head = _move(forge.site(), NEW, "")
    opened = onboard(forge.site(), NEW)

    assert isinstance(opened, Found)
    assert opened.value.head == head == tip(forge.bare, ONBOARDING)


def test_what_lacks_is_asked_of_the_base_branch(forge: Stage) -> None:
    """What the base branch has is not brought again."""
    commit_to(forge.bare, "main", {"trimtab.yaml": "mode: report\n", "a/b.yml": "mine"}, "Have it")
    files = {"trimtab.yaml": b"mode: report\n", "a/b.yml": b"b", "a/c.yml": b"c"}

    assert list(lacking(forge.site(), files, force=False)) == ["a/c.yml"]
    assert list(lacking(forge.site(), files, force=True)) == ["a/b.yml", "a/c.yml"]
