"""One whole run against a served forge, as a process of its own that can be killed anywhere."""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import traceback
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from tests.forges.server import TOKEN
from tests.publish.proposals import compose, proposal, wanted
from trimtab.config import GroupBy, Limits, PullRequests
from trimtab.gitio import Remote, Repo
from trimtab.life import Entry
from trimtab.publish import DASHBOARD, Chat, Site, Wanted, answer_all, read_board, sync, tell_outcomes, write_board
from trimtab.publish.forge import Forge
from trimtab.publish.gitea import Gitea
from trimtab.publish.github import GitHub
from trimtab.publish.github_signer import GitHubSigner
from trimtab.publish.gitlab import GitLab
from trimtab.publish.pace import Pace
from trimtab.record import Ledger

NOW_S = 1_794_700_000
SIGNING = "github signing"
"""GitHub, where it makes the commits itself."""

STYLE = PullRequests(labels=("gpu",), reviewers=("@ada",))
"""What every pull request is opened with."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run finds.

    Attributes:
        digest: Of the facts: another one each time that anything was measured.
        replicas: How many the first of two workloads should have; none where nothing is found any more.
        by: What pull requests are shared by.
        first: Whether the first is found at all.
    """

    digest: str = "1"
    replicas: int = 2
    by: GroupBy = GroupBy.NONE
    first: bool = True


def found(bare: Path, facts: Facts) -> Wanted:
    """Return what a run finds: two workloads with too many replicas, or nothing any more."""
    if not facts.replicas:
        return wanted()
    chat = proposal(bare, "chat", facts.replicas, facts=facts.digest)
    both = (chat, proposal(bare, "code", 3, facts=facts.digest))
    return replace(wanted(*both[not facts.first :]), compose=compose)


def whole_run(site: Site, ledger: Ledger, what: Wanted, by: GroupBy = GroupBy.NONE) -> None:
    """Answer comments, publish, tell the outcomes and write the dashboard, as `run` does."""
    site = replace(site, style=STYLE.model_copy(update={"group_by": by}))
    board = read_board(site)
    answered, _ = answer_all(site, ledger, Chat(NOW_S))
    links = sync(site, replace(what, released=board.released), ledger, Limits(), NOW_S)
    tell_outcomes(site, answered, links, ledger.entries())
    write_board(site, board, board_text(ledger.entries()))


def board_text(entries: tuple[Entry, ...]) -> str:
    """Return a dashboard: the state of each recommendation."""
    states = {entry.recommendation: entry.step for entry in entries if entry.recommendation}
    lines = [f"- {name}: {state}" for name, state in sorted(states.items())]
    return "\n".join((DASHBOARD, *lines)) + "\n"


def forge_of(kind: str, url: str) -> Forge:
    """Return a client of a served forge."""
    if kind in {"github", SIGNING}:
        return GitHub("acme/gitops", TOKEN, Pace(0), f"{url}/api/v3")
    if kind == "gitea":
        return Gitea("acme/gitops", TOKEN, Pace(0), url)
    return GitLab("acme/gitops", TOKEN, Pace(0), url)


def site_of(kind: str, forge: Forge, repo: Repo) -> Site:
    """Return the site of a forge, whose commits GitHub makes where the kind says so."""
    site = Site("gitops", "main", forge, repo, Pace(0))
    if kind != SIGNING or not isinstance(forge, GitHub):
        return site
    return replace(site, signer=GitHubSigner(forge, signs=True))


def begin(root: Path, url: str, kind: str, facts: Facts) -> ForkServerProcess:
    """Start a run as a process that shares nothing with this one."""
    process = _context().Process(target=_main, args=(root, url, kind, facts), daemon=True)
    process.start()
    return process


def _context() -> ForkServerContext:
    """Return processes that start with everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _main(root: Path, url: str, kind: str, facts: Facts) -> None:
    try:
        with tempfile.TemporaryDirectory() as folder:
            remote = Remote(f"{url}/gitops.git", TOKEN)
            site = site_of(kind, forge_of(kind, url), Repo(Path(folder) / "a.git", remote))
            ledger = Ledger(Repo(Path(folder) / "b.git", remote), NOW_S)
            whole_run(site, ledger, found(root / "gitops.git", facts), facts.by)
    except Exception:  # noqa: BLE001  # whatever it is, the test that started the process shows it
        traceback.print_exc()
        sys.exit(1)
