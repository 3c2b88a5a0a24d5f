"""Whether a scan saw too little to say anything: exit code 3."""

from __future__ import annotations

from trimtab.config import Config
from trimtab.report import Scan


def facts_missing(found: Scan, config: Config) -> bool:
    """Return whether every cluster that was to be asked could not be judged, and nothing is recommended.

    A cluster whose manifests alone are judged is not asked for anything, so that nothing of it is missing.
    """
    asked = {cluster.name for cluster in config.clusters if cluster.prometheus or cluster.kubernetes}
    clusters = [cluster for cluster in found.fleet.clusters if cluster.name in asked]
    blind = [cluster for cluster in clusters if any(gap.blind for gap in cluster.gaps)]
    return bool(clusters) and len(blind) == len(clusters) and not found.proposals
