"""Pushes branches, each with the exact lease of what was last seen there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trimtab.gitio.repo import GitError, Repo, said


@dataclass(frozen=True, slots=True)
class Update:
    """A branch to move.

    Attributes:
        branch: Its name without `refs/heads/`.
        commit: Where to; empty deletes it.
        lease: Where it must be now; empty where it must not exist.
    """

    branch: str
    commit: str
    lease: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """The branch is where it was wanted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The branch was not moved, and why; `stale` where somebody else has moved it."""

    reason: str
    stale: bool


def push(repo: Repo, updates: Sequence[Update]) -> Mapping[str, Pushed | Refused]:
    """Move branches of the remote, each on its own, and return what became of each.

    An answer that was lost on the way is settled by reading the branches again.

    Raises:
        GitError: The remote cannot be reached or does not let us in.
    """
    if not updates:
        return {}
    leases = [f"--force-with-lease=refs/heads/{update.branch}:{update.lease}" for update in updates]
    specs = [f"{update.commit}:refs/heads/{update.branch}" for update in updates]
    done = repo.attempt("push", "--porcelain", *leases, "--", repo.remote.address, *specs)
    if done.returncode == 0:
        return {update.branch: Pushed() for update in updates}
    reasons = _reasons(done.stdout.decode(errors="replace"))
    now = {name: tip for update in updates for name, tip in repo.heads(update.branch).items()}
    if not reasons and all(now.get(update.branch, "") != update.commit for update in updates):
        raise GitError(f"git push: {said(done)}")
    return {update.branch: _outcome(update, now.get(update.branch, ""), reasons) for update in updates}


def _outcome(update: Update, tip: str, reasons: Mapping[str, str]) -> Pushed | Refused:
    if tip == update.commit:
        return Pushed()
    return Refused(reasons.get(update.branch, "the remote gave no reason"), stale=tip != update.lease)


def _reasons(porcelain: str) -> Mapping[str, str]:
    """Return why a branch was refused, by branch: lines `!<tab>from:to<tab>summary`."""
    found = {}
    for line in porcelain.splitlines():
        parts = line.split("\t")
        if parts[0] == "!" and len(parts) > 2:  # noqa: PLR2004  # flag, refs, summary
            found[parts[1].rpartition(":refs/heads/")[2]] = parts[2]
    return found
