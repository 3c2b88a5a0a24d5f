from __future__ import annotations

from pathlib import Path

import pytest

from trimtab.generated import between, written


def test_only_what_stands_between_the_marks_changes() -> None:
    """The rest of the file stays, and a second time nothing changes."""
    once = between("a\n<s>\nold\n<e>\nb\n", "<s>", "new", "<e>")

    assert once == "a\n<s>\nnew\n<e>\nb\n" == between(once, "<s>", "new", "<e>")


def test_without_marks_is_an_error() -> None:
    """Where the marks are gone or turned round nothing is overwritten."""
    with pytest.raises(ValueError, match="no <s>"):
        between("<e> <s>", "<s>", "new", "<e>")


def test_a_check_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--check` a file that is missing or old is said, and left; without, it is written."""
    path = tmp_path / "file"

    assert written(path, "new\n", "the file", ["--check"]) == 1
    assert not path.exists()
    assert "the file is out of date" in capsys.readouterr().err
    assert written(path, "new\n", "the file", []) == 0
    assert written(path, "new\n", "the file", ["--check"]) == 0
