"""All that the sections of a pull request tell of, looked up once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from trimtab.fleet import Cluster, Fleet, Found, Pool, Serving, Unknown, Workload
from trimtab.recommendation import Edit, Priced, Proof
from trimtab.rule import Change, Subject


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of the changes in Git.

    Attributes:
        repository: The repository's name; empty where nothing can be edited.
        edits: The splices; empty for advice and refusals.
        diff: A unified diff; empty where there are no edits.
        proof: The rendered comparison, or why there is none.
        refused: Why no edit could be made; empty where one was.
    """

    repository: str
    edits: tuple[Edit, ...]
    diff: str
    proof: Proof | Unknown
    refused: str


@dataclass(frozen=True)
class Told:
    """A priced recommendation among the things it speaks of."""

    priced: Priced
    fleet: Fleet
    edited: Edited

    @property
    def subject(self) -> Subject:
        """Return what it is about."""
        return self.priced.finding.subject

    @property
    def changes(self) -> Sequence[Change]:
        """Return what is set; empty for advice."""
        return self.priced.option.changes

    @property
    def several_clusters(self) -> bool:
        """Return whether a name alone may leave the cluster open."""
        return len(self.fleet.clusters) > 1

    @cached_property
    def cluster(self) -> Cluster | Unknown:
        """Return the subject's cluster."""
        return cluster_of(self.fleet, self.subject)

    @cached_property
    def workload(self) -> Workload | Unknown:
        """Return the workload; Unknown for a node."""
        return workload_of(self.fleet, self.subject)

    @cached_property
    def pool(self) -> Pool | Unknown:
        """Return the pool that the pods will be placed on."""
        option = self.priced.option
        for pool in self.cluster.pools if isinstance(self.cluster, Cluster) else ():
            names = {pool.gpu.name, pool.selector_value}
            if option.after.product in names and option.resource in {"", pool.resource}:
                return pool
        return Unknown("no node pool of this kind was seen")

    @property
    def names(self) -> frozenset[str]:
        """Return the names that sentences quote."""
        named = {self.subject.name, self.subject.namespace, f"{self.subject.namespace}/{self.subject.name}"}
        named |= {str(side) for change in self.changes for side in (change.before, change.after)}
        named |= {change.field for change in self.changes}
        named |= {self.priced.finding.before.product, self.priced.option.after.product, self.priced.option.resource}
        if isinstance(self.workload, Workload):
            named |= set(self.workload.nodes) | {self.workload.gpu_resource}
            named |= {self.workload.model.value.name} if isinstance(self.workload.model, Found) else set()
        return frozenset(named)

    @property
    def window(self) -> str:
        """Return the days that were looked at, in UTC: `2026-11-07 to 2026-11-14`."""
        length = self.cluster.window_s if isinstance(self.cluster, Cluster) else 0
        return f"{_day(self.fleet.ended_at_s - length)} to {_day(self.fleet.ended_at_s)}"


def cluster_of(fleet: Fleet, subject: Subject) -> Cluster | Unknown:
    """Return the cluster of a subject."""
    for cluster in fleet.clusters:
        if cluster.name == subject.cluster:
            return cluster
    return Unknown(f"cluster {subject.cluster} was not read")


def workload_of(fleet: Fleet, subject: Subject) -> Workload | Unknown:
    """Return the workload that a subject names."""
    cluster = cluster_of(fleet, subject)
    for workload in cluster.workloads if isinstance(cluster, Cluster) else ():
        if (workload.namespace, workload.kind, workload.name) == (subject.namespace, subject.kind, subject.name):
            return workload
    return Unknown(f"{subject.kind} {subject.name} is no workload")


def serving_of(fleet: Fleet, subject: Subject) -> Serving | Unknown:
    """Return the declaration in Git of a subject."""
    workload = workload_of(fleet, subject)
    if isinstance(workload, Unknown):
        return workload
    return workload.place.value.serving if isinstance(workload.place, Found) else workload.place


def _day(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d")
