from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from trimtab.cli.app import run
from trimtab.manifest import Tree, context
from trimtab.manifest.disk import blob_id
from trimtab.manifest.hints import LOOKED_UP
from trimtab.manifest.lazy_files import ChangedWhileReadError, LazyFiles


def test_a_file_is_what_it_was_when_it_was_listed(tmp_path: Path) -> None:
    """A file that was written, removed or made a link since it was listed is an error, not an answer."""
    listed = [(name, blob_id(b"a: 1\n")) for name in ("gone.yaml", "link.yaml", "same.yaml", "written.yaml")]
    for name in ("same.yaml", "written.yaml"):
        (tmp_path / name).write_bytes(b"a: 1\n")
    files = LazyFiles(tmp_path, listed)
    (tmp_path / "written.yaml").write_bytes(b"a: 2\n")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "same.yaml")

    assert files["same.yaml"] == b"a: 1\n"
    assert "gone.yaml" in files
    assert "other.yaml" not in files
    for name in ("written.yaml", "gone.yaml", "link.yaml"):
        with pytest.raises(ChangedWhileReadError):
            files[name]


def test_a_folder_that_never_rests_is_a_users_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where files change under every attempt, the command says so and ends with 2."""
    (tmp_path / "a.yaml").write_text("a: 1\n")
    attempts = []

    def look(*_asked: object) -> None:
        attempts.append(1)
        raise ChangedWhileReadError("a.yaml: changed while it was read")

    monkeypatch.setattr("trimtab.cli.inspect_say.inspect_again", look)

    assert run(["inspect", str(tmp_path), "--no-cache"]) == 2
    assert "is written to while it is read" in capsys.readouterr().err
    assert len(attempts) == 3


def test_a_fault_of_the_program_is_not_taken_for_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing known from before, an error is the program's own, and is not hidden."""
    (tmp_path / "a.yaml").write_text("a: 1\n")

    def look(*_asked: object) -> None:
        raise LookupError("a fault")

    monkeypatch.setattr("trimtab.cli.inspect_say.inspect_again", look)

    with pytest.raises(LookupError):
        run(["inspect", str(tmp_path), "--no-cache"])


def test_a_word_that_nobody_listed_is_looked_for_in_every_file() -> None:
    """An index of words answers for those that it has; for any other, all files are searched."""
    tree = Tree({"a.yaml": b"kind: One\n", "b.yaml": b"kind: Two\n"}, words={"One": ("a.yaml",)})

    assert tree.holding("One") == ("a.yaml",)
    assert tree.holding("Two") == ("b.yaml",)
    assert tree.holding("Three") == ()


def test_words_that_are_looked_up_are_listed() -> None:
    """Every word that the code names as one to look up is known of each file without reading it again."""
    named = set(_looked_up())

    assert {"argoproj.io", "ServingRuntime", "ConfigMap"} <= named | set(LOOKED_UP)
    assert named <= set(LOOKED_UP)
    assert len(named) > 3


_LOOKING = {"things", "things_named", "near", "held", "holding"}


def _looked_up() -> Iterator[str]:
    """Yield the words that stand as such in calls that look files up."""
    for path in sorted(Path(context.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LOOKING:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value
