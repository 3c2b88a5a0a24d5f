"""The reconcile, on every forge: what a run does, and what it leaves alone."""

from __future__ import annotations

import pytest

from tests.forges.state import commit_to, git, show, tip
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage
from trimtab.config import Limits
from trimtab.publish import PullState, Wanted, sync
from trimtab.publish.mark import branch_of
from trimtab.recommendation import Link
from trimtab.record import Verified

NOW_S = 1_794_700_000
NO_LIMITS = Limits()


def run(on: Stage, found: Wanted, limits: Limits = NO_LIMITS, now_s: int = NOW_S) -> tuple[Link, ...]:
    """Run once, as a fresh process would, and check that the ledger is whole."""
    links = sync(on.site(), found, on.ledger(now_s), limits, now_s)
    assert isinstance(on.record.prove(), Verified)
    return links


def steps(on: Stage) -> list[str]:
    """Return the steps in the ledger, in order."""
    return [entry.step for entry in on.record.entries()]


def branch_for(on: Stage, name: str = "chat") -> str:
    """Return the branch of a workload's proposal."""
    return branch_of("surplus-replicas", proposal(on.bare, name).id)


def test_a_proposal_becomes_a_pull_request(any_forge: Stage) -> None:
    """Branch, commit, pull request and two ledger entries; the commit says what it rests any_forge."""
    wish = proposal(any_forge.bare)

    (link,) = run(any_forge, wanted(wish))

    (pull,) = any_forge.forge.pulls()
    branch = branch_for(any_forge)
    assert (link.note, link.state, link.branch, link.head) == ("opened", "open", branch, tip(any_forge.bare, branch))
    assert (pull.title, pull.branch, pull.base) == (wish.title, branch, "main")
    assert show(any_forge.bare, branch, "apps/chat.yaml") == "replicas: 2"
    assert show(any_forge.bare, branch, "README.md") == "hello"
    assert git(any_forge.bare, "log", "-1", "--format=%an|%cn|%ct", branch) == "trimtab[bot]|trimtab[bot]|1794614400"
    trailers = git(any_forge.bare, "log", "-1", "--format=%(trailers:only,unfold)", branch)
    assert trailers.splitlines() == [f"Trimtab-Recommendation: {wish.id}", "Trimtab-Facts: sha256:1"]
    proposed, opened = any_forge.record.entries()
    assert [(each.step, each.came_from) for each in (proposed, opened)] == [("proposed", ""), ("open", "proposed")]
    assert opened.head == pull.head
    assert opened.actor == any_forge.forge.whoami()
    assert opened.saving == "1200.00"


def test_the_same_facts_give_the_same_commit(on: Stage) -> None:
    """A proposal made twice is one commit, to the byte."""
    run(on, wanted(proposal(on.bare)))
    head = tip(on.bare, branch_for(on))
    git(on.bare, "update-ref", "-d", f"refs/heads/{branch_for(on)}")
    git(on.bare, "update-ref", "-d", "refs/heads/trimtab-ledger")

    run(on, wanted(proposal(on.bare)))

    assert tip(on.bare, branch_for(on)) == head


def test_a_second_run_changes_nothing(any_forge: Stage) -> None:
    """Unchanged facts, or newer facts that say the same, lead to no write at all and to few reads."""
    run(any_forge, wanted(proposal(any_forge.bare), proposal(any_forge.bare, "code", 3)))
    before, writes, calls = any_forge.fingerprint(), len(any_forge.log.writes), len(any_forge.log.calls)

    links = run(any_forge, wanted(proposal(any_forge.bare, facts="2"), proposal(any_forge.bare, "code", 3, facts="2")))

    assert [link.note for link in links] == ["unchanged", "unchanged"]
    assert any_forge.fingerprint() == before
    assert len(any_forge.log.writes) == writes
    assert sum("/api/" not in call and ".git/" not in call for call in any_forge.log.calls[calls:]) <= 3


def test_a_new_value_moves_the_branch_and_the_text(on: Stage) -> None:
    """When the facts say something else the same pull request says it."""
    run(on, wanted(proposal(on.bare)))

    (link,) = run(on, wanted(proposal(on.bare, replicas=1)))

    (pull,) = on.forge.pulls()
    assert link.note == "updated"
    assert pull.title == "chat: 1 replicas, saves $1200.00"
    assert show(on.bare, branch_for(on), "apps/chat.yaml") == "replicas: 1"
    assert steps(on) == ["proposed", "open", "open"]
    assert run(on, wanted(proposal(on.bare, replicas=1)))[0].note == "unchanged"


