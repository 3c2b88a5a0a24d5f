"""The commits of what a pull request holds, and whose a branch is."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.fleet import Found, Unknown
from trimtab.gitio import Commit, Repo, Update, holds, write_commit
from trimtab.gitio.commit import AUTHOR
from trimtab.publish.mark import is_shared
from trimtab.publish.signing import vouched
from trimtab.publish.site import Site
from trimtab.publish.standing import Standing
from trimtab.recommendation import Bundle, Proposal

_TRAILER = "Trimtab-Recommendation"


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a proposal's branch should be; `update` moves it there, and is empty where it is there already."""

    head: str
    update: tuple[Update, ...]


def branch_for(site: Site, standing: Standing, bundle: Bundle, at_s: int) -> Branch:
    """Return the branch that holds a commit for each member: the one that stands, if it does, or new commits.

    Raises:
        GitError: The commit that the proposals were made on is gone, or a path cannot be written.
    """
    base = bundle.members[0].base_commit
    _bring(site.repo, standing.branch, standing.tip)
    if standing.tip and not standing.given_back and _holds_all(site, standing.branch, standing.tip, bundle):
        return Branch(standing.tip, ())
    _bring(site.repo, site.base, base)
    head = base
    for proposal in bundle.members:
        head = write_commit(site.repo, Commit(head, proposal.files, _message(proposal), at_s))
    update = Update(standing.branch, head, standing.tip)
    return Branch(head, () if head == standing.tip else (update,))


def commit_of(repo: Repo, head: str, identity: str) -> Found[str] | Unknown:
    """Return the commit of one recommendation in a branch that several share, by its trailer.

    Raises:
        GitError: Git did not run.
    """
    if not repo.bring(head):
        return Unknown("the branch that it was on is not in Git any more")
    found = repo.run("log", "-1", "--format=%H", "-E", f"--grep=^{_TRAILER}: {identity}$", head, "--").decode().strip()
    return Found(found) if found else Unknown("its commit is not in Git any more")


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


def changes_nothing(repo: Repo, head: str, commits: int) -> bool:
    """Return whether so many commits together leave the tree as it was before them."""
    same = repo.attempt("diff-tree", "--quiet", f"{head}~{commits}", head)
    return same.returncode == 0


def _holds_all(site: Site, branch: str, tip: str, bundle: Bundle) -> bool:
    """Return whether a branch ends with a commit for each member; a shared one must have no others."""
    commits = [f"{tip}~{back}" for back in reversed(range(len(bundle.members)))]
    if not all(holds(site.repo, commit, one.files) for commit, one in zip(commits, bundle.members, strict=True)):
        return False
    if not is_shared(branch):
        return True
    base = bundle.members[0].base_commit
    _bring(site.repo, site.base, base)
    told = f"--format=%(trailers:key={_TRAILER},valueonly,separator=%x2C)"
    found = site.repo.run("log", "--reverse", told, tip, f"^{base}", "--").decode().split("\n")[:-1]
    return found == [one.id for one in bundle.members]


def _bring(repo: Repo, branch: str, commit: str) -> None:
    """Fetch a branch where a commit of it is wanted and is not here."""
    if commit and not repo.has(commit):
        repo.fetch(branch)


def _message(proposal: Proposal) -> str:
    """Return the commit message, with the trailers that tie the commit to its recommendation and facts."""
    message = proposal.commit_message.rstrip("\n")
    missing = [
        f"{key}: {value}"
        for key, value in ((_TRAILER, proposal.id), ("Trimtab-Facts", proposal.facts_digest))
        if f"\n{key}: " not in message
    ]
    between = "\n" if "\nTrimtab-" in message else "\n\n"
    return message + (between + "\n".join(missing) if missing else "") + "\n"
