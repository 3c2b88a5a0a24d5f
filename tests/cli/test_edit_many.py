from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.manifest.samples import DEPLOYMENT, SUBJECT
from tests.render.test_edited import RELEASE
from tests.render.test_edited import SUBJECT as RENDERED
from tests.render.test_tracing import CHART
from tests.render.trees import write
from tests.tools import tool
from trimtab.cli.app import run


def results(root: Path, lines: list[str], capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, object]]:
    """Return what is said of the lines of a file of edits; the command itself must succeed."""
    path = root.parent / "edits.jsonl"
    path.write_bytes("\n".join(lines).encode())
    assert run(["edit", str(root), "--edits", str(path), *options]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with one manifest."""
    write(tmp_path / "root", {"chat.yaml": DEPLOYMENT})
    return tmp_path / "root"


@pytest.mark.parametrize(
    "line",
    [
        '{"id": 1, "file": "chat.yaml", "at": "/kind"}',
        '{"id": 1, "file": "chat.yaml", "value": "x"}',
        '{"id": 1, "file": "chat.yaml", "at": "/kind", "value": null}',
        '{"id": 1, "file": "chat.yaml", "at": "/kind", "value": ["x"]}',
        '{"id": 1, "file": "chat.yaml", "at": "/kind", "value": "\\ud800"}',
        '{"id": 1, "file": ["chat.yaml"], "at": "/kind", "value": "x"}',
        '{"id": 1, "subject": {"chat.yaml": 1}, "set": {"replicas": 2}}',
        '{"id": 1, "subject": "chat.yaml#x", "set": {}}',
        '{"id": 1, "subject": "chat.yaml#x", "set": {"replicas": null}}',
        '{"id": 1, "subject": "chat.yaml#x", "set": {"model": "\\udfff"}}',
        '{"id": 1, "subject": "chat.yaml#x", "set": {"replicas": 1}, "nonsense": 1}',
    ],
)
def test_a_line_that_is_no_edit_is_an_error_of_its_own(
    root: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    """What is missing is never taken for empty text, and the lines after it are still answered."""
    good = '{"id": "ok", "file": "chat.yaml", "at": "/kind", "value": "Pod"}'

    assert [(one["id"], one["exit"]) for one in results(root, [line, good], capsys)] == [(1, 2), ("ok", 0)]


def test_edits_that_never_end_are_a_users_error(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A device that gives bytes without end is not read into memory."""
    assert run(["edit", str(root), "--edits", "/dev/zero"]) == 2
    assert "more than" in capsys.readouterr().err


def test_a_line_ends_at_a_line_feed_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What ends lines elsewhere may stand inside JSON's text; in the answer it is escaped, as half a character is."""
    line = json.dumps({"id": "a\u2028\x85\ud800", "file": "chat.yaml", "at": "/kind", "value": "a\u2028b"})
    first, second = results(root, [line.replace("\\u2028", "\u2028").replace("\\u0085", "\x85"), line], capsys)

    assert first == second
    assert first["id"] == "a\u2028\x85\ud800"
    assert '+kind: "a\\u2028b"\n' in str(first["diff"])


def test_every_edit_of_what_rendering_shows_is_proven(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `--render` each line is rendered by itself; what cannot be proven is refused, and scalars need no proof."""
    tool("helm")
    root, shelf = tmp_path / "root", tmp_path / "shelf"
    write(root, {"release.yaml": RELEASE})
    write(shelf, CHART)
    lines = [
        {"id": 1, "subject": RENDERED, "set": {"max_model_len": 2048}},
        {"id": 2, "subject": RENDERED, "set": {"swap_space": 4}},
        {"id": 3, "subject": RENDERED, "set": {"max_model_len": 2048}},
        {"id": 4, "file": "release.yaml", "at": "/metadata/name", "value": "help"},
    ]
    said = results(root, [json.dumps(one) for one in lines], capsys, "--render", "--charts", str(shelf), "--write")

    assert [(one["status"], one["exit"]) for one in said] == [
        ("edited", 0),
        ("refused", 4),
        ("unchanged", 0),
        ("edited", 0),
    ]
    assert (root / "release.yaml").read_text() == RELEASE.replace("4096", "2048").replace("name: support", "name: help")


def test_a_wrong_line_reads_as_without_rendering(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A label beside a rendered serving is a user's error, a line like any other."""
    line = json.dumps({"id": 1, "subject": SUBJECT, "set": {"gpu_product": "x"}, "selector_key": "k"})

    assert results(root, [line], capsys, "--render")[0]["exit"] == 2