def test_new_words_do_not_move_the_branch(on: Stage) -> None:
    """Where only the saving differs, no commit is made and no pipeline runs again."""
    run(on, wanted(proposal(on.bare)))
    head = tip(on.bare, branch_for(on))

    run(on, wanted(proposal(on.bare, saving="1500.00", facts="2")))

    assert tip(on.bare, branch_for(on)) == head
    assert on.forge.pulls()[0].title == "chat: 2 replicas, saves $1500.00"


def test_a_title_that_a_person_wrote_stays(on: Stage) -> None:
    """The text is brought up to date, and a person's title is kept."""
    run(on, wanted(proposal(on.bare)))
    (pull,) = on.forge.pulls()
    on.forge.edit_pull(pull.number, title="Ours: fewer", body=pull.body, state=PullState.OPEN)

    run(on, wanted(proposal(on.bare, replicas=1)))

    assert on.forge.pulls()[0].title == "Ours: fewer"


def test_a_persons_commit_ends_the_pushes(any_forge: Stage) -> None:
    """Human edits win: no push, one comment, one entry, however often it runs."""
    run(any_forge, wanted(proposal(any_forge.bare)))
    theirs = commit_to(any_forge.bare, branch_for(any_forge), {"apps/chat.yaml": "replicas: 3\n"}, "Rather three")

    for replicas in (1, 1, 2):
        (link,) = run(any_forge, wanted(proposal(any_forge.bare, replicas=replicas)))
        assert link.note == "left alone: a person changed its branch"

    assert tip(any_forge.bare, branch_for(any_forge)) == theirs
    (pull,) = any_forge.forge.pulls()
    assert len(any_forge.forge.comments(pull.number)) == 1
    assert steps(any_forge) == ["proposed", "open", "open"]


def test_a_persons_commit_survives_a_withdrawal(on: Stage) -> None:
    """What a person committed is neither closed nor deleted when the facts are gone."""
    run(on, wanted(proposal(on.bare)))
    theirs = commit_to(on.bare, branch_for(on), {"apps/chat.yaml": "replicas: 3\n"}, "Rather three")

    run(on, wanted())

    assert tip(on.bare, branch_for(on)) == theirs
    assert len(on.forge.pulls()) == 1


def test_closing_is_a_dismissal(any_forge: Stage) -> None:
    """A closed pull request is recorded with its person, its branch goes, and it is not proposed again."""
    run(any_forge, wanted(proposal(any_forge.bare)))
    any_forge.people.close(1)

    links = run(any_forge, wanted(proposal(any_forge.bare)))
    again = run(any_forge, wanted(proposal(any_forge.bare)))

    assert links[0].note == again[0].note == "dismissed: nothing material changed since"
    assert steps(any_forge) == ["proposed", "open", "dismissed"]
    assert any_forge.forge.pulls() == ()
    assert tip(any_forge.bare, branch_for(any_forge)) == ""
    if any_forge.kind != "local":
        assert any_forge.record.entries()[-1].actor.id == any_forge.state.users["ada"]


def test_material_news_reopens_a_dismissed_case(on: Stage) -> None:
    """Half as much again is another case, and gets another pull request."""
    run(on, wanted(proposal(on.bare)))
    on.people.close(1)
    run(on, wanted(proposal(on.bare, saving="1300.00")))
    assert on.forge.pulls() == ()

    run(on, wanted(proposal(on.bare, saving="1800.00")))

    assert [pull.number for pull in on.forge.pulls()] == [2]
    assert steps(on) == ["proposed", "open", "dismissed", "proposed", "open"]


def test_a_person_may_open_it_again(any_forge: Stage) -> None:
    """Opened again by a person it is open again, and closed again it is dismissed again."""
    run(any_forge, wanted(proposal(any_forge.bare)))
    any_forge.people.close(1)
    run(any_forge, wanted(proposal(any_forge.bare)))
    any_forge.people.reopen(1)

    (link,) = run(any_forge, wanted(proposal(any_forge.bare)))
    assert link.note == "opened again by a person"
    assert run(any_forge, wanted(proposal(any_forge.bare)))[0].note == "unchanged"

    any_forge.people.close(1)
    run(any_forge, wanted(proposal(any_forge.bare)))
    assert steps(any_forge) == ["proposed", "open", "dismissed", "open", "dismissed"]
    assert any_forge.forge.pulls() == ()


