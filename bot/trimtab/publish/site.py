"""Where a repository's proposals are published to, what is wanted there, and what stands there already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from trimtab.config import PullRequests
from trimtab.fleet import Found, Unknown
from trimtab.gitio import Repo
from trimtab.life import Entry, Journal, State, histories
from trimtab.publish.forge import PREFIX, Forge, PullRequest
from trimtab.publish.mark import STAGE, branch_of, identity_of
from trimtab.publish.pace import Pace
from trimtab.publish.signer import Pen, Signer
from trimtab.recommendation import Proposal
from trimtab.rule import Subject

TAKEN_OVER = "a person changed the branch; it is left to them"
"""The note of the entry that records commits of others on a branch."""

REBASE = "a person gives the branch back"
"""The note of the entry by which a person lets Trimtab replace what others committed."""


GIT = Pen()
"""Makes commits by git alone."""


AS_IT_COMES = PullRequests()
"""How pull requests are opened where nothing is said."""


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
    """

    proposals: tuple[Proposal, ...]
    valid: frozenset[str]
    unsure: frozenset[tuple[str, Subject]]
    blind: frozenset[str]
    at_s: int
    released: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """One recommendation as the ledger, the forge and git know it.

    Attributes:
        id: Its identity.
        branch: Its branch's name.
        entries: Its ledger entries, oldest first.
        pull: Its open pull request.
        tip: Its branch's head on the remote; empty where there is none.
        foreign: Whether the ledger has it at another repository.
    """

    id: str
    branch: str
    entries: tuple[Entry, ...]
    pull: Found[PullRequest] | Unknown
    tip: str
    foreign: bool = False

    @property
    def state(self) -> str:
        """Return its state, empty where the ledger does not know it."""
        return self.entries[-1].step if self.entries else ""

    @property
    def last(self) -> Entry:
        """Return its latest entry; only for one that the ledger knows."""
        return self.entries[-1]

    @property
    def members(self) -> frozenset[str]:
        """Return the recommendations that share its pull request, itself included."""
        return frozenset({self.id})

    @property
    def given_back(self) -> bool:
        """Return whether a person gave the branch back as it is now; what was committed since was not given."""
        return any(entry.note == REBASE and entry.head == self.tip for entry in self.entries)

    @property
    def untouched(self) -> bool:
        """Return whether the branch's head is one that Trimtab pushed, or one that was merged."""
        return any(entry.head == self.tip and _settles_head(entry) for entry in self.entries)


@dataclass(frozen=True, slots=True)
class View:
    """Everything that stands at a site, by identity."""

    standings: Mapping[str, Standing] = field(default_factory=dict)
    open_pulls: int = 0
    stages: frozenset[str] = frozenset()
    """Branches that the forge signed commits on, left behind by a run that was cut off."""

    def of(self, identity: str, branch: str) -> Standing:
        """Return what stands of one recommendation; nothing, where it is new."""
        return self.standings.get(identity) or Standing(identity, branch, (), Unknown("never opened"), "")

    def refreshed(self, journal: Journal) -> View:
        """Return the view with the ledger's entries of now."""
        known = histories(journal.entries())
        standings = {name: replace(held, entries=known.get(name, ())) for name, held in self.standings.items()}
        return replace(self, standings=standings)


def look(site: Site, journal: Journal) -> View:
    """Return what stands at a site: one listing of the forge, one of the branches, and the ledger.

    Raises:
        ForgeError: The forge, the remote or the ledger cannot be read.
    """
    pulls = _by_identity(site)
    heads = site.repo.heads(f"{PREFIX}*")
    tips = {name: tip for name, tip in heads.items() if identity_of(name)}
    known = histories(journal.entries())
    branches = {identity_of(name): name for name in tips}
    branches |= {name: branch_of(held[-1].rule, name) for name, held in known.items()}
    branches |= {name: pull.branch for name, pull in pulls.items()}
    standings = {
        name: Standing(
            id=name,
            branch=branch,
            entries=known.get(name, ()),
            pull=Found(pulls[name]) if name in pulls else Unknown("none is open"),
            tip=tips.get(branch, ""),
            foreign=name in known and known[name][-1].repository != site.name,
        )
        for name, branch in sorted(branches.items())
    }
    return View(standings, len(pulls), frozenset(name for name in heads if name.startswith(STAGE)))


def _by_identity(site: Site) -> Mapping[str, PullRequest]:
    """Return the open pull requests by recommendation; of two from one branch the one that goes to our base."""
    found: dict[str, PullRequest] = {}
    for pull in sorted(site.forge.pulls(), key=lambda pull: (pull.base != site.base, pull.number)):
        identity = identity_of(pull.branch)
        if identity:
            found.setdefault(identity, pull)
    return found


def _settles_head(entry: Entry) -> bool:
    """Return whether an entry's head holds nothing that would be lost: notes mark the heads that people made."""
    return entry.step == State.APPROVED or (entry.step == State.OPEN and not entry.note)


def waits(state: str) -> bool:
    """Return whether a recommendation in this state may have a pull request that is not yet decided."""
    return state in {State.PROPOSED, State.OPEN, State.SNOOZED}
