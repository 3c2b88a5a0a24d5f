"""One run against a served forge, as a process of its own that can be killed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.forges.server import TOKEN
from tests.publish.proposals import proposal, wanted
from trimtab.config import Limits
from trimtab.gitio import Remote, Repo
from trimtab.publish import Site, Wanted, sync
from trimtab.publish.github import GitHub
from trimtab.publish.gitlab import GitLab
from trimtab.publish.pace import Pace
from trimtab.record import Ledger

NOW_S = 1_794_700_000


def found(bare: Path, facts: str, replicas: int) -> Wanted:
    """Return what a run finds: two workloads with too many replicas, or nothing any more."""
    if not replicas:
        return wanted()
    return wanted(proposal(bare, "chat", replicas, facts=facts), proposal(bare, "code", 3, facts=facts))


def main(root: str, url: str, kind: str, facts: str, replicas: str) -> None:
    """Propose two workloads."""
    bare = Path(root) / "gitops.git"
    with tempfile.TemporaryDirectory() as folder:
        remote = Remote(f"{url}/gitops.git", TOKEN)
        forge = (
            GitHub("acme/gitops", TOKEN, Pace(0), f"{url}/api/v3")
            if kind == "github"
            else GitLab("acme/gitops", TOKEN, Pace(0), url)
        )
        site = Site("gitops", "main", forge, Repo(Path(folder) / "a.git", remote), Pace(0))
        ledger = Ledger(Repo(Path(folder) / "b.git", remote), NOW_S)
        sync(site, found(bare, facts, int(replicas)), ledger, Limits(), NOW_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
