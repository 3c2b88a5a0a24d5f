"""Commits that GitHub makes on a branch by its API, over a real bare repository, with a signature in each."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.forges.server import Json
from tests.forges.state import BOT, BOT_ID, DeclinedError, git, tip

WEB, WEB_ID = "web-flow", 19864447
"""The account that GitHub signs as."""

_SIGNATURE = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n made up\n -----END PGP SIGNATURE-----"


class Commits:
    """What `createCommitOnBranch` and the references of the Git database do.

    Attributes:
        made: The commits, in order.
    """

    def __init__(self, bare: Path) -> None:
        """Take the repository."""
        self._bare = bare
        self.made: list[str] = []

    def create(self, wanted: dict[str, Json]) -> str:
        """Commit to a branch whose head is the expected one, and return the commit: no two are the same."""
        branch, expected = wanted["branch"]["branchName"], wanted["expectedHeadOid"]
        if tip(self._bare, branch) != expected:
            raise DeclinedError(
                f'Expected branch to point to "{tip(self._bare, branch)}" but it did not. Pull and try again.'
            )
        index = {"GIT_INDEX_FILE": str(self._bare / "api-index")}
        git(self._bare, "read-tree", expected, env=index)
        for one in wanted["fileChanges"].get("additions", ()):
            blob = git(self._bare, "hash-object", "-w", "--stdin", stdin=base64.b64decode(one["contents"]))
            git(self._bare, "update-index", "--add", "--cacheinfo", f"100644,{blob},{one['path']}", env=index)
        for one in wanted["fileChanges"].get("deletions", ()):
            gone = f"0 {'0' * 40}\t{one['path']}\n".encode()
            git(self._bare, "update-index", "--index-info", stdin=gone, env=index)
        commit = self._signed(git(self._bare, "write-tree", env=index), expected, wanted["message"])
        git(self._bare, "update-ref", f"refs/heads/{branch}", commit, expected)
        self.made.append(commit)
        return commit

    def point(self, ref: str, commit: str, *, new: bool) -> bool:
        """Make a reference, or move one by force; return whether that can be done."""
        if bool(tip(self._bare, ref.removeprefix("refs/heads/"))) is new:
            return False
        git(self._bare, "update-ref", ref, commit)
        return True

    def _signed(self, tree: str, parent: str, message: dict[str, str]) -> str:
        when = f"{1_794_700_000 + len(self.made)} +0000"
        lines = (
            f"tree {tree}",
            f"parent {parent}",
            f"author {BOT} <{BOT_ID}+{BOT}@users.noreply.github.com> {when}",
            f"committer GitHub <noreply@github.com> {when}",
            _SIGNATURE,
            "",
            message["headline"],
            *(("", message["body"]) if message.get("body") else ()),
        )
        return git(self._bare, "hash-object", "-t", "commit", "-w", "--stdin", stdin="\n".join(lines).encode())
