from __future__ import annotations

from pathlib import Path

import pytest

from trimtab.demo.folder import existing, make, pull
from trimtab.errors import RefusedError, UsageError


def test_a_folder_of_the_demo_is_made_afresh(tmp_path: Path) -> None:
    """Running the demo again removes what the last one left."""
    folder = make(tmp_path / "demo")
    folder.report.write_text("old")

    assert not make(tmp_path / "demo").report.exists()


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    """A folder without anything in it can become the demo's."""
    (tmp_path / "demo").mkdir()

    assert make(tmp_path / "demo").config.is_file()


def test_a_relative_folder_is_where_the_user_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder named without its path is made below the working directory."""
    monkeypatch.chdir(tmp_path)

    assert make(Path("demo")).repository == tmp_path / "demo" / "gitops.git"
    assert existing(Path("demo")).config.is_file()


def test_a_stranger_s_folder_is_left_alone(tmp_path: Path) -> None:
    """A folder that holds anything else is refused, and its files stay."""
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(RefusedError, match="no folder of the demo"):
        make(tmp_path)

    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A link to a folder of the demo is not removed through."""
    make(tmp_path / "demo")
    (tmp_path / "link").symlink_to(tmp_path / "demo")

    with pytest.raises(RefusedError, match="no folder of the demo"):
        make(tmp_path / "link")


def test_merging_needs_a_demo(tmp_path: Path) -> None:
    """A folder that no demo made is a message that says how to make one."""
    with pytest.raises(UsageError, match="no folder of the demo"):
        existing(tmp_path)


def test_an_unknown_pull_request_is_a_message(tmp_path: Path) -> None:
    """A number without a pull request is named, with where they are."""
    with pytest.raises(UsageError, match="no pull request 7"):
        pull(make(tmp_path / "demo"), 7)
