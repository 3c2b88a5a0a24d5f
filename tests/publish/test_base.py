"""What happens to the base meanwhile: it moves, its files move, or it is renamed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.forges.state import commit_to, git, show, tip
from tests.propose import samples
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage
from trimtab.config import Limits
from trimtab.propose.state import fingerprint
from trimtab.publish import sync
from trimtab.recommendation import Link, Proposal

FORGES = ("memory", "github", "gitlab", "gitea")

NOW_S = 1_794_700_000


def run(on: Stage, one: Proposal, base: str = "main") -> Link:
    """Run once for one proposal."""
    (link,) = sync(replace(on.site(), base=base), wanted(one), on.ledger(NOW_S), Limits(), NOW_S)
    return link


def files_on(on: Stage, branch: str) -> list[str]:
    """Return the paths of a branch."""
    return git(on.bare, "ls-tree", "-r", "--name-only", branch).split()


def test_a_base_that_moved_moves_no_branch(memory: Stage) -> None:
    """Other people's merges cost no push and no pipeline."""
    head = run(memory, proposal(memory.bare)).head
    commit_to(memory.bare, "main", {"README.md": "more\n", "apps/code.yaml": "replicas: 7\n"}, "Others")

    assert run(memory, proposal(memory.bare)).note == "unchanged"
    assert tip(memory.bare, run(memory, proposal(memory.bare)).branch) == head


def test_a_file_that_moved_is_followed(memory: Stage) -> None:
    """The same recommendation at its new path is the same pull request, with a branch that holds the new path alone."""
    run(memory, proposal(memory.bare))
    tree = git(memory.bare, "rev-parse", "main:apps")
    root = git(memory.bare, "mktree", stdin=f"040000 tree {tree}\tclusters\n".encode())
    git(memory.bare, "update-ref", "refs/heads/main", git(memory.bare, "commit-tree", root, "-p", "main", "-m", "Move"))
    moved = replace(
        proposal(memory.bare), files={"clusters/chat.yaml": b"replicas: 2\n"}, fingerprint="moved", body="Moved."
    )

    link = run(memory, moved)

    assert link.note == "updated"
    assert [pull.number for pull in memory.forge.pulls()] == [1]
    assert files_on(memory, link.branch) == ["clusters/chat.yaml", "clusters/code.yaml"]
    assert show(memory.bare, link.branch, "clusters/chat.yaml") == "replicas: 2"
    assert git(memory.bare, "rev-parse", f"{link.branch}^") == tip(memory.bare, "main")


DIFF = "--- a/x\n+++ b/x\n@@ -1,7 +1,7 @@\n a: 1\n b: 2\n c: 3\n-d: 4\n+d: 5\n e: 6\n f: 7\n g: 8\n"


@pytest.mark.parametrize(("line", "same"), [("b: 2", True), ("c: 3", False), ("e: 6", False), ("g: 8", True)])
def test_only_lines_beside_an_edit_make_it_another(line: str, same: bool) -> None:  # a parameter of the test
    """Git merges what lies further away; what touches an edit is a conflict, and the branch is made anew."""
    other = DIFF.replace(line, f"{line} # changed")

    assert (fingerprint(samples.priced(), (), DIFF) == fingerprint(samples.priced(), (), other)) is same


def test_where_an_edit_stands_does_not_matter() -> None:
    """Lines that came further up move the edit down, and need no update."""
    assert fingerprint(samples.priced(), (), DIFF) == fingerprint(samples.priced(), (), DIFF.replace("-1,7", "-91,7"))


def test_a_base_that_was_renamed_is_followed(on: Stage) -> None:
    """A pull request that goes to a branch which is no more is pointed at the base of now, once."""
    run(on, proposal(on.bare))
    git(on.bare, "update-ref", "refs/heads/trunk", tip(on.bare, "main"))
    one = replace(proposal(on.bare), base_commit=tip(on.bare, "trunk"))
    git(on.bare, "update-ref", "-d", "refs/heads/main")

    notes = [run(on, one, "trunk").note for _ in range(3)]

    assert notes == ["updated", "unchanged", "unchanged"]
    assert [pull.base for pull in on.forge.pulls()] == ["trunk"]
    assert [entry.step for entry in on.record.entries()] == ["proposed", "open"]


def test_pointed_at_the_new_base_it_goes_on(memory: Stage) -> None:
    """Once a person has pointed it at the base of now it is kept up to date as before."""
    run(memory, proposal(memory.bare))
    git(memory.bare, "update-ref", "refs/heads/trunk", tip(memory.bare, "main"))
    run(memory, replace(proposal(memory.bare)), "trunk")
    memory.state.edit(1, base="trunk")

    assert run(memory, proposal(memory.bare), "trunk").note == "unchanged"
    assert run(memory, proposal(memory.bare, replicas=1), "trunk").note == "updated"


def test_a_branch_that_a_person_chose_is_left_alone(memory: Stage) -> None:
    """A pull request that a person pointed at another branch that is there is theirs."""
    run(memory, proposal(memory.bare))
    git(memory.bare, "update-ref", "refs/heads/staging", tip(memory.bare, "main"))
    memory.state.edit(1, base="staging")

    assert run(memory, proposal(memory.bare, replicas=1)).note == "left alone: a person pointed it at staging"
    assert memory.forge.comments(1) == ()
