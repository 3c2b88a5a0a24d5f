"""The commit of a proposal, and whose a branch is."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.gitio import Commit, Repo, Update, holds, write_commit
from trimtab.gitio.commit import AUTHOR
from trimtab.publish.signing import vouched
from trimtab.publish.site import Site, Standing
from trimtab.recommendation import Proposal


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a proposal's branch should be; `update` moves it there, and is empty where it is there already."""

    head: str
    update: tuple[Update, ...]


def branch_for(site: Site, standing: Standing, proposal: Proposal, at_s: int) -> Branch:
    """Return the branch that holds a proposal's change: the one that stands, if it holds it, or a new commit.

    Raises:
        GitError: The commit that the proposal was made on is gone, or a path cannot be written.
    """
    _bring(site.repo, standing.branch, standing.tip)
    if standing.tip and not standing.given_back and holds(site.repo, standing.tip, proposal.files):
        return Branch(standing.tip, ())
    _bring(site.repo, site.base, proposal.base_commit)
    commit = Commit(proposal.base_commit, proposal.files, _message(proposal), at_s)
    head = write_commit(site.repo, commit)
    update = Update(standing.branch, head, standing.tip)
    return Branch(head, () if head == standing.tip else (update,))


def ours(site: Site, standing: Standing) -> bool:
    """Return whether nobody but Trimtab committed to a branch.

    What the ledger recorded as its own head is ours. A head that it does not know may be of a run that ended between
    its push and its record, and is ours if every commit names Trimtab as author and committer, or if the forge vouches
    that it made every one for Trimtab's account.
    """
    if not standing.tip or standing.untouched:
        return True
    site.repo.fetch(site.base, standing.branch)
    base = f"refs/heads/{site.base}"
    return site.repo.people(base, standing.tip) <= {AUTHOR} or vouched(site, base, standing.tip)


def changes_nothing(repo: Repo, head: str) -> bool:
    """Return whether a commit holds the same tree as its parent."""
    same = repo.attempt("diff-tree", "--quiet", f"{head}^", head)
    return same.returncode == 0


def _bring(repo: Repo, branch: str, commit: str) -> None:
    """Fetch a branch where a commit of it is wanted and is not here."""
    if commit and not repo.has(commit):
        repo.fetch(branch)


def _message(proposal: Proposal) -> str:
    """Return the commit message, with the trailers that tie the commit to its recommendation and facts."""
    message = proposal.commit_message.rstrip("\n")
    missing = [
        f"{key}: {value}"
        for key, value in (("Trimtab-Recommendation", proposal.id), ("Trimtab-Facts", proposal.facts_digest))
        if f"\n{key}: " not in message
    ]
    between = "\n" if "\nTrimtab-" in message else "\n\n"
    return message + (between + "\n".join(missing) if missing else "") + "\n"
