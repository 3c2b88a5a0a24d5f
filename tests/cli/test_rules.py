"""The command `trimtab rules`: lists, shows, and writes a skeleton."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trimtab.cli.app import run
from trimtab.errors import Exit


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in an empty folder, where no configuration is."""
    monkeypatch.chdir(tmp_path)


def test_list_tells_each_rule_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Every rule is listed with its layer and what it sees."""
    assert run(["rules", "list"]) == Exit.DONE

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 9
    assert any(line.startswith("idle-replica") and "model" in line for line in lines)


def test_list_as_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """The list is a document with its schema, each rule with its settings."""
    assert run(["rules", "list", "--format", "json"]) == Exit.DONE

    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "trimtab/rules/v1"
    idle = next(rule for rule in document["rules"] if rule["name"] == "idle-replica")
    assert idle["settings"]["busy"]["default"] == 0.02


def test_show_prints_the_manual_and_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    """A rule's manual is its docstring; its settings stand below with their defaults."""
    assert run(["rules", "show", "starved-gpu"]) == Exit.DONE

    shown = capsys.readouterr().out
    assert shown.startswith("starved-gpu\n")
    assert "## When it stays silent" in shown
    assert "margin (1.25):" in shown


def test_show_names_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown rule is a message that lists the known ones."""
    assert run(["rules", "show", "no-such-rule"]) == Exit.USAGE

    assert "idle-replica" in capsys.readouterr().err


def test_new_writes_a_rule_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The skeleton, named in the configuration, is asked like any other rule."""
    assert run(["rules", "new", "forgotten-notebook", "--folder", "mine"]) == Exit.DONE
    (tmp_path / "trimtab.yaml").write_text("clusters: [{name: eu}]\nrule_folders: [mine]\n")
    capsys.readouterr()

    assert run(["rules", "list"]) == Exit.DONE
    assert "forgotten-notebook" in capsys.readouterr().out


def test_new_overwrites_nothing(tmp_path: Path) -> None:
    """A file that is there is left as it is."""
    assert run(["rules", "new", "forgotten-notebook", "--folder", "mine"]) == Exit.DONE
    (tmp_path / "mine" / "forgotten_notebook.py").write_text("mine")

    assert run(["rules", "new", "forgotten-notebook", "--folder", "mine"]) == Exit.REFUSED
    assert (tmp_path / "mine" / "forgotten_notebook.py").read_text() == "mine"


@pytest.mark.parametrize("name", ["Forgotten", "notebook", "../../evil-rule", "a--b", ""])
def test_new_wants_a_name_of_waste(name: str) -> None:
    """A name that is no rule's name is refused before anything is written."""
    assert run(["rules", "new", name]) == Exit.USAGE
    assert not Path("rules").exists()
