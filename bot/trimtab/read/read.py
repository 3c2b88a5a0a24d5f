"""The stage as a whole: the facts of every cluster, and every repository at one commit."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from trimtab.call import Call
from trimtab.config import ClusterSettings
from trimtab.errors import FactsMissingError
from trimtab.facts import ClusterFacts, Facts, RepositoryFacts
from trimtab.read import store
from trimtab.read.git import Checkout, read_repository
from trimtab.read.kubernetes import with_objects
from trimtab.read.prometheus import read_cluster
from trimtab.render import Tools

_READERS = 8
"""Clusters that are read at the same time; reading is waiting."""


@dataclass(frozen=True, slots=True)
class Read:
    """Facts, and the repositories as they were read."""

    facts: Facts
    checkouts: tuple[Checkout, ...]


def read(call: Call, tools: Tools) -> Read:
    """Return the facts: read now, or recorded ones with the repositories at the commits they name.

    Raises:
        FactsMissingError: The recorded facts are damaged, or the repositories are not as they were then.
    """
    recorded = store.replay(call.facts) if call.facts else None
    hosts = call.config.charts.hosts
    checkouts = [
        read_repository(one, call.base, call.workdir, _commit(recorded, one.title), tools, hosts)
        for one in call.config.repositories
    ]
    repositories = tuple(sorted((one.facts for one in checkouts), key=lambda one: one.name))
    clusters = recorded.clusters if recorded else _read_clusters(call)
    if recorded and recorded.repositories:
        _check_same(recorded, repositories)
    facts = Facts(clusters, repositories)
    facts = replace(facts, digest=store.record(facts, call.record) if call.record else store.digest(facts))
    return Read(facts, tuple(checkouts))


def _read_clusters(call: Call) -> tuple[ClusterFacts, ...]:
    """Read clusters side by side; each stands for itself, so that one that does not answer holds up no other."""

    def one(cluster: ClusterSettings) -> ClusterFacts:
        facts = read_cluster(cluster, call.now_s, int(call.config.window), call.progress)
        return with_objects(facts, cluster, call.progress)

    with ThreadPoolExecutor(_READERS) as readers:
        return tuple(sorted(readers.map(one, call.config.clusters), key=lambda facts: facts.cluster))


def _commit(recorded: Facts | None, name: str) -> str:
    """Return the commit that recorded facts were read at; empty where they name none."""
    found = [one.commit for one in recorded.repositories if one.name == name] if recorded else []
    return found[0] if found else ""


def _check_same(recorded: Facts, repositories: Sequence[RepositoryFacts]) -> None:
    """Refuse to judge recorded facts against files that are not the recorded ones."""
    now = {one.name: one.tree_digest for one in repositories}
    for one in recorded.repositories:
        if now.get(one.name, one.tree_digest) != one.tree_digest:
            raise FactsMissingError(
                f"repository {one.name} is not as it was when the facts were recorded",
                f"check out {one.commit}" if one.commit else "record the facts again",
            )
