"""Stands in for Argo CD: what Git's deployed branch declares runs for the week that follows."""

from __future__ import annotations

import tempfile
from pathlib import Path

from trimtab.demo.folder import DemoFolder
from trimtab.demo.repository import BRANCH, git
from trimtab.demo.simulate import simulate
from trimtab.facts import Facts
from trimtab.fleet import Serving
from trimtab.manifest import Tree, inspect
from trimtab.read import store


def deploy(folder: DemoFolder, week: int) -> int:
    """Put the simulated facts of a week in the place of the recorded ones, and return the week's end, Unix seconds.

    Args:
        folder: The demo's folder.
        week: Which week, from 0: each merge is followed by one.

    Raises:
        RefusedError: Something that Git declares would not start.
    """
    asked = store.replay(folder.facts).clusters[0].queries
    facts = simulate(declared(folder.repository), week, asked)
    store.record(Facts((facts,), ()), folder.facts)
    return facts.ended_at_s


def declared(repository: Path) -> tuple[Serving, ...]:
    """Return what the deployed branch of a bare repository serves."""
    with tempfile.TemporaryDirectory(prefix="trimtab-deploy-") as work:
        tree = Path(work) / "tree"
        git(repository, "clone", "--quiet", "--shared", f"--branch={BRANCH}", str(repository.resolve()), str(tree))
        return inspect(Tree.read(tree)).servings
