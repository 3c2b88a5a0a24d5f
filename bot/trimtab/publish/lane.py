"""Which recommendations go on which branch.

A recommendation has a branch and a pull request of its own, or shares one with those that have the same workload, team
or rule in common, as `pull_requests.group_by` says. What is open stays where it is, whatever the option says meanwhile:
nothing that people look at is moved away under them. A way back is never shared, nor what a person split off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from trimtab.config import GroupBy
from trimtab.fleet import Found, Unknown
from trimtab.life import State
from trimtab.publish.mark import branch_of, is_shared, shared_branch
from trimtab.publish.site import APART, Site
from trimtab.publish.standing import Standing, View, waits
from trimtab.recommendation import Proposal


@dataclass(frozen=True, slots=True)
class Member:
    """A recommendation that is proposed in this run, with what stands of it."""

    standing: Standing
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Lane:
    """A branch, with what is on it or is to be.

    Attributes:
        standing: What stands of the branch; where it is not shared that is the recommendation itself.
        wanted: What is proposed in this run, best first.
        gone: What stands on it and is not proposed in this run.
    """

    standing: Standing
    wanted: tuple[Member, ...] = ()
    gone: tuple[Standing, ...] = ()

    @property
    def shared(self) -> bool:
        """Return whether recommendations share it."""
        return is_shared(self.standing.branch)

    @property
    def open(self) -> bool:
        """Return whether something on it is open; what is to join it is not on it yet."""
        return any(one.state == State.OPEN for one in self.gone) or any(map(self.has, self.wanted))

    @property
    def everybody(self) -> tuple[Standing, ...]:
        """Return what stands of each recommendation."""
        return (*(one.standing for one in self.wanted), *self.gone)

    def has(self, member: Member) -> bool:
        """Return whether a recommendation is open on this branch already."""
        return member.standing.state == State.OPEN and member.standing.branch == self.standing.branch


def branch_for(site: Site, standing: Standing, proposal: Proposal) -> str:
    """Return the branch that a recommendation goes on: where it is while it is undecided, else as the option says."""
    if standing.state in {State.PROPOSED, State.OPEN} or isinstance(standing.pull, Found):
        return standing.branch
    finding, group_by = proposal.priced.finding, site.style.group_by
    apart = any(entry.note == APART for entry in standing.entries)
    if group_by is GroupBy.NONE or proposal.priced.reverts or apart:
        return branch_of(finding.rule, proposal.id)
    subject = finding.subject
    key = {
        GroupBy.WORKLOAD: (subject.cluster, subject.namespace, subject.kind, subject.name),
        GroupBy.TEAM: (proposal.team,),
        GroupBy.RULE: (finding.rule,),
    }[group_by]
    return shared_branch(group_by, (site.name, *key))


def lane_of_one(view: View, proposal: Proposal) -> Lane:
    """Return the branch of a recommendation alone."""
    branch = branch_of(proposal.priced.finding.rule, proposal.id)
    standing = _on(view, view.of(proposal.id, branch), branch)
    return Lane(standing, (Member(standing, proposal),))


def lanes(site: Site, view: View, wanted: Sequence[Member], held: Collection[str]) -> Iterator[Lane]:
    """Yield the branches: those of what is proposed in its order, then the others by name; not what is `held` back."""
    found: dict[str, list[Member]] = {}
    for member in wanted:
        found.setdefault(branch_for(site, member.standing, member.proposal), []).append(member)
    proposed = {*held, *(member.standing.id for member in wanted)}
    gone: dict[str, list[Standing]] = {branch: [] for branch in view.shared}
    for standing in view.standings.values():
        over = is_shared(standing.branch) and not waits(standing.state) and isinstance(standing.pull, Unknown)
        if standing.id not in proposed and not over:
            gone.setdefault(standing.branch, []).append(standing)
    for branch in dict.fromkeys((*found, *gone)):
        lane = Lane(view.lane(branch), tuple(found.get(branch, ())), tuple(gone.get(branch, ())))
        yield lane if lane.shared else replace(lane, standing=_on(view, lane.everybody[0], branch))


def _on(view: View, standing: Standing, branch: str) -> Standing:
    """Return a recommendation with what stands of a branch of its own, which it may have left for a shared one."""
    if standing.branch == branch:
        return standing
    return replace(standing, branch=branch, pull=view.listed.pull(branch), tip=view.listed.tips.get(branch, ""))
