"""A merged change is taken back on top of what came after it, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forges.state import commit_to, git, make_repository, tip
from trimtab.fleet import Found, Unknown
from trimtab.gitio import GitError, Remote, Repo, undo

LINES = "".join(f"line{number}: {number}\n" for number in range(40))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a repository with a long file and a short one."""
    return make_repository(tmp_path / "origin.git", {"apps/chat.yaml": LINES, "README.md": "hello\n"})


def change(bare: Path, before: str = "line5: 5\n", after: str = "line5: 50\n") -> str:
    """Commit a change of one line and return the commit."""
    return commit_to(bare, "main", {"apps/chat.yaml": text(bare).replace(before, after)}, "Change")


def text(bare: Path, path: str = "apps/chat.yaml") -> str:
    """Return a file of the base."""
    return git(bare, "show", f"main:{path}") + "\n"


def taken_back(bare: Path, commit: str) -> object:
    """Return what takes a commit back from the base of now."""
    return undo(Repo(bare, Remote(str(bare))), commit, "main")


def move(bare: Path, source: str, target: str) -> None:
    """Move a file on the base, as a person."""
    blob = git(bare, "rev-parse", f"main:{source}")
    listed = git(bare, "ls-tree", "-r", "main").splitlines()
    index = bare / "move-index"
    index.unlink(missing_ok=True)
    kept = [line for line in listed if not line.endswith(f"\t{source}")]
    lines = [*kept, f"100644 blob {blob}\t{target}"]
    files = {line.split("\t", 1)[1]: git(bare, "cat-file", "blob", line.split()[2]) + "\n" for line in lines}
    git(bare, "update-ref", "refs/heads/scratch", git(bare, "commit-tree", empty_tree(bare), "-m", "Empty"))
    commit = commit_to(bare, "scratch", files, "Move")
    moved = git(bare, "commit-tree", f"{commit}^{{tree}}", "-p", "main", "-m", "Move")
    git(bare, "update-ref", "refs/heads/main", moved)


def empty_tree(bare: Path) -> str:
    """Return the tree of nothing."""
    return git(bare, "mktree", stdin=b"")


def test_a_change_is_taken_back_to_the_byte(bare: Path) -> None:
    """Nothing came after it: the file is as it was."""
    assert taken_back(bare, change(bare)) == Found({"apps/chat.yaml": LINES.encode()})


def test_what_others_changed_since_stays(bare: Path) -> None:
    """Only its own lines go back."""
    merged = change(bare)
    change(bare, "line30: 30\n", "line30: 300\n")

    expected = LINES.replace("line30: 30\n", "line30: 300\n").encode()
    assert taken_back(bare, merged) == Found({"apps/chat.yaml": expected})


def test_the_same_lines_changed_since_are_left_to_people(bare: Path) -> None:
    """Where somebody went on from it there is no exact way back, and the file is named."""
    merged = change(bare)
    change(bare, "line5: 50\n", "line5: 60\n")

    assert taken_back(bare, merged) == Unknown("apps/chat.yaml: the same lines were changed since")


def test_nothing_is_left_where_it_was_taken_back_already(bare: Path) -> None:
    """Taken back by hand, alone or among other changes, there is nothing to do."""
    merged = change(bare)
    change(bare, "line5: 50\n", "line5: 5\n")
    assert taken_back(bare, merged) == Found({})

    change(bare, "line30: 30\n", "line30: 300\n")
    assert taken_back(bare, merged) == Found({})


def test_a_file_that_moved_since_is_followed(bare: Path) -> None:
    """The change is taken back where the file is now."""
    merged = change(bare)
    move(bare, "apps/chat.yaml", "clusters/eu/chat.yaml")
    assert git(bare, "ls-tree", "-r", "--name-only", "main").split() == ["README.md", "clusters/eu/chat.yaml"]

    assert taken_back(bare, merged) == Found({"clusters/eu/chat.yaml": LINES.encode()})


def test_of_a_file_that_is_gone_nothing_is_left(bare: Path) -> None:
    """A file that was deleted since holds nothing of the change."""
    merged = change(bare)
    readme = git(bare, "ls-tree", "main", "README.md")
    tree = git(bare, "mktree", stdin=f"{readme}\n".encode())
    git(bare, "update-ref", "refs/heads/main", git(bare, "commit-tree", tree, "-p", "main", "-m", "Gone"))

    assert taken_back(bare, merged) == Found({})


def test_files_that_it_added_are_left_to_people(bare: Path) -> None:
    """A change that came with a new file is not taken back in part."""
    merged = commit_to(bare, "main", {"apps/new.yaml": "a: 1\n"}, "Add")

    assert taken_back(bare, merged) == Unknown("apps/new.yaml was added or removed by what is to be taken back")


def test_a_merge_is_taken_back_against_its_first_parent(bare: Path) -> None:
    """Of a merge commit the branch's change goes back, and what the base had meanwhile stays."""
    git(bare, "update-ref", "refs/heads/branch", tip(bare, "main"))
    commit_to(bare, "branch", {"apps/chat.yaml": LINES.replace("line5: 5\n", "line5: 50\n")}, "Change")
    change(bare, "line30: 30\n", "line30: 300\n")
    tree = git(bare, "merge-tree", "--write-tree", "main", "branch")
    merged = git(bare, "commit-tree", tree, "-p", "main", "-p", "branch", "-m", "Merge")
    git(bare, "update-ref", "refs/heads/main", merged)

    expected = LINES.replace("line30: 30\n", "line30: 300\n").encode()
    assert taken_back(bare, merged) == Found({"apps/chat.yaml": expected})


def test_line_endings_and_a_missing_last_one_stay(bare: Path) -> None:
    """Bytes are merged, not lines as somebody would like them."""
    old = b"a: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 5"
    commit_to(bare, "main", {"apps/chat.yaml": old.decode()}, "Windows")
    merged = commit_to(bare, "main", {"apps/chat.yaml": old.replace(b"a: 1", b"a: 9").decode()}, "Change")
    commit_to(bare, "main", {"apps/chat.yaml": "a: 9\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 7"}, "Later")

    assert taken_back(bare, merged) == Found({"apps/chat.yaml": b"a: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 7"})


def test_a_name_that_is_no_utf8_is_no_accident(bare: Path) -> None:
    """A file whose name is not UTF-8 among what was merged is told of, not stumbled over."""
    blob = git(bare, "hash-object", "-w", "--stdin", stdin=b"a: 1\n")
    tree = git(bare, "mktree", "-z", stdin=f"100644 blob {blob}\tcaf".encode() + b"\xe9.yaml\0")
    merged = git(bare, "commit-tree", tree, "-p", "main", "-m", "Latin")
    git(bare, "update-ref", "refs/heads/main", merged)

    assert isinstance(taken_back(bare, merged), Unknown)


def test_a_commit_that_is_not_here_is_an_error(bare: Path) -> None:
    """An unknown commit is git's own error, and no empty answer."""
    with pytest.raises(GitError):
        taken_back(bare, "1" * 40)
