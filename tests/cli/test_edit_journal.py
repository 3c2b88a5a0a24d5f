from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from trimtab.cli.app import run
from trimtab.cli.edit_journal import finish
from trimtab.cli.edit_write import write_files
from trimtab.errors import RefusedError

BEFORE = {"a.yaml": b"a: 1\n", "b.yaml": b"b: 1\n", "c.yaml": b"c: 1\n"}
AFTER = {path: data.replace(b"1", b"2") for path, data in BEFORE.items()}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with three files; the user's states lie beside it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "root").mkdir()
    for path, data in BEFORE.items():
        (tmp_path / "root" / path).write_bytes(data)
    return tmp_path / "root"


def on_disk(root: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {path.name: path.read_bytes() for path in root.iterdir()}


def in_a_child(act: Callable[[], None]) -> int:
    """Do something in a process of its own, and return how that ended."""
    child = os.fork()
    if child == 0:
        with suppress(KeyboardInterrupt):
            act()
        os._exit(0)
    return os.waitpid(child, 0)[1]


def killed_before(name: str, root: Path, with_signal: int = signal.SIGKILL) -> int:
    """Write the files in a process that gets a signal before a file takes its place; return how it ended."""

    def act() -> None:
        replace = Path.replace

        def stop(self: Path, target: Path) -> Path:
            if target.name == name:
                os.kill(os.getpid(), with_signal)
            return replace(self, target)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "replace", stop)
            write_files(root, AFTER, BEFORE)

    return in_a_child(act)


@pytest.mark.parametrize("name", ["b.yaml", "c.yaml"])
def test_what_a_crash_cut_short_is_finished_by_the_next_edit(root: Path, name: str) -> None:
    """A process that dies between two files leaves what finishes the set, and nothing lies about afterwards."""
    assert os.WTERMSIG(killed_before(name, root)) == signal.SIGKILL
    assert on_disk(root)["a.yaml"] == AFTER["a.yaml"]
    assert on_disk(root)["c.yaml"] == BEFORE["c.yaml"]

    finish(root, write=True)

    assert on_disk(root) == AFTER
    finish(root, write=True)
    assert on_disk(root) == AFTER


def test_nothing_of_a_set_stands_where_the_crash_came_first(root: Path) -> None:
    """Where no file had taken its place, all stay as they are."""
    killed_before("a.yaml", root)
    finish(root, write=True)

    assert on_disk(root) == BEFORE


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_waits_until_the_set_is_whole(root: Path, ending: int) -> None:
    """What ends the process between two files does so after the last."""
    killed_before("b.yaml", root, ending)

    assert on_disk(root) == AFTER


def test_half_a_set_is_not_read_without_leave_to_finish_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that writes nothing says what happened, and how it is put right; one that writes does so."""
    killed_before("c.yaml", root)
    one = ["edit", str(root), "--file", "a.yaml", "--at", "/a", "--value", "3"]

    assert run(one) == 4
    assert "cut short" in capsys.readouterr().err
    assert run([*one, "--write"]) == 0
    assert on_disk(root) == {**AFTER, "a.yaml": b"a: 3\n"}


def test_what_someone_changed_since_is_left_alone(root: Path) -> None:
    """Files that are neither as before nor as wanted are somebody's own; restored ones stay restored."""
    killed_before("c.yaml", root)
    (root / "b.yaml").write_bytes(b"b: 7\n")
    finish(root, write=True)

    assert on_disk(root) == {"a.yaml": b"a: 2\n", "b.yaml": b"b: 7\n", "c.yaml": b"c: 1\n"}


def test_bytes_that_are_gone_are_said_to_be(root: Path) -> None:
    """Where the new bytes were removed, the set cannot be finished, and the user is told once."""
    killed_before("c.yaml", root)
    for path in root.glob(".trimtab-*"):
        path.unlink()

    with pytest.raises(RefusedError, match="bytes are gone"):
        finish(root, write=True)
    finish(root, write=True)


def test_a_note_that_no_one_can_keep_or_read_stops_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder for states, or with a broken note there, files are written all the same."""
    killed_before("c.yaml", root)
    for note in (root.parent / "state").rglob("*.json"):
        note.write_text("[{}]")
    finish(root, write=True)
    (root.parent / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(root.parent / "file"))

    write_files(root, {"b.yaml": b"b: 4\n", "c.yaml": b"c: 4\n"}, {"b.yaml": b"b: 2\n", "c.yaml": b"c: 1\n"})

    assert {name: on_disk(root)[name] for name in AFTER} == {
        "a.yaml": b"a: 2\n",
        "b.yaml": b"b: 4\n",
        "c.yaml": b"c: 4\n",
    }
