"""How rules are found, and what is said of broken ones."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from trimtab.errors import UsageError
from trimtab.judge import load_rules, loading
from trimtab.judge.skeleton import skeleton


def write(folder: Path, name: str, text: str) -> Path:
    """Write a rule file and return its folder."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def test_bundled_rules_are_always_there() -> None:
    """The nine bundled rules are loaded, ordered by name."""
    names = [rule.name for rule in load_rules()]

    assert len(names) >= 9
    assert names == sorted(names)
    assert {"idle-replica", "oversized-gpu", "starved-gpu", "unallocated-gpu"} <= set(names)


def test_a_file_in_a_folder_is_a_rule(tmp_path: Path) -> None:
    """Dropping a file into a folder is all it takes; the skeleton is such a file."""
    folder = write(tmp_path / "mine", "forgotten_notebook", skeleton("forgotten-notebook"))

    assert "forgotten-notebook" in [rule.name for rule in load_rules([folder])]


def test_files_with_an_underscore_are_no_rules(tmp_path: Path) -> None:
    """A helper beside the rules is left alone."""
    folder = write(tmp_path / "mine", "_helper", "raise RuntimeError\n")

    assert len(load_rules([folder])) == len(load_rules())


def test_the_same_folder_twice_is_one_folder(tmp_path: Path) -> None:
    """A folder that is named twice gives its rules once."""
    folder = write(tmp_path / "mine", "forgotten_notebook", skeleton("forgotten-notebook"))

    assert len(load_rules([folder, folder])) == len(load_rules()) + 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n\ndef broken(:\n", ":3: SyntaxError"),
        ('"""a"""\n\n\nimport no_such_module_here\n', ":4: ModuleNotFoundError"),
        ('"""a"""\n', "no `rule` is bound"),
        ('"""a"""\nrule = 3\n', "`name` of the rule is missing"),
        (skeleton("a-b").replace("    Settings = Limits\n", ""), "`Settings` of the rule is missing"),
        (skeleton("a-b").replace("def judge(", "def look("), "one of `judge` and `judge_node`"),
        (skeleton("a-b").replace("## Why it costs\n", ""), "headings"),
        (skeleton("a-b").replace('"""a-b\n', '"""something\n'), "first line"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    """A file that is no whole rule is refused, with its path, its line and what is wrong."""
    folder = write(tmp_path / "mine", "broken", text)

    with pytest.raises(UsageError) as caught:
        load_rules([folder])

    assert str(folder / "broken.py") in caught.value.message
    assert said in caught.value.message
    assert caught.value.hint


def test_two_rules_with_one_name_clash(tmp_path: Path) -> None:
    """A rule may not take the name of another; both places are named."""
    folder = write(tmp_path / "mine", "again", skeleton("idle-replica"))

    with pytest.raises(UsageError, match=r"again\.py: rule `idle-replica` stands in .*idle_replica\.py already"):
        load_rules([folder])


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A folder of rules that is not there is an error, not an empty set."""
    with pytest.raises(UsageError, match="no such folder of rules"):
        load_rules([tmp_path / "nowhere"])


def test_installed_packages_offer_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that names a module under the entry point group is loaded."""
    package = tmp_path / "site"
    write(package, "acme_rules", skeleton("forgotten-notebook"))
    info = package / "acme_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{loading.GROUP}]\nforgotten-notebook = acme_rules\n")
    monkeypatch.syspath_prepend(str(package))

    assert [point.name for point in metadata.entry_points(group=loading.GROUP)] == ["forgotten-notebook"]
    assert "forgotten-notebook" in [rule.name for rule in load_rules()]
