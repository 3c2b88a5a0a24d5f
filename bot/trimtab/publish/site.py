"""Where a repository's proposals are published to, and what is wanted there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trimtab.config import PullRequests
from trimtab.gitio import Repo
from trimtab.publish.forge import Forge
from trimtab.publish.pace import Pace
from trimtab.publish.signer import NoSigner, Signer
from trimtab.recommendation import Compose, Proposal, alone
from trimtab.rule import Subject

TAKEN_OVER = "a person changed the branch; it is left to them"
"""The note of the entry that records commits of others on a branch."""

REBASE = "a person gives the branch back"
"""The note of the entry by which a person lets Trimtab replace what others committed."""


GIT = NoSigner()
"""Makes commits by git alone."""


AS_IT_COMES = PullRequests()
"""How pull requests are opened where nothing is said."""


APART = "it goes on in a pull request of its own"
"""The note of the entry by which a recommendation leaves the pull request that it shared, for good."""


@dataclass(frozen=True, slots=True)
class Site:
    """One repository with its forge.

    Attributes:
        name: The repository's name in the configuration.
        base: The branch that pull requests go to.
        forge: Where pull requests are.
        repo: Where branches are.
        pace: Keeps writes apart.
        style: What pull requests are opened with.
        signer: Makes commits where the forge does that itself.
        check: Raises where the token may not write here; asked before anything is written.
    """

    name: str
    base: str
    forge: Forge
    repo: Repo
    pace: Pace
    style: PullRequests = AS_IT_COMES
    signer: Signer = GIT
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What this run found.

    A pull request is withdrawn only where its cause is known to be gone: the subject was judged, by facts that were
    there, and the recommendation is not among the valid ones.

    Attributes:
        proposals: What to open or keep up to date, best first.
        valid: Identities that still hold though they are not proposed now, such as those held back.
        unsure: Rule and subject that could not be judged for want of facts.
        blind: Clusters that could not be judged at all.
        at_s: End of the observation window, Unix seconds: the date of the commits.
        released: Identities that a person released on the dashboard: neither limit nor earlier decision holds them.
        compose: Makes one of several proposals, where they are to share a pull request.
    """

    proposals: tuple[Proposal, ...]
    valid: frozenset[str]
    unsure: frozenset[tuple[str, Subject]]
    blind: frozenset[str]
    at_s: int
    released: frozenset[str] = frozenset()
    compose: Compose = alone
