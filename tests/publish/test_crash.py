"""Runs that are killed anywhere, or race, end in the same state."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from tests.forges.state import BOT, commit_to, git, heads
from tests.publish.one_run import Facts, begin, found, whole_run
from tests.publish.stages import SERVED, Stage
from trimtab.publish.mark import DASHBOARD, UNFINISHED, key_of
from trimtab.record import Verified

FORGES = SERVED

MOST_WRITES = 40
"""More than any scenario makes."""


def finish(on: Stage, facts: Facts) -> None:
    """Run to the end, from nothing but what stands on the forge."""
    whole_run(on.site(), on.ledger(), found(on.bare, facts), facts.by)


def killed(on: Stage, facts: Facts, write: int) -> bool:
    """Run a process that is killed after its Nth write; return whether it lived to make so many."""
    run = begin(on.root, on.url, on.kind, facts)
    on.log.kill_after, on.log.victim = len(on.log.writes) + write, lambda: run.pid or 0
    run.join()
    on.log.kill_after = 0
    assert run.exitcode in {0, -9}
    return run.exitcode == -9


def each_kill(on: Stage, before: Callable[[Stage], None], facts: Facts) -> Iterator[int]:
    """Yield once for every write of a run, after a run that was killed there and two whole ones with newer facts."""
    before(on)
    kept, begun = on.keep(), len(on.log.writes)
    assert not killed(on, facts, MOST_WRITES)
    writes = on.log.writes[begun:]
    assert len(writes) > 1
    for write in places(on.kind, writes):
        on.restore(kept)
        assert killed(on, facts, write), f"{writes} and then {on.log.writes[-write:]}"
        finish(on, replace(facts, digest=f"{facts.digest}-again"))
        written, stands = len(on.log.writes), on.fingerprint()
        finish(on, replace(facts, digest=f"{facts.digest}-once-more"))
        assert (on.log.writes[written:], on.fingerprint()) == ([], stands), f"killed after write {write}"
        yield write


def places(kind: str, writes: Sequence[str]) -> Iterator[int]:
    """Yield which writes to be killed after: each call of the API once, and on GitHub each push, which none repeats."""
    seen: set[str] = set()
    for write, call in enumerate(writes, start=1):
        shape = re.sub(r"\d+", "N", call)
        if kind == "github" if shape.endswith("/git-receive-pack") else shape not in seen:
            yield write
        seen.add(shape)


def assert_whole(on: Stage, titles: int, steps: dict[str, int] | None = None) -> None:
    """Check pull requests, branches, ledger, dashboard, comments and reactions: each once, and nothing left over."""
    pulls = on.forge.pulls()
    assert Counter(pull.branch for pull in pulls).total() == len({pull.branch for pull in pulls}) == titles
    branches = [name for name in heads(on.bare) if name.startswith("trimtab/")]
    assert sorted(branches) == sorted(pull.branch for pull in pulls)
    assert all(pull.title for pull in pulls)
    assert isinstance(on.record.prove(), Verified)
    entries = on.record.entries()
    assert {pull.head for pull in pulls} <= {entry.head for entry in entries}
    assert steps is None or Counter(str(entry.step) for entry in entries) == steps
    boards = [one for one in on.state.issues.values() if one.state == "open" and one.body.startswith(DASHBOARD)]
    assert len(boards) == 1
    assert len(set(on.state.reactions)) == len(on.state.reactions)
    for pull in on.state.all():
        assert (pull.labels, pull.reviewers) == (("gpu",), ("ada",))
        assert UNFINISHED not in pull.body
        keys = [key_of(said.body) for said in pull.comments if said.login == BOT]
        assert len(set(keys)) == len(keys)


ANSWERED = {"proposed": 2, "open": 2, "command": 2, "dismissed": 1}
"""What the ledger has once every command was answered."""


def nothing(on: Stage) -> None:
    """Begin with nothing."""
    del on


def opened(on: Stage) -> None:
    """Begin with two open pull requests."""
    finish(on, Facts())


def commanded(on: Stage) -> None:
    """Begin with commands on two pull requests that nobody answered yet."""
    opened(on)
    first, second = (pull.number for pull in on.forge.pulls())
    on.state.say(first, "ada", "/trimtab explain\n/trimtab owner @ada")
    on.state.say(second, "ada", "/trimtab dismiss too early")


def changed_by_a_person(on: Stage) -> None:
    """Begin with a pull request that a person committed to."""
    opened(on)
    branch = next(pull.branch for pull in on.forge.pulls() if "chat" in pull.title)
    commit_to(on.bare, branch, {"apps/chat.yaml": "replicas: 3\n"}, "Three are better")


def test_killed_while_opening(on: Stage) -> None:
    """Killed after any write of a first run, two runs later nothing is double, missing or left over."""
    for _ in each_kill(on, nothing, Facts()):
        assert_whole(on, 2, {"proposed": 2, "open": 2})


def test_killed_while_answering(github: Stage) -> None:
    """Killed after any write, every command is recorded, acted on and answered once."""
    for _ in each_kill(github, commanded, Facts()):
        assert_whole(github, 1, ANSWERED)
        first, second = github.state.all()
        assert [said.login for said in first.comments] == ["ada", BOT]
        assert [said.login for said in second.comments] == ["ada", BOT]


def test_killed_while_updating(github: Stage) -> None:
    """Killed between record, push and text of an update, the next run finishes it."""
    for _ in each_kill(github, opened, Facts("2", 1)):
        assert_whole(github, 2)
        chat = next(pull for pull in github.forge.pulls() if "chat" in pull.title)
        assert git(github.bare, "show", f"{chat.branch}:apps/chat.yaml") == "replicas: 1"
        assert chat.title.startswith("chat: 1 replicas")


def test_killed_while_withdrawing(github: Stage) -> None:
    """Killed anywhere in a withdrawal, nothing stays open, no branch is left, and the reason is said once."""
    for _ in each_kill(github, opened, Facts("2", 0)):
        assert_whole(github, 0, {"proposed": 2, "open": 2, "withdrawn": 2})
        assert all(pull.body.count("I take this back") == 1 for pull in github.state.all())


def test_killed_while_leaving_a_branch_to_a_person(github: Stage) -> None:
    """Killed anywhere, the person is told once and their commit stays."""
    for _ in each_kill(github, changed_by_a_person, Facts("2", 1)):
        assert_whole(github, 2, {"proposed": 2, "open": 3})
        chat = next(pull for pull in github.state.all() if "chat" in pull.title)
        assert git(github.bare, "show", f"{chat.branch}:apps/chat.yaml") == "replicas: 3"
        assert len(chat.comments) == 1


def dies_often(on: Stage, before: Callable[[Stage], None], facts: Facts) -> None:
    """Run processes that each die after their first write, until one has nothing to write, and once more."""
    before(on)
    lives = 0
    while killed(on, facts, 1):
        lives += 1
        assert lives < MOST_WRITES
    finish(on, facts)


@pytest.mark.parametrize(("before", "pulls"), [(nothing, 2), (commanded, 1)], ids=["opening", "answering"])
def test_killed_after_every_single_write(on: Stage, before: Callable[[Stage], None], pulls: int) -> None:
    """Runs that each die after one write get there all the same."""
    dies_often(on, before, Facts())

    assert_whole(on, pulls)


@pytest.mark.parametrize(("replicas", "pulls"), [(1, 2), (0, 0)], ids=["updating", "withdrawing"])
def test_an_end_after_every_single_write(github: Stage, replicas: int, pulls: int) -> None:
    """Updates and withdrawals get there too."""
    dies_often(github, opened, Facts("2", replicas))

    assert_whole(github, pulls)


def test_eight_at_once(on: Stage) -> None:
    """Eight first runs with facts of their own open each pull request and the dashboard once."""
    runs = [begin(on.root, on.url, on.kind, Facts(str(number))) for number in range(8)]
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0] * 8

    finish(on, Facts("9"))

    assert_whole(on, 2, {"proposed": 2, "open": 2})


def test_eight_that_answer_at_once(on: Stage) -> None:
    """Eight runs that find the same commands record and answer each once; one that comes second may give up."""
    commanded(on)
    runs = [begin(on.root, on.url, on.kind, Facts()) for _ in range(8)]
    for run in runs:
        run.join()
    assert 0 in [run.exitcode for run in runs]

    finish(on, Facts())

    assert_whole(on, 1, ANSWERED)
    assert [len(pull.comments) for pull in on.state.all()] == [2, 2]
