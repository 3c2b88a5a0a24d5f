"""Commands on a pull request that several recommendations share: about all of them, or about the one that is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forges.state import commit_to, show
from tests.publish.chat.scene import AT_S
from tests.publish.grouping import both, found, grouped, members, run, say, steps
from tests.publish.stages import Kept, Stage, begun, stage
from trimtab.publish import Chat, answer_all


def opened(on: Stage) -> None:
    """Open a pull request of two."""
    run(on, *both(on.bare))


@pytest.fixture(params=["memory", "github", "gitlab"])
def on(request: pytest.FixtureRequest, tmp_path: Path, kept: dict[str, Kept]) -> Iterator[Stage]:
    """Return each forge that takes comments, with a pull request of two."""
    with begun(request.param, tmp_path, opened, kept) as ready:
        yield ready


@pytest.fixture
def memory(tmp_path: Path, kept: dict[str, Kept]) -> Iterator[Stage]:
    """Return a forge in memory, with a pull request of two, for what does not differ between forges."""
    with begun("memory", tmp_path, opened, kept) as ready:
        yield ready


def test_dismissed_all(on: Stage) -> None:
    """Without an id all are dismissed with the reason and the person, and the pull request is closed."""
    what = found(both(on.bare))

    reply = say(on, "/trimtab dismiss not this quarter", what)

    assert "not this quarter" in reply
    assert "open the pull request again" in reply
    assert steps(on) == {name: ["proposed", "open", "dismissed"] for name in ("chat", "code")}
    assert {(one.note, one.actor.id) for one in on.record.entries()[-2:]} == {("not this quarter", 7)}
    assert on.forge.pulls() == ()
    assert run(on, *both(on.bare)) == ["dismissed: nothing material changed since"] * 2


def test_dismissed_one(on: Stage) -> None:
    """With an id that one is dismissed and taken out of the branch; the other stays, in the same pull request."""
    chat, code = both(on.bare)

    reply = say(on, f"/trimtab dismiss {chat.id} needed for the launch", found((chat, code)))

    assert "It is taken out of this pull request" in reply
    assert steps(on)["chat"] == ["proposed", "open", "dismissed"]
    (pull,) = on.forge.pulls()
    assert (pull.number, members(pull)) == (1, [code.id])
    assert show(on.bare, pull.branch, "apps/chat.yaml") == "replicas: 4"
    assert run(on, chat, code) == ["dismissed: nothing material changed since", "unchanged"]


def test_snoozed_one_comes_back(memory: Stage) -> None:
    """One that is put off leaves, and joins again once its time is over."""
    chat, code = both(memory.bare)

    reply = say(memory, f"/trimtab snooze {chat.id} 2d", found((chat, code)))

    assert "Taken out of this pull request until" in reply
    assert run(memory, chat, code)[0].startswith("snoozed until")
    assert run(memory, chat, code, now_s=1_794_700_000 + 3 * 86400) == ["updated", "updated"]
    assert members(memory.forge.pulls()[0]) == [code.id, chat.id]


def test_split_gives_each_its_own(on: Stage) -> None:
    """Every recommendation goes on in a pull request of its own, for good; the shared one is closed with its branch."""
    what = found(both(on.bare))

    reply = say(on, "/trimtab split", what)

    assert "in a pull request of its own" in reply
    assert reply.count("Outcome: opened") == 2
    pulls = on.forge.pulls()
    assert sorted(pull.number for pull in pulls) == [2, 3]
    assert sorted(pull.branch for pull in pulls) == sorted(
        f"trimtab/surplus-replicas/{one.id}" for one in what.proposals
    )
    assert on.state.get(1).state == "closed"
    assert set(steps(on)["chat"]) == {"proposed", "open"}
    assert run(on, *both(on.bare)) == ["unchanged", "unchanged"]


def test_split_one(memory: Stage) -> None:
    """With an id that one goes, and the others stay."""
    chat, code = both(memory.bare)

    say(memory, f"/trimtab split {code.id}", found((chat, code)))

    assert sorted(members(pull) for pull in memory.forge.pulls()) == sorted([[chat.id], [code.id]])
    assert len({pull.branch for pull in memory.forge.pulls()}) == 2


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("/trimtab dismiss 0123456789abcdef why not", "holds no recommendation with this id"),
        ("/trimtab split now", "Say split alone"),
        ("/trimtab dismiss", "needs its reason"),
    ],
)
def test_what_is_not_meant_is_not_done(memory: Stage, body: str, answer: str) -> None:
    """An id of something else, or words that a command does not take, change nothing."""
    assert answer in say(memory, body, found(both(memory.bare)))

    assert run(memory, *both(memory.bare)) == ["unchanged", "unchanged"]


def test_a_person_s_branch_is_not_split(memory: Stage) -> None:
    """Where somebody committed, the branch is theirs, and nothing is taken out of it."""
    commit_to(memory.bare, memory.forge.pulls()[0].branch, {"README.md": "mine\n"}, "Mine")

    assert "has commits that are not mine" in say(memory, "/trimtab split", found(both(memory.bare)))

    assert len(memory.forge.pulls()) == 1


def test_explained_all_or_one(memory: Stage) -> None:
    """Without an id every recommendation is explained, with one that alone."""
    chat, code = both(memory.bare)

    all_of_them = say(memory, "/trimtab explain", found((chat, code)))
    one = say(memory, f"/trimtab explain {code.id}", found((chat, code)))

    assert [name in all_of_them for name in ("`chat`", "`code`")] == [True, True]
    assert [name in one for name in ("`chat`", "`code`")] == [False, True]


def test_approved_once_for_head_and_tree(memory: Stage) -> None:
    """An approval is of the whole branch: one entry, and void where something joins."""
    chat, code = both(memory.bare)
    head = memory.forge.pulls()[0].head

    say(memory, f"/trimtab approve {head}", found((chat, code)))

    approvals = [entry for entry in memory.record.entries() if entry.tree]
    assert [entry.head for entry in approvals] == [head]
    say(memory, f"/trimtab dismiss {chat.id} no", found((chat, code)))
    assert "not the commit that you name" in say(memory, f"/trimtab approve {head}", found((chat, code)))


def test_an_approval_is_not_of_what_came_in_its_place(tmp_path: Path) -> None:
    """Who approves without naming a head approves what they saw, not what took its place in the branch since."""
    with stage("memory", tmp_path) as on:
        chat, code = both(on.bare)
        run(on, chat, now_s=AT_S - 7200)
        on.state.say(1, "ada", "/trimtab approve")
        run(on, code, now_s=AT_S + 60)

        answered, _ = answer_all(grouped(on.site()), on.ledger(AT_S + 120), Chat(AT_S + 120, merges=True))

        assert [one.note.partition(":")[0] for one in answered] == ["not done"]
        assert "It changed since your comment" in answered[0].text
        assert [pull.state for pull in on.state.all()] == ["open"]


def test_rolled_back_one(memory: Stage) -> None:
    """After the merge one alone can be wanted back."""
    chat, code = both(memory.bare)
    memory.people.merge(1)
    run(memory, chat, code)

    say(memory, f"/trimtab rollback {code.id} too slow", found((chat, code)))

    assert {name: step[-1] for name, step in steps(memory).items()} == {"chat": "approved", "code": "regressed"}
