"""Boxes on the dashboard: which count, that none is lost, and that no text forges one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.forges.state import BOT
from tests.propose import samples
from tests.publish.stages import Stage, stage
from tests.report.samples import edited, scan
from tests.text.hostile import NAMES
from trimtab.fleet import Unknown
from trimtab.publish import DASHBOARD, Board, read_board, write_board
from trimtab.publish.mark import LABEL, TITLE
from trimtab.recommendation import Held, Link, Plan
from trimtab.report import dashboard
from trimtab.report.dashboard import RELEASE

FORGES = ("memory", "github", "gitlab")

ONE, TWO = "a" * 16, "b" * 16


def text(*ticked: str, said: str = "first") -> str:
    """Return a dashboard with two boxes."""
    rows = [f"- [{'x' if name in ticked else ' '}] {RELEASE}{name} --> `{name}` waits" for name in (ONE, TWO)]
    return "\n".join((DASHBOARD, said, *rows, ""))


def tick(on: Stage, body: str) -> None:
    """Write the issue's text as a person's browser does."""
    (number,) = on.state.issues
    on.state.issues[number] = replace(on.state.issues[number], body=body)


def body(on: Stage) -> str:
    """Return the issue's text as it stands."""
    (board,) = on.state.issues.values()
    return board.body


def test_there_is_none_at_first(on: Stage) -> None:
    """Before the first run nothing is released, and the run's text opens the issue."""
    board = read_board(on.site())
    assert (isinstance(board.issue, Unknown), board.released) == (True, frozenset())

    write_board(on.site(), board, text())

    assert body(on) == text()


def test_a_ticked_box_is_released_once(on: Stage) -> None:
    """A tick is read by the next run, and taken off by its text."""
    write_board(on.site(), read_board(on.site()), text())
    tick(on, text(ONE))

    board = read_board(on.site())
    write_board(on.site(), board, text(said="second"))

    assert board.released == {ONE}
    assert body(on) == text(said="second")


def test_a_tick_during_the_run_is_for_the_next(on: Stage) -> None:
    """A box that is ticked between reading and writing stays ticked."""
    write_board(on.site(), read_board(on.site()), text())
    tick(on, text(ONE))
    board = read_board(on.site())
    tick(on, text(ONE, TWO))

    write_board(on.site(), board, text(said="second"))

    assert body(on) == text(TWO, said="second")
    assert read_board(on.site()).released == {TWO}


def test_a_tick_during_a_run_without_news_stays(memory: Stage) -> None:
    """Where the text is the same nothing is written over the tick."""
    write_board(memory.site(), read_board(memory.site()), text())
    board = read_board(memory.site())
    tick(memory, text(TWO))

    write_board(memory.site(), board, text())

    assert read_board(memory.site()).released == {TWO}


def test_the_same_text_is_not_written_again(memory: Stage) -> None:
    """Unchanged, no call is made that changes anything."""
    write_board(memory.site(), read_board(memory.site()), text())
    writes = len(memory.forge.writes)  # type: ignore[attr-defined]  # the forge in memory counts

    write_board(memory.site(), read_board(memory.site()), text())

    assert len(memory.forge.writes) == writes  # type: ignore[attr-defined]  # as above


@pytest.mark.parametrize(
    "line",
    [
        f"* [X] {RELEASE}{ONE} -->",
        f"  - [x] {RELEASE}{ONE} --> more",
        f"- [x] {RELEASE}{ONE} -->\r",
    ],
)
def test_how_editors_write_a_tick(memory: Stage, line: str) -> None:
    """Stars, capital letters, indentation and the line endings of browsers make no difference."""
    write_board(memory.site(), read_board(memory.site()), text())
    tick(memory, f"{DASHBOARD}\r\n{line}\n")

    assert read_board(memory.site()).released == {ONE}


@pytest.mark.parametrize(
    "line",
    [
        f"- [ ] {RELEASE}{ONE} -->",
        f"> - [x] {RELEASE}{ONE} -->",
        f"text - [x] {RELEASE}{ONE} -->",
        f"- [x] {RELEASE}{ONE}",
        f"- [x] {RELEASE}{'A' * 16} -->",
        f"- [x] {RELEASE}../../etc -->",
        f"- [x] {ONE}",
        f"- [x]\n{RELEASE}{ONE} -->",
    ],
)
def test_what_is_no_ticked_box(memory: Stage, line: str) -> None:
    """An empty box, a quoted one, one without its mark or with another's is none."""
    write_board(memory.site(), read_board(memory.site()), text())
    tick(memory, f"{DASHBOARD}\n{line}\n")

    assert read_board(memory.site()).released == frozenset()


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_a_strangers_issue_releases_nothing(tmp_path: Path, kind: str) -> None:
    """An issue that somebody else opened with our mark and label is neither believed nor written to."""
    with stage(kind, tmp_path) as on:
        planted = on.state.found(TITLE, text(ONE), (LABEL,), "eve")

        board = read_board(on.site())
        write_board(on.site(), board, text())

        assert board.released == frozenset()
        assert on.state.issues[planted.number].body == text(ONE)
        assert [each.body for each in on.state.issues.values() if each.author[0] == BOT] == [text()]


def test_an_older_issue_of_a_stranger_hides_no_tick(tmp_path: Path) -> None:
    """Ours is read where both are there."""
    with stage("github", tmp_path) as on:
        on.state.found(TITLE, text(), (LABEL,), "eve")
        ours = on.state.found(TITLE, text(TWO), (LABEL,))

        board = read_board(on.site())
        write_board(on.site(), board, text())

        assert board.released == {TWO}
        assert on.state.issues[ours.number].body == text()


ENCODABLE = [name for name in NAMES if "\ud800" not in name]
"""No identity is made of what has no bytes."""

FORGED = [f"x\n- [x] {RELEASE}{ONE} -->", f"\r- [x] {RELEASE}{ONE} -->", f"a | b\u2028- [x] {RELEASE}{ONE} -->"]


def test_no_text_forges_a_box(memory: Stage) -> None:
    """A workload's name, a diagnosis, a reason of the forge or of a person is text, and never a box or a mark."""
    for name in [*FORGED, *ENCODABLE]:
        subject = replace(samples.SUBJECT, name=name, namespace=name)
        priced = samples.priced(diagnosis=name, subject=subject)
        waiting = replace(edited(), priced=priced)
        found = replace(scan(waiting), plan=Plan((priced,), (Held(samples.priced(subject=subject), name),)))
        link = Link(waiting.id, "proposed", "", "", "", f"held: the branch was refused: {name}")

        shown = dashboard(found, (), (link,), DASHBOARD)
        write_board(memory.site(), Board(Unknown("none"), frozenset()), shown.replace("- [ ]", "- [x]"))

        assert read_board(memory.site()).released == {waiting.id}, name
