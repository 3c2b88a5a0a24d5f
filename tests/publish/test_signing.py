"""Commits that GitHub makes and signs: the same trees as git's, on the same branches, whatever goes wrong between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.fake_github import FakeGitHub
from tests.forges.server import Answer, Fault
from tests.forges.state import BOT, commit_to, git, tip
from tests.publish.grouping import both, found, grouped
from tests.publish.one_run import SIGNING, Facts, begin
from tests.publish.proposals import proposal, wanted
from tests.publish.stages import Stage, stage
from tests.publish.test_crash import MOST_WRITES, assert_whole, each_kill, finish, killed, nothing, opened
from tests.publish.test_faults import assert_whole as assert_all_stands
from tests.publish.test_faults import twice
from trimtab.config import Limits
from trimtab.fleet import Unknown
from trimtab.gitio import Commit, Update, write_commit
from trimtab.publish import sync
from trimtab.publish.github_signer import signs
from trimtab.publish.mark import STAGE
from trimtab.publish.move import Call, Move
from trimtab.publish.signing import signed, stage_of
from trimtab.publish.standing import Standing
from trimtab.recommendation import Link

NOW_S = 1_794_700_000


@pytest.fixture
def on(tmp_path: Path) -> Iterator[Stage]:
    """Return GitHub, where it makes the commits itself."""
    with stage(SIGNING, tmp_path) as ready:
        yield ready


def published(on: Stage, *numbers: int) -> tuple[Link, ...]:
    """Publish what is found: as many replicas for the one and the other workload."""
    proposals = (proposal(on.bare, name, count) for name, count in zip(("chat", "code"), numbers, strict=False))
    return sync(on.site(), wanted(*proposals), on.ledger(), Limits(), NOW_S)


def raw(on: Stage, commit: str) -> str:
    """Return a commit as Git keeps it."""
    return git(on.bare, "cat-file", "commit", commit)


def stages(on: Stage) -> list[str]:
    """Return the branches beside that are there."""
    return [name for name in on.fingerprint() if STAGE in name]


def fake(on: Stage) -> FakeGitHub:
    """Return the server."""
    assert isinstance(on.api, FakeGitHub)
    return on.api


def test_github_makes_the_commit(on: Stage) -> None:
    """The branch holds GitHub's signed commit by this account, with the trailers; the ledger knows it as its head."""
    (link,) = published(on, 2)

    (pull,) = on.forge.pulls()
    text = raw(on, pull.head)
    assert "gpgsig" in text
    assert f"author {BOT} <4242+" in text
    assert f"Trimtab-Recommendation: {link.id}\nTrimtab-Facts: sha256:1" in text
    assert git(on.bare, "show", f"{pull.branch}:apps/chat.yaml") == "replicas: 2"
    assert (link.note, link.head) == ("opened", pull.head)
    assert on.record.entries()[-1].head == pull.head
    assert stages(on) == []


def test_an_update_is_one_signed_commit_from_the_base_of_now(on: Stage) -> None:
    """A change of the proposal replaces the commit by another signed one, on the base's head."""
    published(on, 2)
    base = commit_to(on.bare, "main", {"README.md": "more\n"}, "Elsewhere")

    published(on, 1)

    (pull,) = on.forge.pulls()
    assert git(on.bare, "rev-parse", f"{pull.head}^") == base
    assert "gpgsig" in raw(on, pull.head)
    assert published(on, 1)[0].note == "unchanged"


