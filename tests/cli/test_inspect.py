from __future__ import annotations

import hashlib
import json
import os
import sqlite3
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


def many(root: Path, number: int = 330) -> Path:
    """Write a folder large enough to be remembered, with stamps of long ago."""
    root.mkdir()
    for index in range(number):
        (root / f"{index:03}.yaml").write_text(DEPLOYMENT if index == 7 else f"number: {index}\n")
    return root


def asked(root: Path, form: str, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """Return what `inspect` prints."""
    assert run(["inspect", str(root), "--format", form, "--processes", "1", *more]) == 0
    return capsys.readouterr().out


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where answers are kept; what was just written counts as settled, so that nothing need be waited for."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("trimtab.manifest.incremental.is_settled", lambda _found, _now: True)
    monkeypatch.setattr("trimtab.cli.inspect_cache.program_digest", lambda *_parts: "this one")
    return tmp_path / "cache" / "trimtab" / "inspect"


def test_an_unchanged_folder_is_not_looked_at_again(
    tmp_path: Path, kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer is the first, byte by byte, without a file being opened; so it is for each format."""
    root = many(tmp_path / "repo")
    first = {form: [asked(root, form, capsys), asked(root, form, capsys)] for form in ("json", "table")}
    monkeypatch.setattr("trimtab.manifest.incremental.read_file", None)
    monkeypatch.setattr("trimtab.manifest.lazy_files.read_file", None)

    assert [asked(root, form, capsys) for form in ("table", "table")] == first["table"]
    assert first["json"][0] == first["json"][1]
    assert "8192" in first["table"][0]
    assert kept.stat().st_mode & 0o077 == 0
    assert all(one.stat().st_mode & 0o077 == 0 for one in kept.iterdir())


def test_a_changed_folder_is_looked_at_again(tmp_path: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A written, an added and a removed file each change the answer, also where the file's time is set back."""
    root = many(tmp_path / "repo")
    asked(root, "json", capsys)
    serving = root / "007.yaml"
    stamp = serving.stat()
    serving.write_text(DEPLOYMENT.replace("8192", "4096"))
    os.utime(serving, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    changed = asked(root, "json", capsys)
    (root / "bad.yaml").write_text("a: [\n")
    added = asked(root, "json", capsys)
    serving.unlink()
    removed = asked(root, "json", capsys)

    assert '"value": 4096' in changed
    assert "bad.yaml" in added
    assert "4096" not in removed
    assert len(list(kept.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff" * 99, b"[]", b"0\n[1]"])
def test_a_damaged_answer_is_made_anew(
    tmp_path: Path, kept: Path, capsys: pytest.CaptureFixture[str], damage: bytes
) -> None:
    """Whatever stands in the place of a kept answer, the folder's own files are what is told."""
    root = many(tmp_path / "repo")
    first = asked(root, "json", capsys)
    (place,) = kept.iterdir()
    whole = place.read_bytes()
    for content in (damage, whole[:-2], whole.replace(b"8192", b"9999")):
        place.write_bytes(content)

        assert asked(root, "json", capsys) == first
    assert [one.read_bytes() for one in kept.iterdir()] == [whole]


def rewritten(place: Path, *statements: str) -> None:
    """Change what is kept, and give the file the name of what it holds then."""
    with sqlite3.connect(place) as database:
        for statement in statements:
            database.execute(statement)
    database.close()
    folder = place.name.partition("-")[0]
    place.rename(place.with_name(f"{folder}-{hashlib.sha256(place.read_bytes()).hexdigest()}.db"))


@pytest.mark.parametrize(
    "foreign",
    [
        "drop table files",
        "delete from program",
        "update files set path = 1 where stamp = (select max(stamp) from files)",
        "update files set blob = 'x'",
        "update files set blob = null",
        "delete from contents",
        "update contents set hints = 99, blob = blob || 'x'",
        "update contents set hints = 'x'",
        "update records set basis = '{}'",
        "update records set basis = '[1]'",
        "delete from records",
    ],
)
def test_a_kept_file_that_says_something_else_is_no_error(
    tmp_path: Path, kept: Path, capsys: pytest.CaptureFixture[str], foreign: str
) -> None:
    """A whole database whose contents nobody wrote here is found out where a file changed, and made anew."""
    root = many(tmp_path / "repo")
    asked(root, "json", capsys)
    (place,) = kept.iterdir()
    rewritten(place, foreign)
    (root / "008.yaml").write_text(DEPLOYMENT)

    found = asked(root, "json", capsys)

    assert found == asked(root, "json", capsys, "--no-cache")


def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where what is known cannot be written to its end, the answer is given and no part of it stays."""
    root = many(tmp_path / "repo")

    def full(_source: str, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)

    assert "8192" in asked(root, "json", capsys)
    assert list(kept.iterdir()) == []


def test_without_a_cache_nothing_is_kept(
    tmp_path: Path, kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--no-cache` writes nothing; nor does a folder just written, a small one, or a user without a home."""
    root = many(tmp_path / "repo")
    asked(root, "json", capsys, "--no-cache")
    asked(many(tmp_path / "small", 20), "json", capsys)
    monkeypatch.setattr("trimtab.manifest.incremental.is_settled", lambda _found, _now: False)
    asked(root, "json", capsys)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")

    assert "8192" in asked(root, "json", capsys)
    assert not kept.exists()


def test_a_cache_that_cannot_be_written_is_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file stands in the place of the cache's folder, the answer is given all the same."""
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("trimtab.manifest.incremental.is_settled", lambda _found, _now: True)

    assert "8192" in asked(many(tmp_path / "repo"), "json", capsys)
