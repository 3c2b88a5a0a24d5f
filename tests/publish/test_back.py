"""What comes back after it was withdrawn is the same pull request, once, and not for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forges.server import Answer, Fault
from tests.forges.state import commit_to, git, show, tip
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage, stage
from trimtab.config import Limits
from trimtab.publish import PullState, Wanted, sync
from trimtab.publish.mark import branch_of
from trimtab.recommendation import Link

FORGES = ("memory", "local", "github", "gitlab")

NOW_S = 1_794_700_000
DAY_S = 86_400
EDIT = {"github": "PATCH /repos/acme/gitops/pulls/1", "gitlab": "PUT /projects/acme%2Fgitops/merge_requests/1"}


def run(on: Stage, found: Wanted, now_s: int = NOW_S) -> tuple[Link, ...]:
    """Run once, as a fresh process would."""
    return sync(on.site(), found, on.ledger(now_s), Limits(), now_s)


def gone(on: Stage) -> None:
    """Open a pull request and withdraw it."""
    run(on, wanted(proposal(on.bare)))
    run(on, wanted())
    assert on.forge.pulls() == ()


def steps(on: Stage) -> list[str]:
    """Return the steps in the ledger, in order."""
    return [entry.step for entry in on.record.entries()]


def test_the_same_pull_request_is_opened_again(on: Stage) -> None:
    """Number, branch and head are those of before, the reason of the closing is gone, and it is said why."""
    gone(on)

    (link,) = run(on, wanted(proposal(on.bare, facts="2")))

    (pull,) = on.forge.pulls()
    assert (link.note, pull.number) == ("opened again", 1)
    assert show(on.bare, link.branch, "apps/chat.yaml") == "replicas: 2"
    assert "take this back" not in pull.body
    assert "opened it again" in on.forge.comments(1)[-1].body
    assert steps(on) == ["proposed", "open", "withdrawn", "open"]
    assert [each.note for each in run(on, wanted(proposal(on.bare, facts="3")))] == ["unchanged"]


def test_with_other_values_it_is_brought_up_to_date_next(memory: Stage) -> None:
    """Where the facts say something else now, the run after writes text and branch anew."""
    gone(memory)
    run(memory, wanted(proposal(memory.bare, replicas=1)))

    (link,) = run(memory, wanted(proposal(memory.bare, replicas=1)))

    assert link.note == "updated"
    assert show(memory.bare, link.branch, "apps/chat.yaml") == "replicas: 1"
    assert [pull.number for pull in memory.forge.pulls()] == [1]


def test_closed_by_a_person_after_that_it_is_dismissed(on: Stage) -> None:
    """Who closes what was opened again is not contradicted."""
    gone(on)
    run(on, wanted(proposal(on.bare)))
    on.people.close(1)

    for _ in range(2):
        (link,) = run(on, wanted(proposal(on.bare)))
        assert link.note == "dismissed: nothing material changed since"

    assert steps(on)[-1] == "dismissed"
    assert on.forge.pulls() == ()


@pytest.mark.parametrize("kind", ["github", "gitlab"])
@pytest.mark.parametrize("effect", [True, False])
def test_cut_off_in_between_the_next_run_goes_on(tmp_path: Path, kind: str, effect: bool) -> None:  # a parameter
    """A run that ended at the reopening leaves no dismissal that nobody meant, and no second pull request."""
    with stage(kind, tmp_path) as on:
        gone(on)
        limit = Answer(403 if kind == "github" else 429, {"message": "You have exceeded a secondary rate limit."})
        on.log.faults.append(Fault(EDIT[kind], limit, effect=effect))
        with pytest.raises(Exception, match="rate limit"):
            run(on, wanted(proposal(on.bare)))

        run(on, wanted(proposal(on.bare)))
        (link,) = run(on, wanted(proposal(on.bare)))

        assert link.note == "unchanged"
        assert [pull.number for pull in on.forge.pulls()] == [1]
        assert steps(on) == ["proposed", "open", "withdrawn", "open"]


def test_where_the_forge_will_not_a_new_one_is_opened(tmp_path: Path) -> None:
    """A pull request that cannot be opened again is followed by a new one."""
    with stage("github", tmp_path) as on:
        gone(on)
        refusal = Answer(422, {"message": "state cannot be changed. The branch was force-pushed or recreated."})
        on.log.faults.append(Fault(EDIT["github"], refusal))

        run(on, wanted(proposal(on.bare)))
        notes = [run(on, wanted(proposal(on.bare)))[0].note for _ in range(2)]

        assert notes == ["updated", "unchanged"]
        assert [pull.number for pull in on.forge.pulls()] == [2]


def test_a_commit_that_git_dropped_means_a_new_pull_request(memory: Stage) -> None:
    """Where the branch cannot be restored a new one is opened."""
    gone(memory)
    git(memory.bare, "prune", "--expire=now")

    (link,) = run(memory, wanted(proposal(memory.bare, replicas=1)))

    assert link.note == "opened"
    assert [pull.number for pull in memory.forge.pulls()] == [2]
    assert steps(memory)[-2:] == ["proposed", "open"]


def test_a_branch_that_a_person_made_meanwhile_is_theirs(memory: Stage) -> None:
    """Nothing is pushed over a branch of the same name that holds a person's commits."""
    gone(memory)
    branch = branch_of("surplus-replicas", proposal(memory.bare).id)
    git(memory.bare, "update-ref", f"refs/heads/{branch}", tip(memory.bare, "main"))
    theirs = commit_to(memory.bare, branch, {"apps/chat.yaml": "replicas: 9\n"}, "Mine")

    (link,) = run(memory, wanted(proposal(memory.bare)))

    assert link.note == f"held: the branch {branch} holds commits of others"
    assert tip(memory.bare, branch) == theirs


def test_what_comes_and_goes_rests(memory: Stage) -> None:
    """After the third withdrawal it is left alone for a week, without a write, and opened again afterwards."""
    for day in range(3):
        run(memory, wanted(proposal(memory.bare)), NOW_S + day * DAY_S)
        run(memory, wanted(), NOW_S + day * DAY_S)
    before = memory.fingerprint()

    early = run(memory, wanted(proposal(memory.bare)), NOW_S + 9 * DAY_S - 1)
    assert early[0].note == "withdrawn: it came and went 3 times, and rests until 2026-11-23T23:46:40Z"
    assert memory.fingerprint() == before

    late = run(memory, wanted(proposal(memory.bare)), NOW_S + 9 * DAY_S)
    assert late[0].note == "opened again"
    assert [pull.number for pull in memory.forge.pulls()] == [1]
    closed = memory.forge.pulls(late[0].branch)
    assert [pull.state for pull in closed] == [PullState.OPEN]
