"""Pull requests that several recommendations share: what joins, what leaves, and what becomes of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.forges.state import commit_to, git, heads, show, tip
from tests.publish.grouping import both, found, links, members, run, steps
from tests.publish.proposals import proposal
from tests.publish.stages import Stage
from trimtab.config import GroupBy, Limits
from trimtab.fleet import Found
from trimtab.publish.mark import is_shared
from trimtab.publish.undone import taken_back


def branches(on: Stage) -> list[str]:
    """Return Trimtab's branches."""
    return [name for name in heads(on.bare) if name.startswith("trimtab/")]


def trailers(on: Stage, branch: str) -> list[str]:
    """Return the recommendations of a branch's commits, oldest first."""
    told = "--format=%(trailers:key=Trimtab-Recommendation,valueonly)"
    return git(on.bare, "log", "--reverse", told, branch, "^main").split()


def test_one_branch_holds_a_commit_for_each(any_forge: Stage) -> None:
    """A group is one branch and one pull request; each member has its own commit and its own entries."""
    chat, code = both(any_forge.bare)

    assert run(any_forge, chat, code) == ["opened", "opened"]

    (pull,) = any_forge.forge.pulls()
    assert is_shared(pull.branch)
    assert branches(any_forge) == [pull.branch]
    assert trailers(any_forge, pull.branch) == [chat.id, code.id] == members(pull)
    assert show(any_forge.bare, pull.branch, "apps/chat.yaml") == "replicas: 2"
    assert show(any_forge.bare, pull.branch, "apps/code.yaml") == "replicas: 3"
    assert steps(any_forge) == {"chat": ["proposed", "open"], "code": ["proposed", "open"]}
    entries = any_forge.record.entries()
    assert {entry.branch for entry in entries} == {pull.branch}
    assert {entry.head for entry in entries if entry.step == "open"} == {pull.head}


def test_a_second_run_changes_nothing(any_forge: Stage) -> None:
    """Unchanged facts lead to no write at all and to few reads."""
    run(any_forge, *both(any_forge.bare))
    before, writes, calls = any_forge.fingerprint(), len(any_forge.log.writes), len(any_forge.log.calls)

    assert run(any_forge, *both(any_forge.bare, facts="2")) == ["unchanged", "unchanged"]

    assert any_forge.fingerprint() == before
    assert len(any_forge.log.writes) == writes
    assert sum("/api/" not in call and ".git/" not in call for call in any_forge.log.calls[calls:]) <= 3


@pytest.mark.parametrize(("by", "pulls"), [("none", 2), ("workload", 2), ("team", 1), ("rule", 1)])
def test_what_they_have_in_common(on: Stage, by: str, pulls: int) -> None:
    """Two workloads of one team and one rule share a pull request by team and by rule."""
    run(on, *both(on.bare), by=GroupBy(by))

    assert len(on.forge.pulls()) == pulls


def test_the_branch_does_not_hang_on_its_members(on: Stage) -> None:
    """Whoever is in a group, its branch has the same name."""
    chat, code = both(on.bare)
    kept = on.keep()
    (first,) = links(on, found([chat]))
    on.restore(kept)

    (second,) = links(on, found([code]))

    assert first.branch == second.branch


def test_one_that_comes_later_joins(any_forge: Stage) -> None:
    """The branch is written anew with one more commit, and the same pull request tells of it."""
    chat, code = both(any_forge.bare)
    run(any_forge, code)

    assert run(any_forge, chat, code) == ["updated", "updated"]

    (pull,) = any_forge.forge.pulls()
    assert trailers(any_forge, pull.branch) == [code.id, chat.id]
    assert steps(any_forge)["chat"] == ["proposed", "open"]
    assert run(any_forge, chat, code) == ["unchanged", "unchanged"]


def test_one_whose_facts_are_gone_leaves(any_forge: Stage) -> None:
    """Its commit goes, and the others stay with the same pull request."""
    chat, code = both(any_forge.bare)
    run(any_forge, chat, code)

    run(any_forge, code)

    (pull,) = any_forge.forge.pulls()
    assert (pull.number, trailers(any_forge, pull.branch)) == (1, [code.id])
    assert show(any_forge.bare, pull.branch, "apps/chat.yaml") == "replicas: 4"
    assert steps(any_forge)["chat"] == ["proposed", "open", "withdrawn"]
    assert run(any_forge, code) == ["unchanged"]


