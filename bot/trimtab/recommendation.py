"""What a finding becomes on its way to a pull request: priced, planned, proposed, published."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from trimtab.fleet import Unknown

if TYPE_CHECKING:  # it brings pydantic, which takes longer to load than many a command to run
    from trimtab.rule import Considered, Finding, Option


@dataclass(frozen=True, slots=True)
class Saving:
    """US dollars a month of 730 hours, rounded to cents; negative where the change costs. `low <= monthly <= high`."""

    monthly: Decimal
    low: Decimal
    high: Decimal
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Priced:
    """A finding with the option chosen for it and its worth.

    Attributes:
        finding: As the rule gave it.
        option: The cheapest of its options, or its first where prices are unknown.
        saving: A month's; Unknown where a price is not known (never guessed).
        gpu_hours: GPU hours a month freed (negative: added), told also where no price is known.
        rate_source: Where the prices are from.
        considered: The finding's, with the options not chosen.
        cost_now: What the GPUs of `finding.before` cost a month, US dollars, where their price is known.
        cost_then: What those of `option.after` will cost.
        saves: Whether it is about holding less GPU; else it is about danger or speed.
        others: The same finding with its other options, next best first, for where the chosen one has no room.
        reverts: Identity of the recommendation that this one takes back; empty where it takes none back.
        reverts_url: Address of the pull request that it takes back.
        experience: What became of such changes before, in a sentence; empty where none was merged yet.
    """

    finding: Finding
    option: Option
    saving: Saving | Unknown
    gpu_hours: float
    rate_source: str
    considered: tuple[Considered, ...]
    cost_now: Decimal | Unknown = field(default_factory=lambda: Unknown("not priced"))
    cost_then: Decimal | Unknown = field(default_factory=lambda: Unknown("not priced"))
    saves: bool = False
    others: tuple[Priced, ...] = ()
    reverts: str = ""
    reverts_url: str = ""
    experience: str = ""

    @property
    def id(self) -> str:
        """Return the identity: a hash of cluster, workload, rule and fields; never a path, a title or a number."""
        subject = self.finding.subject
        fields = sorted(change.field for change in self.option.changes)
        parts = (subject.cluster, subject.namespace, subject.kind, subject.name, self.finding.rule, *fields)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Held:
    """A finding that is not proposed now, and why (policy, capacity, conflict, limit, no proof)."""

    priced: Priced
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to propose in this run, best first, and what is held back."""

    now: tuple[Priced, ...]
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One splice in one file.

    Attributes:
        repository: The repository's name in the configuration.
        path: The file.
        line: Line of the first byte changed, from 1.
        before: The line or lines as they stand, without the final newline.
        after: The same lines afterwards.
        field: The vocabulary's word.
    """

    repository: str
    path: str
    line: int
    before: str
    after: str
    field: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The rendered manifests before and after, compared.

    Attributes:
        tool: `helm 3.18.6 (chart apps/chat)`, `kustomize 5.7.1 (overlays/eu)`, or `the object itself`.
        rendered_diff: What changed, object by object and field by field, as text for a `diff` block.
        fields: How many rendered fields changed.
        objects: In how many objects.
    """

    tool: str
    rendered_diff: str
    fields: int
    objects: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A recommendation that can be opened as a pull request.

    Attributes:
        priced: Why, and what it is worth.
        facts_digest: Of the facts it rests on.
        repository: The repository's name in the configuration; empty where nothing can be edited.
        base_commit: The commit the edits were made on; empty where nothing can be edited.
        files: New content by path; empty for advice.
        edits: The splices.
        diff: A unified diff that `git apply` takes; empty for advice.
        proof: The rendered comparison, or why there is none.
        refused: Why no edit could be made; empty where one was.
        title: One line, safe for Markdown.
        body: The pull request's text, safe for Markdown and mentions, below 65,536 characters.
        commit_message: Subject, body and trailers.
        fingerprint: Hash of what matters in it; the same fingerprint means that nothing needs an update.
        team: Whose workload it is: what `trimtab.dev/tenant` says, else the namespace.
        explanation: What `explain` tells, plain sentences by heading; see `life.Draft`.
        seen: Latency and traffic before the change, to compare with afterwards; see `life.Draft`.
    """

    priced: Priced
    facts_digest: str
    repository: str
    base_commit: str
    files: Mapping[str, bytes]
    edits: tuple[Edit, ...]
    diff: str
    proof: Proof | Unknown
    refused: str
    title: str
    body: str
    commit_message: str
    fingerprint: str
    team: str = ""
    explanation: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seen: Mapping[str, float] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the recommendation's identity."""
        return self.priced.id

    @property
    def publishable(self) -> bool:
        """Return whether a pull request can be opened: there is a proven edit."""
        return bool(self.files) and isinstance(self.proof, Proof) and not self.refused


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one branch and one pull request hold: one proposal, or several of a group.

    Attributes:
        members: In the order of their commits, each with the content of its files once those before it are made.
        title: The pull request's.
        body: The pull request's.
    """

    members: tuple[Proposal, ...]
    title: str
    body: str

    @property
    def fingerprint(self) -> str:
        """Return the fingerprint; see `fingerprint_of`."""
        return fingerprint_of(self.members)

    @property
    def teams(self) -> frozenset[str]:
        """Return the teams whose workloads it changes."""
        return frozenset(one.team for one in self.members)


Compose = Callable[[Sequence[Proposal]], Bundle]
"""Makes one bundle of several proposals, and leaves out those that do not go together with the ones before them."""


def alone(proposals: Sequence[Proposal]) -> Bundle:
    """Return a bundle of the first of some proposals."""
    return Bundle((proposals[0],), proposals[0].title, proposals[0].body)


def fingerprint_of(members: Sequence[Proposal]) -> str:
    """Return a hash of what matters in proposals that share a pull request; of one alone its own."""
    if len(members) == 1:
        return members[0].fingerprint
    told = sorted(f"{one.id} {one.fingerprint}" for one in members)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Link:
    """Where a recommendation stands on the forge after publishing.

    Attributes:
        id: The recommendation's identity.
        state: A state of `trimtab.life`.
        url: Address of the pull request, or the path of its file for the local forge.
        branch: The deterministic branch.
        head: Hex id of the branch's head.
        note: What was done in this run: `opened`, `updated`, `unchanged`, `held: …`.
        failed: Whether the forge did not do what was asked of it; the next run asks again.
    """

    id: str
    state: str
    url: str
    branch: str
    head: str
    note: str
    failed: bool = False
