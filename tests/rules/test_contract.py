"""Holds every rule file to its manual, its size, and what it may import."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from trimtab.folders import data_folder
from trimtab.judge import LoadedRule, load_rules
from trimtab.rule import MANUAL_SECTIONS

FILES = sorted(data_folder("rules").glob("*.py"))
ALLOWED = ("trimtab.rule", "trimtab.fleet", "trimtab.estimate", "trimtab.demand", "pydantic")


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports, `from trimtab import demand` as `trimtab.demand`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            whole = node.module == "trimtab"
            names |= {f"trimtab.{alias.name}" for alias in node.names} if whole else {node.module or ""}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_manual_has_every_section(path: Path) -> None:
    """A rule's docstring starts with its name and holds every section of a manual, in order, with text in each."""
    rule = next(rule for rule in load_rules() if rule.path == str(path))

    assert rule.manual.title == rule.name == path.stem.replace("_", "-")
    assert tuple(rule.manual.sections) == MANUAL_SECTIONS
    assert all(rule.manual.sections.values())
    assert rule.manual.summary
    assert "http" in rule.manual.sections["Sources"] or "trimtab.estimate" in rule.manual.sections["Sources"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rule_is_one_short_file(path: Path) -> None:
    """A rule with its manual is read in one sitting: at most 160 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 160


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rule_imports_the_contract_alone(path: Path) -> None:
    """A rule imports the contract, the fleet, the estimate, the demand, pydantic, and the standard library."""
    others = {name for name in imported(path) if name.split(".")[0] not in sys.stdlib_module_names}

    assert {name for name in others if not name.startswith(ALLOWED)} == set()


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.name)
def test_settings_say_what_they_are(rule: LoadedRule) -> None:
    """Every setting of a rule has a default and a description that ends as a sentence."""
    for field in rule.rule.Settings.model_fields.values():
        assert not field.is_required()
        assert (field.description or "").endswith(".")


def test_no_rule_talks_of_money() -> None:
    """A rule knows GPUs and hours; what they cost is for another stage."""
    for path in FILES:
        words = path.read_text(encoding="utf-8").lower()
        assert not any(word in words for word in ("usd", "dollar", "price", "$"))
