"""What `inspect --render` says: what rendering the charts shows is added."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from trimtab.cli.inspect_say import Charts, Said, read_tree, said_of, serving_json
from trimtab.manifest import inspect
from trimtab.render import Workspace, find_tools, followable, unseen, with_rendered


def said_rendered(root: Path, form: str, processes: int, charts: Path | None) -> Said:
    """Return what is printed of a folder; nothing is kept.

    Args:
        root: The folder.
        form: How it is said.
        processes: How many may share the work.
        charts: A folder of charts that it names and does not hold.

    Raises:
        UsageError: It is no folder that can be read.
    """
    tree = read_tree(root)
    found = inspect(tree, processes=processes)
    tools = replace(find_tools(os.environ), charts=str(charts.absolute()) if charts is not None else "")
    with Workspace(root, tree, tools) as workspace:
        servings = tuple(serving_json(one) for one in with_rendered(found.servings, workspace))
        return said_of(root, form, servings, found, Charts(followable(workspace), unseen(workspace)))