def test_all_gone_closes_it(any_forge: Stage) -> None:
    """Where nothing is left the pull request is closed with a reason, and its branch deleted."""
    run(any_forge, *both(any_forge.bare))

    assert run(any_forge) == ["withdrawn", "withdrawn"]

    assert any_forge.forge.pulls() == ()
    assert branches(any_forge) == []
    assert run(any_forge) == []
    run(any_forge, *both(any_forge.bare))
    assert len(any_forge.forge.pulls()) == 1


def test_closed_is_a_dismissal_of_all(any_forge: Stage) -> None:
    """All that were in it are dismissed; one that comes later gets a new pull request from the same branch."""
    chat, code = both(any_forge.bare)
    run(any_forge, chat)
    any_forge.people.close(1)

    assert run(any_forge, chat, code) == ["dismissed: nothing material changed since", "opened"]

    (pull,) = any_forge.forge.pulls()
    assert (pull.number, trailers(any_forge, pull.branch)) == (2, [code.id])
    assert run(any_forge, chat, code)[1] == "unchanged"
    any_forge.people.close(2)
    run(any_forge, chat, code)
    assert steps(any_forge) == {name: ["proposed", "open", "dismissed"] for name in ("chat", "code")}
    assert branches(any_forge) == []


def test_opened_again_all_come_back(on: Stage) -> None:
    """A person who opens a closed group again takes back the dismissal of each."""
    run(on, *both(on.bare))
    head = on.forge.pulls()[0].head
    on.people.close(1)
    run(on, *both(on.bare))
    git(on.bare, "update-ref", f"refs/heads/{on.state.get(1).branch}", head)
    on.people.reopen(1)

    assert run(on, *both(on.bare)) == ["opened again by a person"] * 2

    assert run(on, *both(on.bare)) == ["unchanged"] * 2
    assert {step[-1] for step in steps(on).values()} == {"open"}


@pytest.mark.parametrize("squash", [False, True])
def test_merged_each_is_approved(any_forge: Stage, squash: bool) -> None:
    """A merge approves every member, with what of each is in it; the branch is deleted."""
    chat, code = both(any_forge.bare)
    run(any_forge, chat, code)
    merge = any_forge.people.merge(1, squash=squash)

    run(any_forge, chat, code)

    assert {step[-1] for step in steps(any_forge).values()} == {"approved"}
    approved = [entry for entry in any_forge.record.entries() if entry.step == "approved"]
    assert [(entry.merged, len(entry.changes), entry.note) for entry in approved] == [(merge, 1, "merged")] * 2
    assert branches(any_forge) == []


def test_the_way_back_of_one_leaves_the_others(on: Stage) -> None:
    """What takes one member back changes its file alone, whatever else was merged with it."""
    chat, code = both(on.bare)
    run(on, chat, code)
    on.people.merge(1)
    run(on, chat, code)
    entry = next(one for one in on.record.entries() if (one.step, one.subject.name) == ("approved", "code"))

    back = taken_back(on.site(), entry)

    assert isinstance(back, Found)
    assert dict(back.value) == {"apps/code.yaml": b"replicas: 6\n"}


def test_one_that_was_taken_out_before_the_merge_is_dismissed(on: Stage) -> None:
    """A reviewer who undoes one commit and merges has declined that one alone."""
    chat, code = both(on.bare)
    run(on, chat, code)
    branch = on.forge.pulls()[0].branch
    commit_to(on.bare, branch, {"apps/chat.yaml": "replicas: 4\n"}, "Not this one")
    on.people.merge(1)

    run(on, chat, code)

    assert {name: step[-1] for name, step in steps(on).items()} == {"chat": "dismissed", "code": "approved"}


