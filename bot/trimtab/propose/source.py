"""A repository as it was read: what edits are made on and proven against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trimtab.manifest import Tree


@dataclass(frozen=True, slots=True)
class Source:
    """One repository at one commit.

    Attributes:
        name: Its name in the configuration.
        commit: Hex id of the commit that was read; empty for a plain folder.
        root: The folder on disk that holds the same files, for helm and kustomize.
        tree: The files, as bytes by path.
    """

    name: str
    commit: str
    root: Path
    tree: Tree
