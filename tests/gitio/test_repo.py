"""Git by its plumbing: nothing of a repository runs here, and no token shows."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from tests.forges.server import TOKEN
from tests.forges.state import commit_to, git, make_repository, tip
from trimtab.errors import UsageError
from trimtab.gitio import (
    Commit,
    GitError,
    PathError,
    Pushed,
    Refused,
    Remote,
    Repo,
    Update,
    folder_for,
    holds,
    opened,
    origin_of,
    push,
    write_commit,
)

AT_S = 1_794_614_400


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a repository with one commit."""
    return make_repository(tmp_path / "origin.git", {"a.yaml": "a: 1\n", "dir/b.yaml": "b: 1\n"})


@pytest.fixture
def repo(bare: Path, tmp_path: Path) -> Repo:
    """Return a scratch repository with the base fetched."""
    made = Repo(tmp_path / "scratch.git", Remote(str(bare)))
    made.fetch("main")
    return made


def test_a_commit_changes_what_it_names(bare: Path, repo: Repo) -> None:
    """The named file changes, every other stays, and modes are kept."""
    git(bare, "update-ref", "refs/heads/main", _executable(bare))
    repo.fetch("main")
    main = tip(bare, "main")

    commit = write_commit(repo, Commit(main, {"a.yaml": b"a: 2\n"}, "Change\n", AT_S))

    assert holds(repo, commit, {"a.yaml": b"a: 2\n"})
    assert not holds(repo, commit, {"a.yaml": b"a: 3\n"})
    assert not holds(repo, commit, {})
    assert repo.run("ls-tree", commit, "a.yaml").startswith(b"100755 ")
    assert repo.people(main, commit) == {"trimtab[bot]"}
    assert write_commit(repo, Commit(main, {"a.yaml": b"a: 2\n"}, "Change\n", AT_S)) == commit


def _executable(bare: Path) -> str:
    blob = git(bare, "rev-parse", "main:a.yaml")
    listed = git(bare, "ls-tree", "main").replace(f"100644 blob {blob}", f"100755 blob {blob}")
    return git(bare, "commit-tree", git(bare, "mktree", stdin=f"{listed}\n".encode()), "-p", "main", "-m", "x")


@pytest.mark.parametrize(
    "path", [".git/config", "dir/.GIT/hooks/x", "../out", "/etc/passwd", "a//b", "dir", "GIT~1/x", ".g\u200cit/x"]
)
def test_a_path_that_must_not_be_written_is_refused(repo: Repo, bare: Path, path: str) -> None:
    """Git's own folder, ways out and folders are refused."""
    with pytest.raises((PathError, GitError)):
        write_commit(repo, Commit(tip(bare, "main"), {path: b"x"}, "x\n", AT_S))


def test_a_lease_guards_each_branch(bare: Path, repo: Repo) -> None:
    """A branch that somebody moved is refused, and the others are pushed."""
    main = tip(bare, "main")
    commit = write_commit(repo, Commit(main, {"a.yaml": b"a: 2\n"}, "Change\n", AT_S))
    git(bare, "update-ref", "refs/heads/taken", main)

    outcomes = push(repo, [Update("taken", commit, ""), Update("free", commit, "")])

    assert outcomes["free"] == Pushed()
    assert isinstance(outcomes["taken"], Refused)
    assert outcomes["taken"].stale
    assert (tip(bare, "taken"), tip(bare, "free")) == (main, commit)
    assert push(repo, [Update("free", "", commit)]) == {"free": Pushed()}
    assert tip(bare, "free") == ""


def test_hooks_do_not_run(bare: Path, tmp_path: Path) -> None:
    """A hook that lies in the scratch folder is never started."""
    repo = Repo(tmp_path / "hooked.git", Remote(str(bare)))
    for name in ("reference-transaction", "pre-push", "post-checkout"):
        hook = repo.folder / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)

    repo.fetch("main")
    push(repo, [Update("x", tip(bare, "main"), "")])

    assert not (tmp_path / "ran").exists()


def test_the_token_is_in_no_argument_and_no_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token travels in the environment alone, for its own host alone, and no error repeats it."""
    real, log = shutil.which("git"), tmp_path / "log"
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    remote = Remote("http://127.0.0.1:9/acme/gitops.git", TOKEN)

    with pytest.raises(GitError) as error:
        Repo(tmp_path / "scratch.git", remote).heads("*")

    ((key, value),) = remote.settings()
    secret = value.removeprefix("Authorization: Basic ")
    assert key == "http.http://127.0.0.1:9/.extraHeader"
    for text in (log.read_text(), error.value.message, repr(remote), (tmp_path / "scratch.git/config").read_text()):
        assert TOKEN not in text
        assert secret not in text
    assert Remote(str(tmp_path), TOKEN).settings() == ()


def test_where_a_checkout_came_from(bare: Path, tmp_path: Path) -> None:
    """A clone has its origin, also a relative one; a bare repository is its own; a folder is none."""
    git(tmp_path, "clone", "-q", str(bare), "clone")
    assert origin_of(tmp_path / "clone") == str(bare)
    git(tmp_path / "clone", "config", "remote.origin.url", "../origin.git")
    assert origin_of(tmp_path / "clone") == str(bare)
    assert origin_of(tmp_path / "clone", itself=True) == str(tmp_path / "clone")
    git(tmp_path / "clone", "config", "remote.origin.url", "git@example.com:acme/gitops.git")
    assert origin_of(tmp_path / "clone") == "git@example.com:acme/gitops.git"
    assert origin_of(bare) == str(bare)
    (tmp_path / "plain").mkdir()
    with pytest.raises(UsageError, match="no git repository"):
        origin_of(tmp_path / "plain")


def test_a_clone_is_read_where_it_is(bare: Path, tmp_path: Path) -> None:
    """The first of the refs that a clone has is found."""
    commit_to(bare, "ledger", {"x": "1"}, "x")
    git(tmp_path, "clone", "-q", str(bare), "clone")

    clone = opened(tmp_path / "clone")

    assert clone.first_of("refs/heads/ledger", "refs/remotes/origin/ledger") == tip(bare, "ledger")
    assert clone.first_of("refs/heads/none") == ""


def test_a_server_that_never_answers_ends_in_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes the connection and keeps silent is given up, and the message names the command."""
    monkeypatch.setattr("trimtab.gitio.repo._LONGEST_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/gitops.git"
        with pytest.raises(GitError, match="git ls-remote: no end"):
            Repo(tmp_path / "scratch.git", Remote(address)).heads("*")


def test_every_repository_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """No two names share a scratch folder, and no name leads out of the place for them."""
    names = ["a/b", "a-b", "a%2Fb", "..", ".", "../a"]
    folders = {folder_for(name, tmp_path) for name in names}

    assert len(folders) == len(names)
    assert all(folder.parent == tmp_path and ".." not in folder.parts for folder in folders)