def test_a_person_s_commit_ends_joining_and_leaving(any_forge: Stage) -> None:
    """A branch that a person changed is theirs: told once, never pushed to, and what comes later goes by itself."""
    chat, code = both(any_forge.bare)
    run(any_forge, chat)
    branch = any_forge.forge.pulls()[0].branch
    head = commit_to(any_forge.bare, branch, {"README.md": "mine\n"}, "Mine")

    notes = run(any_forge, chat, code)

    assert notes == ["left alone: a person changed its branch", "opened"]
    assert tip(any_forge.bare, branch) == head
    assert len(any_forge.forge.pulls()) == 2
    again = run(any_forge, chat, code)
    assert again == ["left alone: a person changed its branch", "unchanged"]
    assert steps(any_forge) == {"chat": ["proposed", "open", "open"], "code": ["proposed", "open"]}


def test_one_that_conflicts_goes_by_itself(on: Stage) -> None:
    """Two edits that cannot be made together become two pull requests, and stay so."""
    chat = proposal(on.bare)
    other = replace(proposal(on.bare, "code", 3), files=chat.files)

    assert run(on, chat, other) == ["opened", "opened"]

    assert [is_shared(pull.branch) for pull in on.forge.pulls()] == [True, False]
    assert run(on, chat, other) == ["unchanged", "unchanged"]


def test_switching_on_moves_nothing_that_is_open(on: Stage) -> None:
    """What is open stays where it is; what comes later is grouped."""
    chat, code = both(on.bare)
    run(on, chat, by=GroupBy.NONE)

    assert run(on, chat, code, by=GroupBy.TEAM) == ["unchanged", "opened"]

    assert sorted(is_shared(pull.branch) for pull in on.forge.pulls()) == [False, True]
    assert run(on, chat, code, by=GroupBy.RULE) == ["unchanged", "unchanged"]


def test_switching_off_moves_nothing_that_is_open(on: Stage) -> None:
    """A shared pull request goes on until it is decided, and is kept up to date."""
    run(on, *both(on.bare))

    assert run(on, *both(on.bare), by=GroupBy.NONE) == ["unchanged", "unchanged"]
    assert run(on, *both(on.bare, replicas=1), by=GroupBy.NONE) == ["updated", "updated"]

    (pull,) = on.forge.pulls()
    assert show(on.bare, pull.branch, "apps/chat.yaml") == "replicas: 1"


def test_what_was_shared_and_declined_comes_back_by_itself(on: Stage) -> None:
    """Switched off, what changed materially since its group was closed gets a pull request of its own each."""
    run(on, *both(on.bare))
    on.people.close(1)
    chat, code = proposal(on.bare, replicas=1), proposal(on.bare, "code", 2)

    assert run(on, chat, code, by=GroupBy.NONE) == ["opened", "opened"]

    assert sorted(pull.branch for pull in on.forge.pulls()) == sorted(
        f"trimtab/surplus-replicas/{one.id}" for one in (chat, code)
    )
    assert run(on, chat, code) == ["unchanged", "unchanged"]


def test_one_that_cannot_be_judged_holds_the_group(on: Stage) -> None:
    """Where a member is neither proposed nor gone the branch stays as it is, and what comes later goes by itself."""
    chat, code = both(on.bare)
    run(on, chat)

    notes = run(on, code, valid=(chat.id,))

    assert notes == ["opened", "unchanged: another one in its pull request cannot be judged anew now"]
    assert len(on.forge.pulls()) == 2
    assert steps(on)["chat"] == ["proposed", "open"]


@pytest.mark.parametrize(
    "limits", [Limits(open_pull_requests=1), Limits(new_per_run=1), Limits(new_per_hour=1), Limits(open_per_team=1)]
)
def test_limits_count_pull_requests(on: Stage, limits: Limits) -> None:
    """A group of two is one pull request for every limit."""
    assert run(on, *both(on.bare), limits=limits) == ["opened", "opened"]
    assert len(on.forge.pulls()) == 1


def test_a_group_has_an_end(on: Stage) -> None:
    """More than twenty do not share a pull request; the next ones wait."""
    many = [proposal(on.bare, f"chat-{number:02}") for number in range(22)]

    notes = run(on, *many)

    assert notes[:20] == ["opened"] * 20
    assert notes[20:] == ["held: its pull request holds 20 already"] * 2
    assert run(on, *many)[:20] == ["unchanged"] * 20