def test_several_commits_and_deletions_keep_their_trees(on: Stage) -> None:
    """A series of commits is made one by one, each with the tree that git gave it."""
    site = on.site()
    site.repo.fetch("main")
    base = tip(on.bare, "main")
    first = write_commit(site.repo, Commit(base, {"apps/chat.yaml": b"replicas: 1\n"}, "One\n\nTrimtab-A: b\n", NOW_S))
    index = {"GIT_INDEX_FILE": str(on.root / "index")}
    site.repo.run("read-tree", first, env=index)
    site.repo.run("update-index", "--index-info", stdin=f"0 {'0' * 40}\tapps/code.yaml\n".encode(), env=index)
    tree = site.repo.run("write-tree", env=index).decode().strip()
    who = {f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    second = site.repo.run("commit-tree", tree, "-p", first, stdin=b"Two\n", env=who).decode().strip()
    move = Move(Standing("a", "b", (), Unknown("none"), ""), (), branch=Update("trimtab/r/a", second, ""))

    (made,) = signed(site, [move])

    assert isinstance(made.branch, Update)
    log = git(on.bare, "log", "--format=%s %T", f"{base}..{made.branch.commit}").splitlines()
    assert log == [f"Two {tree}", f"One {site.repo.run('rev-parse', f'{first}^{{tree}}').decode().strip()}"]
    assert raw(on, f"{made.branch.commit}^").endswith("One\n\nTrimtab-A: b")


def test_a_shared_branch_holds_a_signed_commit_of_each(on: Stage) -> None:
    """Recommendations that share a branch keep a commit each, and both have the same head in the ledger."""
    links = sync(grouped(on.site()), found(both(on.bare)), on.ledger(), Limits(), NOW_S)
    again = sync(grouped(on.site()), found(both(on.bare)), on.ledger(), Limits(), NOW_S)

    (pull,) = on.forge.pulls()
    commits = git(on.bare, "rev-list", f"main..{pull.head}").split()
    assert len(commits) == 2
    assert all("gpgsig" in raw(on, commit) for commit in commits)
    assert {link.head for link in links} == {pull.head}
    assert {entry.head for entry in on.record.entries() if entry.step == "open"} == {pull.head}
    assert {link.note for link in again} == {"unchanged"}
    assert stages(on) == []


def test_what_comes_back_keeps_the_commit_that_it_had(on: Stage) -> None:
    """The head of a pull request that is opened again is not made anew: GitHub would not open it."""
    move = Move(
        Standing("a", "b", (), Unknown("none"), ""),
        (),
        branch=Update("trimtab/r/a", tip(on.bare, "main"), ""),
        call=Call.REOPEN,
    )

    assert signed(on.site(), [move]) == [move]


def test_an_executable_file_is_left_to_git(on: Stage) -> None:
    """The API keeps no modes: git makes the commit, and that is said."""
    git(on.bare, "update-index", "--add", "--cacheinfo", f"100755,{blob(on)},apps/chat.yaml", env=index_of(on))
    tree = git(on.bare, "write-tree", env=index_of(on))
    commit = git(on.bare, "commit-tree", tree, "-p", tip(on.bare, "main"), "-m", "A script")
    git(on.bare, "update-ref", "refs/heads/main", commit)

    link, other = published(on, 2, 3)

    pull, beside = on.forge.pulls()
    assert (other.note, "gpgsig" in raw(on, beside.head)) == ("opened", True)
    assert link.note == (
        "opened; its commit lacks the forge's signature: the forge's API keeps no file modes, and a file is executable"
    )
    assert "gpgsig" not in raw(on, pull.head)
    assert git(on.bare, "ls-tree", pull.head, "apps/chat.yaml").startswith("100755")
    assert stages(on) == []


def blob(on: Stage) -> str:
    """Return the blob of a workload's file."""
    return git(on.bare, "rev-parse", "main:apps/chat.yaml")


def index_of(on: Stage) -> dict[str, str]:
    """Return where a person's index is."""
    return {"GIT_INDEX_FILE": str(on.root / "person-index")}


def test_a_server_that_does_not_sign(on: Stage) -> None:
    """A commit without a badge is not worth the API: git makes it, and that is said."""
    fake(on).signs = False

    first, second = published(on, 2, 3)

    assert "lacks the forge's signature: GitHub does not call" in first.note
    assert second.note.startswith("opened; ")
    assert all("gpgsig" not in raw(on, pull.head) for pull in on.forge.pulls())
    assert stages(on) == []


@pytest.mark.parametrize("call", ["POST /repos/acme/gitops/git/refs", "POST /api/graphql"])
@pytest.mark.parametrize("answer", [Answer(404, {"message": "Not Found"}), Answer(200, {"data": {"viewer": {}}})])
def test_a_server_without_that_api(on: Stage, call: str, answer: Answer) -> None:
    """Where the forge has no such call it is tried once, and git does the rest."""
    on.forge.whoami()
    on.log.faults.append(Fault(call, answer, times=9))

    links = published(on, 2, 3)

    assert [link.note.split(":")[0] for link in links] == ["opened; its commit lacks the forge's signature"] * 2
    assert len([each for each in on.log.calls if each == call]) == 1
    assert len(on.forge.pulls()) == 2
    assert stages(on) == []


def test_an_answer_that_got_lost(on: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that was made although the answer did not arrive is not made twice."""
    monkeypatch.setattr("trimtab.publish.pace.sleep", lambda _: None)
    on.forge.whoami()
    for call in ("POST /repos/acme/gitops/git/refs", "POST /api/graphql"):
        on.log.faults.append(Fault(call, Answer(502, {"message": "Bad gateway"}), effect=True))

    (link,) = published(on, 2)

    assert link.note == "opened"
    assert fake(on).commits.made == [link.head]


WEATHER = [
    Fault("502", Answer(502, {"message": "Bad gateway"})),
    Fault("reset done", Answer(200, {}), effect=True, reset=True),
    Fault("429 wait", Answer(429, {"message": "Too many requests"}, (("Retry-After", "0"),))),
    Fault("limit without a time", Answer(403, {"message": "You have exceeded a secondary rate limit."})),
    Fault("a rule", Answer(422, {"message": "Repository rule violations found"}), times=9),
]


@pytest.mark.parametrize("call", ["POST /repos/acme/gitops/git/refs", "POST /api/graphql", "/commits/"])
@pytest.mark.parametrize("how", WEATHER, ids=[each.match for each in WEATHER])
def test_one_call_fails(on: Stage, call: str, how: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens to one of the calls, two runs later all stands once, and nothing is left over."""
    monkeypatch.setattr("trimtab.publish.pace.sleep", lambda _: None)
    on.log.faults.append(replace(how, match=call))

    twice(on)

    assert_all_stands(on)
    assert stages(on) == []


def test_somebody_else_on_the_branch_beside(on: Stage) -> None:
    """What lies on the branch beside and is not what was meant never reaches the branch that counts."""
    branch = f"trimtab/surplus-replicas/{proposal(on.bare).id}"
    beside = stage_of(branch)
    git(on.bare, "update-ref", f"refs/heads/{beside}", tip(on.bare, "main"))
    stranger = commit_to(on.bare, beside, {"apps/chat.yaml": "replicas: 99\n"}, "Mine")

    (link,) = published(on, 2)

    assert git(on.bare, "show", f"{link.head}:apps/chat.yaml") == "replicas: 2"
    assert "gpgsig" in raw(on, link.head)
    assert stranger not in git(on.bare, "rev-list", link.head)
    assert stages(on) == []


def test_the_same_change_by_somebody_else_is_not_ours(on: Stage) -> None:
    """A commit on the branch beside that holds the very change, and that this account did not make, is not taken."""
    branch = f"trimtab/surplus-replicas/{proposal(on.bare).id}"
    git(on.bare, "update-ref", f"refs/heads/{stage_of(branch)}", tip(on.bare, "main"))
    stranger = commit_to(on.bare, stage_of(branch), {"apps/chat.yaml": "replicas: 2\n"}, "Mine")

    (link,) = published(on, 2)

    assert link.head != stranger
    assert git(on.bare, "log", "-1", "--format=%an", link.head) == "trimtab[bot]"
    assert stages(on) == []


def test_what_a_run_left_behind_is_taken_away(on: Stage) -> None:
    """A branch beside that no proposal needs any more is deleted by the next run."""
    git(on.bare, "update-ref", f"refs/heads/{STAGE}0123456789abcdef", tip(on.bare, "main"))

    published(on)

    assert stages(on) == []


@pytest.mark.parametrize("own", [True, False], ids=["ours", "forged"])
def test_whose_a_signed_branch_is(on: Stage, own: bool) -> None:
    """A head that the ledger does not know is ours only if GitHub vouches that this account made it."""
    first = published(on, 2)[0]
    head = on.forge.pulls()[0].head
    site = replace(on.site(), name="elsewhere")  # whose ledger knows nothing of it
    if not own:
        fake(on).commits.made.clear()
    on.state.close(1)
    other = replace(proposal(on.bare, "chat", 1), repository="elsewhere")
    git(on.bare, "update-ref", "-d", "refs/heads/trimtab-ledger")

    (link,) = sync(site, wanted(other), on.ledger(), Limits(), NOW_S)

    assert (link.note == "opened") is own
    assert (tip(on.bare, first.branch) != head) is own


def test_a_person_who_commits_on_top_wins(on: Stage) -> None:
    """A person's commit on a signed branch is theirs, as on any other."""
    published(on, 2)
    (pull,) = on.forge.pulls()
    commit_to(on.bare, pull.branch, {"apps/chat.yaml": "replicas: 3\n"}, "Three are better")

    (link,) = published(on, 1)

    assert link.note == "left alone: a person changed its branch"


@pytest.mark.parametrize(
    ("commits", "token", "by_api"),
    [
        ("auto", "ghs_installation", True),
        ("auto", "ghp_personal", False),
        ("auto", "", False),
        ("api", "ghp_personal", True),
        ("git", "ghs_installation", False),
    ],
)
def test_who_makes_the_commits(commits: str, token: str, by_api: bool) -> None:
    """GitHub makes them where that is configured, or where the token is an App's and nothing is said."""
    assert signs(commits, token) is by_api


def test_killed_while_opening(on: Stage) -> None:
    """Killed after any write, two runs later nothing is double, missing or left over."""
    for _ in each_kill(on, nothing, Facts()):
        assert_whole(on, 2, {"proposed": 2, "open": 2})
        assert all("gpgsig" in raw(on, pull.head) for pull in on.forge.pulls())


def test_killed_after_every_single_write(on: Stage) -> None:
    """Runs that each die after one write get there all the same."""
    opened(on)
    lives = 0
    while killed(on, Facts("2", 1), 1):
        lives += 1
        assert lives < MOST_WRITES

    finish(on, Facts("2", 1))

    assert_whole(on, 2, {"proposed": 2, "open": 3})


def test_eight_at_once(on: Stage) -> None:
    """Eight first runs open each pull request once."""
    runs = [begin(on.root, on.url, on.kind, Facts(str(number))) for number in range(8)]
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0] * 8

    finish(on, Facts("9"))

    assert_whole(on, 2, {"proposed": 2, "open": 2})
