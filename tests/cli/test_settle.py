"""`trimtab settle` on a local forge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.forges.state import git, make_repository, tip
from tests.publish.proposals import FILES, proposal, wanted
from trimtab.cli.app import run
from trimtab.config import Forge, Limits, Repository
from trimtab.gitio import Remote, Repo
from trimtab.publish import Place, connect, sync
from trimtab.record import Ledger

NOW_S = 1_794_700_000
CONFIG = """
clusters:
  - {name: eu}
repositories:
  - path: ./gitops.git
    name: gitops
    forge: {kind: local, path: ./forge}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one open pull request."""
    bare = make_repository(tmp_path / "gitops.git", FILES)
    (tmp_path / "trimtab.yaml").write_text(CONFIG)
    settings = Repository(path="gitops.git", name="gitops", forge=Forge(kind="local", path="forge"))
    site = connect(settings, Place(tmp_path, tmp_path / "work", {}))
    sync(site, wanted(proposal(bare)), Ledger(Repo(tmp_path / "l.git", Remote(str(bare))), NOW_S), Limits(), NOW_S)
    return tmp_path


def test_a_merge_is_recorded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A merge with git is an approval; what no cluster shows is waited for, and a second look records nothing."""
    bare = folder / "gitops.git"
    branch = git(bare, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/trimtab/")
    git(bare, "update-ref", "refs/heads/main", tip(bare, branch))

    arguments = ["settle", "--format", "json", "--config", str(folder / "trimtab.yaml")]
    assert run(arguments) == 0
    first = json.loads(capsys.readouterr().out)
    assert run(arguments) == 0
    second = json.loads(capsys.readouterr().out)

    assert first["schema"] == "trimtab/settle/v1"
    assert [one["state"] for one in first["decided"]] == ["approved"]
    assert second["decided"] == []
    assert [one["state"] for one in second["settled"]] == ["approved"]


def test_nothing_decided_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody did anything, nothing is written, and that is said."""
    before = tip(folder / "gitops.git", "trimtab-ledger")

    assert run(["settle", "--config", str(folder / "trimtab.yaml")]) == 0

    assert capsys.readouterr().out == "nothing was decided, and nothing merged waits for its outcome\n"
    assert tip(folder / "gitops.git", "trimtab-ledger") == before


@pytest.mark.parametrize("watch", ["soon", "5m"])
def test_a_watch_that_is_no_watch(folder: Path, watch: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nonsense is exit 2 with what to write instead."""
    assert run(["settle", "--watch", watch, "--config", str(folder / "trimtab.yaml")]) == 2
    assert "--watch" in capsys.readouterr().err
