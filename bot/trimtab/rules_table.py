"""Generates the table of rules in README.md from the rules' own manuals.

`python -m trimtab.rules_table` writes it into a checkout's README; with `--check` it only says whether it holds.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from trimtab.folders import data_folder
from trimtab.generated import between, written

START, END = "<!-- rules: written by `make generated` -->", "<!-- end of rules -->"
_LAYER = re.compile(r"= Layer\.(\w+)")


def rules_table(folder: Path) -> str:
    """Return a Markdown table of the rules in a folder, by layer, then name."""
    rows = sorted(_row(path) for path in folder.glob("*.py") if not path.name.startswith("_"))
    lines = [f"| {layer} | `{name}` | {sees} | {changes} |" for _, layer, name, sees, changes in rows]
    return "\n".join(["| looks at | rule | sees | changes |", "| --- | --- | --- | --- |", *lines])


def main() -> int:
    """Write the table, or check it; the exit code is 1 where it is out of date."""
    rules = data_folder("rules")
    path = rules.parent / "README.md"
    wanted = between(path.read_text(encoding="utf-8"), START, rules_table(rules), END)
    return written(path, wanted, "the table of rules in README.md", sys.argv[1:])


def _row(path: Path) -> tuple[int, str, str, str, str]:
    """Return where a rule sorts, its layer, its name, and the first sentences of its manual."""
    text = path.read_text(encoding="utf-8")
    manual = ast.get_docstring(ast.parse(text)) or ""
    layer = (_LAYER.search(text) or ("", "model"))[1].lower()
    order = ("model", "node", "fleet").index(layer)
    name = manual.splitlines()[0].strip()
    return order, layer, name, _first_sentence(manual, "What it sees"), _first_sentence(manual, "What it changes")


def _first_sentence(manual: str, heading: str) -> str:
    """Return the first sentence below a heading, on one line."""
    section = manual.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    flat = " ".join(section.split()).replace("|", "\\|")
    return re.split(r"(?<=[.;:])\s", flat, maxsplit=1)[0].rstrip(".;:")


if __name__ == "__main__":
    sys.exit(main())
