"""`trimtab ledger`: prove, show, export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.forges.state import commit_to, git, make_repository
from tests.record.entries import drafts
from trimtab.cli.app import run
from trimtab.gitio import Remote, Repo
from trimtab.record import BRANCH, Ledger

NOW_S = 1_794_700_000
CONFIG = """
clusters:
  - {name: eu}
repositories:
  - path: ./gitops.git
    forge: {kind: local, path: ./forge}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a configuration, and a repository without a ledger."""
    make_repository(tmp_path / "gitops.git", {"a.yaml": "a: 1\n"})
    (tmp_path / "trimtab.yaml").write_text(CONFIG)
    return tmp_path


def write(folder: Path) -> None:
    """Write a ledger into the repository."""
    Ledger(Repo(folder / "scratch.git", Remote(str(folder / "gitops.git"))), NOW_S).append(drafts())


def test_an_empty_ledger_holds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first run there is nothing to prove, and nothing wrong."""
    assert run(["ledger", "verify", "--config", str(folder / "trimtab.yaml")]) == 0
    assert capsys.readouterr().out == "the ledger is empty\n"


def test_show_prints_the_documented_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document on standard output, with the schema's name and the fields that others build on."""
    write(folder)

    assert run(["ledger", "show", "--format", "json", "--config", str(folder / "trimtab.yaml")]) == 0

    printed = json.loads(capsys.readouterr().out)
    first = printed["entries"][0]
    assert printed["schema"] == "trimtab/ledger/v1"
    assert [entry["seq"] for entry in printed["entries"]] == list(range(1, len(drafts()) + 1))
    assert (first["recommendation"], first["step"], first["before"], first["after"]) == (
        "a" * 16,
        "proposed",
        None,
        "proposed",
    )
    assert first["actor"] == {"login": "trimtab-bot", "id": 4242}
    assert first["at"] == "2026-11-14T23:46:40Z"
    assert first["changes"][0] == {"field": "replicas", "from": 4, "to": 2}


def test_a_strangers_clone_is_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plain clone, without configuration or network, proves and exports the ledger."""
    write(folder)
    git(folder, "clone", "-q", str(folder / "gitops.git"), "clone")

    assert run(["ledger", "verify", "--repository", str(folder / "clone")]) == 0
    assert "14 entries, whole; the last is sha256:" in capsys.readouterr().out
    assert run(["ledger", "export", "--repository", str(folder / "clone")]) == 0

    exported = capsys.readouterr().out.splitlines()
    stored = git(folder / "clone", "show", f"origin/{BRANCH}:entries/00000/00000001.json")
    assert exported[0] == stored
    assert len(exported) == 14


def test_damage_is_named_and_is_exit_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first broken entry is named; showing a damaged ledger is refused."""
    write(folder)
    stored = git(folder / "gitops.git", "show", f"{BRANCH}:entries/00000/00000003.json")
    commit_to(folder / "gitops.git", BRANCH, {"entries/00000/00000003.json": stored.replace("gitops", "gitopz")}, "x")

    assert run(["ledger", "verify", "--config", str(folder / "trimtab.yaml")]) == 1
    assert capsys.readouterr().out.startswith("entry 3 is broken: ")
    assert run(["ledger", "verify", "--format", "json", "--repository", str(folder / "gitops.git")]) == 1
    assert json.loads(capsys.readouterr().out)["entry"] == 3
    assert run(["ledger", "show", "--repository", str(folder / "gitops.git")]) == 4


def test_the_table_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a format people get a table."""
    write(folder)

    assert run(["ledger", "show", "--repository", str(folder / "gitops.git")]) == 0
    assert "proposed" in capsys.readouterr().out


def test_what_is_no_repository_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder without git is a message and exit 2."""
    assert run(["ledger", "verify", "--repository", str(tmp_path)]) == 2
    assert "no git repository" in capsys.readouterr().err
