"""The whole flow, one line for each stage; the only module that knows them all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from trimtab.config import ClusterSettings, Config, Mode, Repository
from trimtab.errors import FactsMissingError, UsageError
from trimtab.facts import ClusterFacts, Facts, RepositoryFacts
from trimtab.join import fleet_of
from trimtab.judge import LoadedRule, judge, load_rules
from trimtab.learn import Outcome, confidence
from trimtab.life import Entry, State
from trimtab.plan import plan
from trimtab.price import Prices, bill, load_prices, price
from trimtab.progress import Progress
from trimtab.propose import Source, propose
from trimtab.publish import Pace, Place, Wanted, catch_up, connect, pace_from, scratch, sync
from trimtab.read import store
from trimtab.read.git import Checkout, read_repository
from trimtab.read.kubernetes import with_objects
from trimtab.read.prometheus import read_cluster
from trimtab.recommendation import Link
from trimtab.record import Ledger
from trimtab.render import Tools, find_tools
from trimtab.report import RuleInfo, Scan
from trimtab.rule import SilenceKind
from trimtab.settle import Settled
from trimtab.settle import settle as settle_merged

DAY_S = 86400
"""How long a merged change is watched where nothing else is said, seconds."""

_READERS = 8
"""Clusters that are read at the same time; reading is waiting."""


@dataclass(frozen=True, slots=True)
class Call:
    """What one run is asked for.

    Attributes:
        config: The configuration.
        base: The folder that paths in it are relative to.
        now_s: End of the window, Unix seconds.
        workdir: A folder for checkouts; the caller removes it.
        progress: Told of long work.
        facts: A folder of recorded facts to judge again; read anew where it is None.
        record: A folder to record the facts in; none where it is None.
    """

    config: Config
    base: Path
    now_s: int
    workdir: Path
    progress: Progress
    facts: Path | None = None
    record: Path | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """Facts, and the repositories as they were read."""

    facts: Facts
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Followed:
    """What people decided since the last look, and where every merged recommendation stands."""

    decided: tuple[Link, ...]
    settled: tuple[Settled, ...]


def scan(call: Call, past: Sequence[Entry] = ()) -> Scan:
    """Read and judge; write nothing but the record of facts that was asked for.

    Args:
        call: What is asked for.
        past: The ledger, where it is at hand: what became of earlier recommendations weighs in.
    """
    seen = read(call)
    rules = load_rules([call.base / folder for folder in call.config.rule_folders])
    fleet = fleet_of(seen.facts, call.config)
    verdicts = judge(fleet, rules, call.config)
    prices = _prices(call)
    worth = price(verdicts.findings, fleet, prices, call.config)
    planned = plan(worth.priced, fleet, call.config, _experience(past))
    proposals = propose(planned, seen.sources, fleet, call.config, _tools(call))
    silences = (*verdicts.silences, *worth.silences)
    return Scan(fleet, bill(fleet, prices, call.config), silences, planned, proposals, _infos(rules))


def read(call: Call) -> Read:
    """Return the facts: read now, or recorded ones with the repositories at the commits they name."""
    recorded = store.replay(call.facts) if call.facts else None
    checkouts = [
        read_repository(repository, call.base, call.workdir, _commit(recorded, repository.title), _tools(call))
        for repository in call.config.repositories
    ]
    repositories = tuple(sorted((one.facts for one in checkouts), key=lambda one: one.name))
    clusters = recorded.clusters if recorded else _read_clusters(call)
    if recorded and recorded.repositories:
        _check_same(recorded, repositories)
    facts = Facts(clusters, repositories)
    facts = replace(facts, digest=store.record(facts, call.record) if call.record else store.digest(facts))
    return Read(facts, {one.facts.name: _source(one) for one in checkouts})


def _tools(call: Call) -> Tools:
    """Return helm and kustomize, with the operator's folder of charts."""
    charts = call.config.charts.path
    return replace(find_tools(os.environ), charts=str((call.base / charts).absolute()) if charts else "")


