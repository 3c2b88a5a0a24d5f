from __future__ import annotations

from pathlib import Path

from trimtab.generated import between
from trimtab.rules_table import END, START, rules_table

ROOT = Path(__file__).resolve().parent.parent

RULE = '''"""{name}

## What it sees
Waste, such as this. And more that the table leaves out.

## What it changes
`replicas` | nothing else.

## When it stays silent
Never.
"""
layer = Layer.{layer}
'''


def test_readme_lists_the_rules_that_are_there() -> None:
    """The table in README.md is what the manuals say today."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert between(readme, START, rules_table(ROOT / "rules"), END) == readme


def test_table_is_ordered_by_layer_then_name(tmp_path: Path) -> None:
    """Rules on models come before those on nodes, and a manual's first sentence is what is shown."""
    (tmp_path / "b.py").write_text(RULE.format(name="a-node-rule", layer="NODE"))
    (tmp_path / "c.py").write_text(RULE.format(name="z-model-rule", layer="MODEL"))

    rows = rules_table(tmp_path).splitlines()[2:]

    assert rows == [
        "| model | `z-model-rule` | Waste, such as this | `replicas` \\| nothing else |",
        "| node | `a-node-rule` | Waste, such as this | `replicas` \\| nothing else |",
    ]
