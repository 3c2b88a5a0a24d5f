"""Whether a scan saw too little to say anything: exit code 3."""

from __future__ import annotations

from trimtab.config import Config
from trimtab.report import Scan


def facts_missing(found: Scan, config: Config) -> bool:
    """Return whether every cluster that was to be asked could not be judged, and nothing is recommended.

    A cluster whose manifests alone are judged is not asked for anything: where all are so, repositories count instead.
    """
    if found.proposals:
        return False
    asked = {cluster.name for cluster in config.clusters if cluster.prometheus or cluster.kubernetes}
    clusters = [cluster for cluster in found.fleet.clusters if cluster.name in asked]
    if clusters:
        return all(any(gap.blind for gap in cluster.gaps) for cluster in clusters)
    unread = {gap.what for gap in found.fleet.gaps if gap.blind}
    return bool(config.repositories) and all(repository.title in unread for repository in config.repositories)
