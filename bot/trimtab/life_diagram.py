"""Generates the diagram of a recommendation's life in ARCHITECTURE.md from the table of legal steps.

`python -m trimtab.life_diagram` writes it into a checkout's ARCHITECTURE.md; with `--check` it only says whether it
holds. Source of the grammar: https://mermaid.js.org/syntax/stateDiagram.html (Mermaid 10; GitHub and GitLab draw it).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from trimtab.folders import data_folder
from trimtab.generated import between, written
from trimtab.life import FIRST, STEPS, State

START, END = "<!-- life: written by `make generated` -->", "<!-- end of life -->"


def life_diagram(steps: Mapping[tuple[State, State], str] = STEPS) -> str:
    """Return the Mermaid state diagram of a table of steps, in the order of the states."""
    order = list(State)
    rows = sorted(steps.items(), key=lambda row: (order.index(row[0][0]), order.index(row[0][1])))
    lines = [f"    {before} --> {after}: {why}" for (before, after), why in rows]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {FIRST}", *lines, "```"])


def main() -> int:
    """Write the diagram, or check it; the exit code is 1 where it is out of date."""
    path = data_folder("rules").parent / "ARCHITECTURE.md"
    wanted = between(path.read_text(encoding="utf-8"), START, life_diagram(), END)
    return written(path, wanted, "the life of a recommendation in ARCHITECTURE.md", sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