@pytest.mark.parametrize("squash", [False, True])
def test_merging_is_an_approval(any_forge: Stage, squash: bool) -> None:  # a parameter of the test
    """A merge is recorded with the merged head, and nothing is proposed while its outcome is not known."""
    run(any_forge, wanted(proposal(any_forge.bare)))
    head = tip(any_forge.bare, branch_for(any_forge))
    wish = proposal(any_forge.bare)
    any_forge.people.merge(1, squash=squash)

    (link,) = run(any_forge, wanted(wish))
    run(any_forge, wanted(wish))

    approved = any_forge.record.entries()[-1]
    assert (approved.step, approved.head, approved.pull_request) == ("approved", head, 1)
    assert link.note == "approved: its outcome is not known yet"
    assert any_forge.forge.pulls() == ()
    assert tip(any_forge.bare, branch_for(any_forge)) == ""


def test_what_is_gone_is_withdrawn(any_forge: Stage) -> None:
    """Where the facts are gone the pull request is closed with a reason, and its branch deleted; once."""
    run(any_forge, wanted(proposal(any_forge.bare)))

    for _ in range(2):
        run(any_forge, wanted())

    (pull,) = any_forge.forge.pulls(branch_for(any_forge))
    assert pull.state is PullState.CLOSED
    assert [comment.body.count("take this back") for comment in any_forge.forge.comments(1)] == [1]
    assert tip(any_forge.bare, branch_for(any_forge)) == ""
    assert steps(any_forge) == ["proposed", "open", "withdrawn"]


@pytest.mark.parametrize("kept", [{"valid": True}, {"blind": True}])
def test_no_facts_withdraw_nothing(on: Stage, kept: dict[str, bool]) -> None:
    """A recommendation that is held back, or whose cluster could not be read, keeps its pull request."""
    wish = proposal(on.bare)
    run(on, wanted(wish))

    run(on, wanted(valid=(wish.id,) if "valid" in kept else (), blind=("eu",) if "blind" in kept else ()))

    assert len(on.forge.pulls()) == 1
    assert steps(on) == ["proposed", "open"]


def test_what_comes_back_is_proposed_again(on: Stage) -> None:
    """A withdrawn recommendation that comes back is opened again, in the pull request that it had."""
    run(on, wanted(proposal(on.bare)))
    run(on, wanted())

    run(on, wanted(proposal(on.bare)))

    assert [pull.number for pull in on.forge.pulls()] == [1]
    assert steps(on) == ["proposed", "open", "withdrawn", "open"]


def test_limits_hold_back_the_last(on: Stage) -> None:
    """The best are opened; the others are held with the limit that holds them, and nothing is recorded of them."""
    both = wanted(proposal(on.bare), proposal(on.bare, "code", 3))

    opened, held = run(on, both, Limits(open_pull_requests=1))

    assert (opened.note, held.note) == ("opened", "held: 1 pull requests are open, and limits.open_pull_requests is 1")
    assert steps(on) == ["proposed", "open"]
    assert [link.note for link in run(on, both, Limits(new_per_run=1))] == ["unchanged", "opened"]


def test_a_branch_of_somebody_else_is_not_overwritten(on: Stage) -> None:
    """A person's branch of the same name holds the proposal back."""
    git(on.bare, "update-ref", f"refs/heads/{branch_for(on)}", tip(on.bare, "main"))
    theirs = commit_to(on.bare, branch_for(on), {"apps/chat.yaml": "replicas: 9\n"}, "Mine")

    (link,) = run(on, wanted(proposal(on.bare)))

    assert link.note == f"held: the branch {branch_for(on)} holds commits of others"
    assert tip(on.bare, branch_for(on)) == theirs


def test_a_change_that_stands_already_is_not_proposed(on: Stage) -> None:
    """Where the base holds the change, there is nothing to open."""
    commit_to(on.bare, "main", {"apps/chat.yaml": "replicas: 2\n"}, "Done by hand")

    (link,) = run(on, wanted(proposal(on.bare)))

    assert link.note == "held: main holds the change already"
    assert steps(on) == []


def test_a_link_in_git_is_never_replaced(on: Stage) -> None:
    """A path that is a symbolic link is refused, and the others go on."""
    blob = git(on.bare, "hash-object", "-w", "--stdin", stdin=b"/etc/passwd")
    tree = git(on.bare, "ls-tree", "main:apps") + f"\n120000 blob {blob}\tlink.yaml\n"
    apps = git(on.bare, "mktree", stdin=tree.encode())
    root = git(on.bare, "mktree", stdin=f"040000 tree {apps}\tapps\n".encode())
    git(on.bare, "update-ref", "refs/heads/main", git(on.bare, "commit-tree", root, "-p", "main", "-m", "Link"))

    link, chat = run(on, wanted(proposal(on.bare, "link"), proposal(on.bare)))

    assert link.note == "held: apps/link.yaml is no plain file in Git, and is left alone"
    assert chat.note == "opened"
