from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT
from trimtab.cli.app import run


def test_inspect_prints_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--format json` prints the document of the schema and nothing else on standard output."""
    (tmp_path / "chat.yaml").write_text(DEPLOYMENT)
    (tmp_path / "bad.yaml").write_text("a: b: c\n")

    assert run(["inspect", str(tmp_path), "--format", "json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["files_read"]) == ("trimtab/inspect/v1", 2)
    assert found["unreadable"][0]["path"] == "bad.yaml"
    serving = found["servings"][0]
    assert serving["subject"] == SUBJECT
    data = DEPLOYMENT.encode()
    start = data.index(b"8192")
    assert serving["settings"]["max_model_len"] == {
        "value": 8192,
        "raw": "8192",
        "path": "chat.yaml",
        "line": data.count(b"\n", 0, start) + 1,
        "start": start,
        "end": start + 4,
        "via": "flag",
        "editable": True,
        "reason": None,
    }


def test_a_list_item_has_no_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands nowhere is null: the kind of an item of Helm values."""
    (tmp_path / "values.yaml").write_text("servingEngineSpec: {modelSpec: [{name: a, modelURL: o/m}]}\n")

    run(["inspect", str(tmp_path), "--format", "json"])

    serving = json.loads(capsys.readouterr().out)["servings"][0]
    assert (serving["kind"], serving["namespace"], serving["container"]) == (None, None, "a")


def test_the_table_names_the_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The default output says where each setting is written."""
    (tmp_path / "chat.yaml").write_text(DEPLOYMENT)

    assert run(["inspect", str(tmp_path)]) == 0

    assert "chat.yaml:13" in capsys.readouterr().out


def test_a_folder_that_is_none_is_a_users_error(tmp_path: Path) -> None:
    """Exit 2 where the folder cannot be read."""
    assert run(["inspect", str(tmp_path / "nothing")]) == 2