def run(call: Call) -> tuple[Scan, tuple[Link, ...]]:
    """Scan with the ledger's experience, then publish and record; `mode: report` only scans."""
    if call.config.mode is Mode.REPORT or not _with_forge(call.config):
        return scan(call), ()
    found = scan(call, journal_of(call).entries())
    return found, publish(call, found)


def publish(call: Call, found: Scan) -> tuple[Link, ...]:
    """Bring the pull requests of every repository with a forge in line with a scan.

    Raises:
        ForgeError: A forge, a remote or the ledger cannot be reached; the next run goes on from what is there.
    """
    if call.config.mode is Mode.REPORT:
        return ()
    journal, wanted, place = journal_of(call), _wanted(found), place_of(call)
    links: list[Link] = []
    for repository in _with_forge(call.config):
        links += sync(connect(repository, place), wanted, journal, call.config.limits, call.now_s)
    return tuple(links)


def settle(call: Call, watch_s: int = DAY_S) -> Followed:
    """Record what was closed or merged, then whether what was merged went live and kept its promise.

    The fleet is read over `watch_s` seconds, so that a window lies wholly after a change as soon as it can.

    Raises:
        ForgeError: A forge, a remote or the ledger cannot be reached.
    """
    journal, place = journal_of(call), place_of(call)
    sites = [connect(repository, place) for repository in _with_forge(call.config)]
    decided = tuple(link for site in sites for link in catch_up(site, journal).links)
    watching = replace(call, config=call.config.model_copy(update={"window": float(watch_s)}))
    fleet = fleet_of(read(watching).facts, watching.config)
    return Followed(decided, settle_merged(fleet, journal, watch_s))


def journal_of(call: Call) -> Ledger:
    """Return the ledger: of the repository that the configuration names, else of the first with a forge.

    Raises:
        UsageError: No repository can hold it.
    """
    repositories = call.config.repositories
    named = [one for one in repositories if one.title == call.config.ledger]
    held = named or _with_forge(call.config) or repositories
    if not held:
        raise UsageError("no repository is configured, so there is no ledger", "add one under `repositories`")
    pace = Pace(0.0) if held[0].forge and held[0].forge.kind == "local" else pace_from(os.environ)
    return Ledger(scratch(held[0], place_of(call)), call.now_s, pace.wait)


def place_of(call: Call) -> Place:
    """Return where publishing works."""
    return Place(call.base, call.workdir / "publish", os.environ)


def _with_forge(config: Config) -> list[Repository]:
    return [repository for repository in config.repositories if repository.forge is not None]


def _wanted(found: Scan) -> Wanted:
    """Return what publishing keeps: what is proposed, what still holds, and what could not be judged."""
    held = (one.priced.id for one in found.plan.held)
    unsure = (SilenceKind.MISSING, SilenceKind.YOUNG)
    return Wanted(
        found.proposals,
        frozenset((*held, *(proposal.id for proposal in found.proposals))),
        frozenset((one.rule, one.subject) for one in found.silences if one.kind in unsure),
        frozenset(cluster.name for cluster in found.fleet.clusters if any(gap.blind for gap in cluster.gaps)),
        found.fleet.ended_at_s,
    )


def _experience(past: Sequence[Entry]) -> Callable[[str, float], float]:
    """Return what the ledger's outcomes make of a rule's confidence."""
    outcomes = [Outcome(one.rule, State(one.step)) for one in past if one.step in set(State)]
    return lambda rule, prior: confidence(outcomes, rule, prior)[0]


def _prices(call: Call) -> Prices:
    name = call.config.prices.file
    return load_prices(call.base / name) if name else Prices()


def _infos(rules: Sequence[LoadedRule]) -> tuple[RuleInfo, ...]:
    return tuple(RuleInfo(one.name, one.rule.layer, one.manual.summary, one.manual.text) for one in rules)


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


def _source(checkout: Checkout) -> Source:
    return Source(checkout.facts.name, checkout.facts.commit, checkout.root, checkout.tree)
