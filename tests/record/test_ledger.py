"""The ledger on its branch: what is written, what races do, and what its history must be."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.state import git, tip
from tests.record.entries import draft, drafts
from trimtab.errors import RefusedError, TrimtabError
from trimtab.gitio import Remote, Repo
from trimtab.record import BRANCH, Broken, Ledger, Verified

NOW_S = 1_794_700_000
ROOT = Path(__file__).resolve().parent.parent.parent


def make(folder: Path) -> Path:
    """Return an empty bare repository that guards its history."""
    git(folder.parent, "init", "-q", "--bare", str(folder))
    git(folder, "config", "receive.denyNonFastForwards", "true")
    git(folder, "config", "receive.denyDeletes", "true")
    git(folder, "config", "receive.fsckObjects", "true")
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a repository without a ledger."""
    return make(tmp_path / "ledger.git")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with all lives, one commit each."""
    bare = make(tmp_path_factory.mktemp("kept") / "ledger.git")
    ledger = fresh(bare)
    for one in drafts():
        assert ledger.append([one])
    return bare


@pytest.fixture
def full(kept: Path, tmp_path: Path) -> Path:
    """Return a copy of it, to change."""
    return shutil.copytree(kept, tmp_path / "ledger.git")


def fresh(bare: Path, now_s: int = NOW_S) -> Ledger:
    """Return the ledger as a new process sees it."""
    number = len(list(bare.parent.glob("scratch-*")))
    return Ledger(Repo(bare.parent / f"scratch-{number}", Remote(str(bare))), now_s)


def test_nothing_written_is_empty(bare: Path) -> None:
    """A ledger without a branch has no entries and holds."""
    assert fresh(bare).entries() == ()
    assert fresh(bare).prove() == Verified(0, "")


def test_steps_are_written_and_read(full: Path) -> None:
    """What is appended is there for the next process, chained and linear."""
    entries = fresh(full).entries()

    assert len(entries) == len(drafts())
    assert fresh(full).prove() == Verified(len(entries), entries[-1].digest)
    assert [entry.step for entry in entries if entry.recommendation == "b" * 16][-1] == "dismissed"
    assert entries[0].at == "2026-11-14T23:46:40Z"
    assert git(full, "rev-list", "--min-parents=2", "--count", BRANCH) == "0"


def test_many_drafts_are_one_commit(bare: Path) -> None:
    """One write holds all the steps that are taken together."""
    fresh(bare).append([draft("a" * 16, "proposed"), draft("b" * 16, "proposed")])

    assert git(bare, "rev-list", "--count", BRANCH) == "1"
    assert len(fresh(bare).entries()) == 2


def test_a_draft_that_was_overtaken_is_left_out(bare: Path) -> None:
    """Where another run took the step first, this run's draft is not recorded."""
    slow, quick = fresh(bare), fresh(bare)
    slow.entries()
    quick.append([draft("a" * 16, "proposed")])

    kept = slow.append([draft("a" * 16, "proposed"), draft("b" * 16, "proposed")])

    assert [entry.recommendation for entry in kept] == ["b" * 16]
    assert [entry.recommendation for entry in fresh(bare).entries()] == ["a" * 16, "b" * 16]


def test_a_command_is_recorded_once(bare: Path) -> None:
    """The same comment handled twice, as a redelivered event would, has one entry."""
    one = replace(draft("", "command"), command=77)

    assert len(fresh(bare).append([one])) == 1
    assert fresh(bare).append([one]) == ()
    assert fresh(bare).entries()[0].recommendation == ""


def test_an_illegal_step_is_refused(bare: Path) -> None:
    """A step that no life allows is not written."""
    ledger = fresh(bare)
    ledger.append([draft("a" * 16, "proposed")])

    with pytest.raises(TrimtabError, match="cannot go from proposed to verified"):
        ledger.append([draft("a" * 16, "verified", expects=1)])


def test_writers_that_race_lose_nothing(bare: Path) -> None:
    """Four processes that append at once all have their entries in one chain."""
    script = (
        "import sys; from pathlib import Path; from trimtab.gitio import Remote, Repo;"
        "from trimtab.record import Ledger; from tests.record.entries import draft;"
        "ledger = Ledger(Repo(Path(sys.argv[1]), Remote(sys.argv[2])), 0);"
        "[ledger.append([draft(f'{sys.argv[3]}{n}' + 'a' * 14, 'proposed')]) for n in range(2)]"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, f"{bare.parent}/w{name}", str(bare), name], cwd=ROOT)
        for name in "1234"
    ]
    assert [writer.wait() for writer in writers] == [0] * 4

    assert len({entry.recommendation for entry in fresh(bare).entries()}) == 8
    assert isinstance(fresh(bare).prove(), Verified)


def rewritten(bare: Path, path: str, content: bytes | None) -> None:
    """Add a commit that changes or deletes a file of the ledger, as somebody with a clone would."""
    git(bare, "config", "receive.denyNonFastForwards", "false")
    scratch = Repo(bare.parent / "person.git", Remote(str(bare)))
    scratch.fetch(BRANCH, blobs=True)
    index = {"GIT_INDEX_FILE": str(bare.parent / "person-index")}
    scratch.run("read-tree", BRANCH, env=index)
    if content is None:
        scratch.run("update-index", "--index-info", stdin=f"0 {'0' * 40}\t{path}\n".encode(), env=index)
    else:
        blob = scratch.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()
        scratch.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
    tree = scratch.run("write-tree", env=index).decode().strip()
    who = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    commit = scratch.run("commit-tree", tree, "-p", BRANCH, "-m", "x", env=who).decode().strip()
    scratch.run("push", "-q", str(bare), f"{commit}:refs/heads/{BRANCH}")


LAST = len(drafts())


@pytest.mark.parametrize(
    ("path", "content", "broken"),
    [
        ("entries/00000/00000003.json", b"{}", 3),
        ("entries/00000/00000003.json", None, 3),
        (f"entries/00000/{LAST:08d}.json", None, LAST),  # the tail: only the history tells
        ("notes.txt", b"hello", 0),
        ("entries/00000/00000099.json", b"{}", LAST + 1),
    ],
)
def test_a_later_commit_cannot_change_the_record(full: Path, path: str, content: bytes | None, broken: int) -> None:
    """Changed, deleted and foreign files are found, and nothing more is written to a damaged ledger."""
    rewritten(full, path, content)

    found = fresh(full).prove()

    assert isinstance(found, Broken)
    assert found.entry == broken
    if path != f"entries/00000/{LAST:08d}.json":
        with pytest.raises(RefusedError, match="damaged"):
            fresh(full).append([draft("f" * 16, "proposed")])


def test_a_merge_in_the_branch_is_found(full: Path) -> None:
    """The branch is linear; a merge is another story of what happened."""
    tree = git(full, "rev-parse", f"{BRANCH}^{{tree}}")
    merge = git(full, "commit-tree", tree, "-p", BRANCH, "-p", f"{BRANCH}~1", "-m", "Merge")
    git(full, "update-ref", f"refs/heads/{BRANCH}", merge)

    found = fresh(full).prove()

    assert isinstance(found, Broken)
    assert "linear" in found.why


def test_the_branch_is_untouched_by_reading(full: Path) -> None:
    """Reading and proving leave the branch as it is."""
    before = tip(full, BRANCH)

    fresh(full).entries()
    fresh(full).prove()

    assert tip(full, BRANCH) == before
