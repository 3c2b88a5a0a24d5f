from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.render.trees import DEPLOYMENT, write
from trimtab.config import Repository
from trimtab.read.git import Checkout, read_repository, tree_digest

IDENTITY = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """Run Git in a folder and return what it prints."""
    command = ["git", *IDENTITY, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def committed(root: Path, files: dict[str, str]) -> str:
    """Make a repository of some files, and return its commit."""
    write(root, files)
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "What runs")
    return git(root, "rev-parse", "HEAD")


def read(folder: Path, /, commit: str = "", **settings: str) -> Checkout:
    """Read the repository `gitops` below a folder."""
    repository = Repository.model_validate({"path": "gitops", **settings})
    return read_repository(repository, folder, folder / "work", commit)


def test_the_committed_state_is_read(tmp_path: Path) -> None:
    """Of a checkout the branch's head counts; what a person is at work on does not."""
    head = committed(tmp_path / "gitops", {"chat.yaml": DEPLOYMENT.replace("NAME", "chat")})
    write(tmp_path / "gitops", {"chat.yaml": DEPLOYMENT.replace("NAME", "dirty")})
    found = read(tmp_path)

    assert found.facts.commit == head
    assert [serving.name for serving in found.facts.servings] == ["chat"]


def test_an_earlier_commit_can_be_read_again(tmp_path: Path) -> None:
    """Recorded facts name a commit, and its files are what is judged, whatever came since."""
    first = committed(tmp_path / "gitops", {"chat.yaml": DEPLOYMENT.replace("NAME", "chat")})
    write(tmp_path / "gitops", {"chat.yaml": DEPLOYMENT.replace("NAME", "later")})
    git(tmp_path / "gitops", "commit", "-qam", "Later")

    assert [serving.name for serving in read(tmp_path, first).facts.servings] == ["chat"]


def test_a_bare_repository_and_a_folder_do(tmp_path: Path) -> None:
    """A bare repository is read like a checkout; a folder without Git as it is, without a commit."""
    committed(tmp_path / "source", {"chat.yaml": DEPLOYMENT.replace("NAME", "chat")})
    git(tmp_path, "clone", "-q", "--bare", "source", "bare")
    write(tmp_path / "gitops", {"chat.yaml": DEPLOYMENT.replace("NAME", "chat")})
    bare, plain = read(tmp_path, path="bare"), read(tmp_path)

    assert bare.facts.commit
    assert plain.facts.commit == ""
    assert bare.facts.tree_digest == plain.facts.tree_digest


def test_links_and_submodules_are_left_out(tmp_path: Path) -> None:
    """A link out of the repository is not followed, and a name that leaves the folder is not written."""
    (tmp_path / "secret.yaml").write_text(DEPLOYMENT.replace("NAME", "secret"))
    gitops = tmp_path / "gitops"
    write(gitops, {"chat.yaml": DEPLOYMENT.replace("NAME", "chat")})
    (gitops / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    committed(gitops, {})
    found = read(tmp_path)

    assert [serving.name for serving in found.facts.servings] == ["chat"]
    assert not (found.root / "link.yaml").exists()


def test_hooks_and_filters_do_not_run(tmp_path: Path) -> None:
    """What a repository would run on checkout stays unrun, and bytes come as they were committed."""
    gitops = tmp_path / "gitops"
    committed(
        gitops,
        {"chat.yaml": DEPLOYMENT.replace("NAME", "chat"), ".gitattributes": "*.yaml filter=evil export-ignore\n"},
    )
    marker = tmp_path / "ran"
    git(gitops, "config", "filter.evil.smudge", f"touch {marker}")
    git(gitops, "config", "uploadpack.packObjectsHook", f"touch {marker}")
    hook = gitops / ".git/hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    found = read(tmp_path)

    assert [serving.name for serving in found.facts.servings] == ["chat"]
    assert not marker.exists()


def test_one_folder_of_a_repository_can_be_named(tmp_path: Path) -> None:
    """With `root` only what lies below it is judged, under its full path."""
    files = {f"clusters/{name}/chat.yaml": DEPLOYMENT.replace("NAME", name) for name in ("eu", "us")}
    committed(tmp_path / "gitops", files)

    assert [one.path for one in read(tmp_path, root="clusters/eu").facts.servings] == ["clusters/eu/chat.yaml"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"path": "missing"}, "missing is no folder"),
        ({"base": "nowhere"}, "nowhere"),
        ({"path": "", "url": "http://user:secret@127.0.0.1:9/x.git"}, "credentials"),
        ({"path": "", "url": "http://127.0.0.1:9/x.git"}, "127.0.0.1"),
    ],
)
def test_what_cannot_be_read_is_a_gap(tmp_path: Path, settings: dict[str, str], reason: str) -> None:
    """A repository that is not there, or not to be had, is a stated gap without a secret in it."""
    committed(tmp_path / "gitops", {"chat.yaml": DEPLOYMENT})
    found = read(tmp_path, **settings)

    assert found.facts.servings == ()
    (gap,) = found.facts.gaps
    assert reason in gap.reason
    assert "secret" not in gap.reason


def test_the_digest_is_of_paths_and_bytes() -> None:
    """A byte or a name that differs makes another digest."""
    digests = {tree_digest(tree) for tree in ({"a": b"1"}, {"a": b"2"}, {"b": b"1"}, {"a": b"1", "b": b""})}

    assert len(digests) == 4


def test_a_large_file_is_left_out_of_a_checkout_too(tmp_path: Path) -> None:
    """A file that no manifest is as large as is not unpacked, wherever the repository is."""
    files = {"chat.yaml": DEPLOYMENT.replace("NAME", "chat"), "weights.yaml": "#" * (3 << 20)}
    committed(tmp_path / "gitops", files)
    found = read(tmp_path)

    assert list(found.tree) == ["chat.yaml"]
    assert sorted(path.name for path in found.root.iterdir()) == ["chat.yaml"]


def test_the_folder_above_can_be_the_repository(tmp_path: Path) -> None:
    """A configuration in a folder of the repository names it `..`; nothing stands beside the scratch folders."""
    committed(tmp_path, {"chat.yaml": DEPLOYMENT.replace("NAME", "chat")})
    (tmp_path / "ops").mkdir()
    found = read_repository(Repository(path=".."), tmp_path / "ops", tmp_path / "ops" / "work")

    assert found.facts.name == "repository"
    assert sorted(path.name for path in (tmp_path / "ops" / "work").iterdir()) == ["clones", "trees"]


def test_a_file_whose_name_is_no_text_is_told_and_left_out(tmp_path: Path) -> None:
    """A hostile file name stops nothing: the file is unreadable, the others are read."""
    write(tmp_path / "gitops", {"chat.yaml": DEPLOYMENT.replace("NAME", "chat")})
    Path(os.fsdecode(bytes(tmp_path / "gitops") + b"/\xff.yaml")).write_text("a: 1\n")
    found = read(tmp_path)

    assert [serving.name for serving in found.facts.servings] == ["chat"]
    assert [(one.path, one.reason) for one in found.facts.unreadable] == [("\\udcff.yaml", "its name is not UTF-8")]
    assert found.facts.tree_digest.startswith("sha256:")
