"""What stands at a site already: every recommendation, and every branch that several of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from trimtab.fleet import Found, Unknown
from trimtab.life import Entry, Journal, State, histories
from trimtab.publish.forge import PREFIX, PullRequest
from trimtab.publish.mark import STAGE, branch_of, identity_of
from trimtab.publish.site import REBASE, Site


@dataclass(frozen=True, slots=True)
class Standing:
    """One recommendation, or a branch that several share, as the ledger, the forge and git know it.

    Attributes:
        id: Its identity; of a shared branch the hash in the branch's name.
        branch: Its branch's name.
        entries: Its ledger entries, oldest first; of a shared branch those of all that ever were on it.
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
    def given_back(self) -> bool:
        """Return whether a person gave the branch back as it is now; what was committed since was not given."""
        return any(entry.note == REBASE and entry.head == self.tip for entry in self.entries)

    @property
    def untouched(self) -> bool:
        """Return whether the branch's head is one that Trimtab pushed, or one that was merged."""
        return any(entry.head == self.tip and _settles_head(entry) for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Listed:
    """What one listing of the forge and one of the branches showed.

    Attributes:
        repository: The repository's name.
        pulls: The open pull requests by branch.
        tips: The heads by branch.
        stages: Branches that the forge signed commits on, left behind by a run that was cut off.
    """

    repository: str = ""
    pulls: Mapping[str, PullRequest] = field(default_factory=dict)
    tips: Mapping[str, str] = field(default_factory=dict)
    stages: frozenset[str] = frozenset()

    def pull(self, branch: str) -> Found[PullRequest] | Unknown:
        """Return the open pull request of a branch."""
        return Found(self.pulls[branch]) if branch in self.pulls else Unknown("none is open")


@dataclass(frozen=True, slots=True)
class View:
    """Everything that stands at a site.

    Attributes:
        listed: What the forge and git showed.
        standings: By identity; a branch of ours that the ledger does not know is one of these, without entries.
        shared: The entries of what was on it, by shared branch.
    """

    listed: Listed = field(default_factory=Listed)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    shared: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)

    def of(self, identity: str, branch: str) -> Standing:
        """Return what stands of one recommendation; nothing, where it is new."""
        return self.standings.get(identity) or Standing(identity, branch, (), Unknown("never opened"), "")

    def lane(self, branch: str) -> Standing:
        """Return what stands of a shared branch."""
        entries = self.shared.get(branch, ())
        tip = self.listed.tips.get(branch, "")
        return Standing(identity_of(branch), branch, entries, self.listed.pull(branch), tip)

    def refreshed(self, journal: Journal, pulls: Mapping[str, PullRequest]) -> View:
        """Return the view with the ledger's entries of now, and pull requests that a listing had lost."""
        return _view(replace(self.listed, pulls={**self.listed.pulls, **pulls}), journal.entries())


def look(site: Site, journal: Journal) -> View:
    """Return what stands at a site: one listing of the forge, one of the branches, and the ledger.

    Raises:
        ForgeError: The forge, the remote or the ledger cannot be read.
    """
    pulls = _by_branch(site)
    heads = site.repo.heads(f"{PREFIX}*")
    tips = {name: tip for name, tip in heads.items() if identity_of(name)}
    stages = frozenset(name for name in heads if name.startswith(STAGE))
    return _view(Listed(site.name, pulls, tips, stages), journal.entries())


def home_of(entry: Entry) -> str:
    """Return the branch that a recommendation is on, by an entry of it: the one that it shares, or its own."""
    return entry.branch or branch_of(entry.rule, entry.recommendation)


def waits(state: str) -> bool:
    """Return whether a recommendation in this state may have a pull request that is not yet decided."""
    return state in {State.PROPOSED, State.OPEN, State.SNOOZED}


def _view(listed: Listed, entries: tuple[Entry, ...]) -> View:
    shared: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.branch and entry.repository == listed.repository:
            shared.setdefault(entry.branch, []).append(entry)
    standings = {name: _standing(listed, held) for name, held in histories(entries).items()}
    for branch in sorted({*listed.tips, *listed.pulls} - shared.keys()):
        tip = listed.tips.get(branch, "")
        name = identity_of(branch)
        standings.setdefault(name, Standing(name, branch, (), listed.pull(branch), tip))
    return View(listed, dict(sorted(standings.items())), {name: tuple(held) for name, held in shared.items()})


def _standing(listed: Listed, held: tuple[Entry, ...]) -> Standing:
    """Return a recommendation; of a shared branch's pull requests it has the one that it is in, or was in."""
    last = held[-1]
    branch = home_of(last)
    pull = listed.pull(branch)
    if last.branch and isinstance(pull, Found) and last.step not in {State.PROPOSED, State.OPEN}:
        pull = pull if last.pull_request == pull.value.number else Unknown("none is open that it was in")
    tip, foreign = listed.tips.get(branch, ""), last.repository != listed.repository
    return Standing(last.recommendation, branch, held, pull, tip, foreign)


def _by_branch(site: Site) -> Mapping[str, PullRequest]:
    """Return the open pull requests by branch; of two from one branch the one that goes to our base."""
    found: dict[str, PullRequest] = {}
    for pull in sorted(site.forge.pulls(), key=lambda pull: (pull.base != site.base, pull.number)):
        if identity_of(pull.branch):
            found.setdefault(pull.branch, pull)
    return found


def _settles_head(entry: Entry) -> bool:
    """Return whether an entry's head holds nothing that would be lost: notes mark the heads that people made."""
    return entry.step == State.APPROVED or (entry.step == State.OPEN and not entry.note)
