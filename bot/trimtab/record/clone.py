"""Reads the ledger where it lies: in a clone on disk, without a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trimtab.errors import RefusedError
from trimtab.gitio import Repo, opened
from trimtab.life import Entry
from trimtab.record.chain import Broken, read_chain
from trimtab.record.files import read_files
from trimtab.record.verify import Verified, verify

BRANCH = "trimtab-ledger"


@dataclass(frozen=True, slots=True)
class Clone:
    """The ledger in a clone on disk.

    Attributes:
        repo: The clone.
        commit: The branch's head there; empty where it has none.
    """

    repo: Repo
    commit: str

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, oldest first.

        Raises:
            RefusedError: The ledger is damaged.
        """
        return entries_at(self.repo, self.commit)

    def prove(self) -> Verified | Broken:
        """Return whether the ledger holds, or the first entry that does not."""
        return verify(self.repo, self.commit)


def clone_at(folder: Path) -> Clone:
    """Return the ledger that a clone has, as a branch of its own or as its origin's.

    Raises:
        UsageError: The folder is no git repository.
    """
    repo = opened(folder)
    return Clone(repo, repo.first_of(f"refs/heads/{BRANCH}", f"refs/remotes/origin/{BRANCH}"))


def entries_at(repo: Repo, commit: str) -> tuple[Entry, ...]:
    """Return the entries of the ledger at a commit.

    Raises:
        RefusedError: The ledger is damaged; names the entry.
    """
    found = read_chain(read_files(repo, commit))
    if isinstance(found, Broken):
        raise RefusedError(
            f"{BRANCH}: entry {found.entry} is damaged: {found.why}; nothing was written",
            "see `trimtab ledger verify`, and restore the branch from a clone that is whole",
        )
    return found
