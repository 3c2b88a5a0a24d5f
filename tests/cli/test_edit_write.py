from __future__ import annotations

import os
from pathlib import Path

import pytest

from trimtab.cli.edit_write import write_files
from trimtab.errors import RefusedError

BEFORE = {"a/x.yaml": b"a: 1\n", "b/y.yaml": b"b: 1\n"}
AFTER = {"a/x.yaml": b"a: 2\n", "b/y.yaml": b"b: 2\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with the files as they were read."""
    for path, data in BEFORE.items():
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_bytes(data)
    return tmp_path


def on_disk(root: Path) -> dict[str, bytes]:
    """Return every regular file below a folder."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_files_are_written_together(root: Path) -> None:
    """All files have their new bytes, their permissions, and nothing lies beside them."""
    (root / "b/y.yaml").chmod(0o640)

    write_files(root, AFTER, BEFORE)

    assert on_disk(root) == AFTER
    assert (root / "b/y.yaml").stat().st_mode & 0o777 == 0o640


def test_a_file_that_changed_meanwhile_keeps_all_as_they_are(root: Path) -> None:
    """What was edited is no longer what stands there, so nothing is written."""
    (root / "b/y.yaml").write_bytes(b"b: 7\n")

    with pytest.raises(RefusedError, match="changed while it was edited"):
        write_files(root, AFTER, BEFORE)

    assert on_disk(root) == {**BEFORE, "b/y.yaml": b"b: 7\n"}


def test_a_file_that_may_not_be_written_keeps_all_as_they_are(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What someone made read-only is not replaced, though its folder would allow that."""
    monkeypatch.setattr(os, "access", lambda path, _: path.name != "y.yaml")

    with pytest.raises(RefusedError, match="read-only"):
        write_files(root, AFTER, BEFORE)

    assert on_disk(root) == BEFORE


def test_an_owner_is_kept_where_that_may_be(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new file is given to whom the old one belongs; where that is not allowed, it is written yet."""
    given: list[tuple[int, int]] = []

    def refuse(_: Path, user: int, group: int) -> None:
        given.append((user, group))
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    write_files(root, AFTER, BEFORE)

    stands = (root / "a/x.yaml").stat()
    assert given == [(stands.st_uid, stands.st_gid)] * 2
    assert on_disk(root) == AFTER


def test_a_file_that_is_gone_keeps_the_others(root: Path) -> None:
    """An error of the disk at the second file leaves the first as it was."""
    (root / "b/y.yaml").unlink()

    with pytest.raises(RefusedError, match="cannot be written"):
        write_files(root, AFTER, BEFORE)

    assert on_disk(root) == {"a/x.yaml": BEFORE["a/x.yaml"]}


def test_a_failed_second_replacement_puts_the_first_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When one file cannot take its place, those that did are restored."""
    replace = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if target.name == "y.yaml":
            raise PermissionError(13, "Permission denied", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(RefusedError, match="Permission denied"):
        write_files(root, AFTER, BEFORE)

    assert on_disk(root) == BEFORE


def test_a_link_is_never_written_through(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file that became a link is refused, and what it points to stays."""
    outside = tmp_path_factory.mktemp("outside") / "y.yaml"
    outside.write_bytes(BEFORE["b/y.yaml"])
    (root / "b/y.yaml").unlink()
    (root / "b/y.yaml").symlink_to(outside)

    with pytest.raises(RefusedError, match="symbolic link"):
        write_files(root, AFTER, BEFORE)

    assert outside.read_bytes() == BEFORE["b/y.yaml"]
    assert (root / "a/x.yaml").read_bytes() == BEFORE["a/x.yaml"]
