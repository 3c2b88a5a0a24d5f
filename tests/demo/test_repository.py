from __future__ import annotations

from pathlib import Path

import pytest

from trimtab.demo.repository import BRANCH, create, git, merge, sample_files
from trimtab.errors import TrimtabError


def commit_on(repository: Path, branch: str, path: str, text: bytes) -> None:
    """Put one file on a branch of a bare repository."""
    blob = git(repository, "hash-object", "-w", "--stdin", data=text).strip()
    index = {"GIT_INDEX_FILE": str(repository / "test-index")}
    git(repository, "read-tree", BRANCH, extra=index)
    git(repository, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", extra=index)
    tree = git(repository, "write-tree", extra=index).strip()
    commit = git(repository, "commit-tree", tree, "-p", BRANCH, "-m", "Change one file").strip()
    git(repository, "update-ref", f"refs/heads/{branch}", commit)


def test_same_sample_gives_the_same_commit(tmp_path: Path) -> None:
    """Two unpacked samples have the same commit, whoever unpacks them and when."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert create(tmp_path / "a" / "gitops.git") == create(tmp_path / "b" / "gitops.git")


def test_commit_holds_every_sample_file(tmp_path: Path) -> None:
    """What is bundled is what the branch holds, byte for byte."""
    repository = tmp_path / "gitops.git"
    create(repository)

    listed = git(repository, "ls-tree", "-r", "--name-only", BRANCH).splitlines()

    assert listed == sorted(sample_files())
    assert git(repository, "show", f"{BRANCH}:README.md").encode() == sample_files()["README.md"]


def test_merge_brings_the_change_into_the_deployed_branch(tmp_path: Path) -> None:
    """A merge has both parents, and the branch's file is deployed."""
    repository = tmp_path / "gitops.git"
    first = create(repository)
    commit_on(repository, "trimtab/some/change", "new.yaml", b"a: 1\n")

    merged = merge(repository, "trimtab/some/change", "a title")

    parents = git(repository, "log", "-1", "--format=%P", BRANCH).split()
    assert git(repository, "rev-parse", BRANCH).strip() == merged
    assert parents[0] == first
    assert len(parents) == 2
    assert git(repository, "show", f"{BRANCH}:new.yaml") == "a: 1\n"


def test_conflict_leaves_the_deployed_branch_alone(tmp_path: Path) -> None:
    """A branch that conflicts is an error that says so, and nothing is deployed."""
    repository = tmp_path / "gitops.git"
    create(repository)
    commit_on(repository, "trimtab/one", "README.md", b"one\n")
    commit_on(repository, "trimtab/two", "README.md", b"two\n")
    after_one = merge(repository, "trimtab/one", "one")

    with pytest.raises(TrimtabError, match="CONFLICT"):
        merge(repository, "trimtab/two", "two")

    assert git(repository, "rev-parse", BRANCH).strip() == after_one


def test_a_missing_branch_is_an_error(tmp_path: Path) -> None:
    """Merging a branch that does not exist says what Git said."""
    repository = tmp_path / "gitops.git"
    create(repository)

    with pytest.raises(TrimtabError, match="git merge failed"):
        merge(repository, "trimtab/none", "none")
