"""The whole flow, one line for each stage; the only module that knows them all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from trimtab.config import ClusterSettings, Config, Mode, Repository
from trimtab.errors import FactsMissingError, UsageError
from trimtab.facts import ClusterFacts, Facts, RepositoryFacts
from trimtab.fleet import Found, Unknown
from trimtab.join import fleet_of
from trimtab.judge import LoadedRule, judge, load_rules
from trimtab.learn import Outcome, confidence, told
from trimtab.life import Entry, State, histories
from trimtab.plan import plan
from trimtab.price import Prices, bill, load_prices, price
from trimtab.progress import Progress
from trimtab.propose import Source, Undone, propose, regressed
from trimtab.publish import (
    DASHBOARD,
    Answered,
    Board,
    Chat,
    Lineage,
    Pace,
    Place,
    Pointer,
    Site,
    Wanted,
    answer_all,
    catch_up,
    connect,
    connect_named,
    pace_from,
    read_board,
    scratch,
    sync,
    taken_back,
    tell_outcomes,
    write_board,
)
from trimtab.read import store
from trimtab.read.git import Checkout, read_repository
from trimtab.read.kubernetes import with_objects
from trimtab.read.prometheus import read_cluster
from trimtab.recommendation import Link, Plan
from trimtab.record import Ledger
from trimtab.render import Tools, find_tools
from trimtab.report import RuleInfo, Scan, dashboard
from trimtab.rule import SilenceKind
from trimtab.settle import Settled, World
from trimtab.settle import settle as settle_merged

DAY_S = 86400
"""How long a merged change is watched where nothing else is said, seconds."""

_TOLD_S = 30 * DAY_S
"""How long it is told that something must be taken back by hand, seconds."""

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


def scan(call: Call, past: Sequence[Entry] = (), undone: Sequence[Undone] = ()) -> Scan:
    """Read and judge; write nothing but the record of facts that was asked for.

    Args:
        call: What is asked for.
        past: The ledger, where it is at hand: what became of earlier recommendations weighs in.
        undone: What was merged and is to be taken back.
    """
    seen = read(call)
    rules = load_rules([call.base / folder for folder in call.config.rule_folders])
    fleet = fleet_of(seen.facts, call.config)
    verdicts = judge(fleet, rules, call.config)
    prices = _prices(call)
    worth = price(verdicts.findings, fleet, prices, call.config)
    planned = _with_experience(plan(worth.priced, fleet, call.config, _experience(past)), past)
    proposals = propose(planned, seen.sources, fleet, call.config, _tools(call), undone)
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
    """Answer what people asked, scan with the ledger's experience, publish and record.

    In `mode: report` nothing is published but the dashboard.

    Raises:
        ForgeError: A forge, a remote or the ledger cannot be reached; the next run goes on from what is there.
    """
    if not _with_forge(call.config):
        return scan(call), ()
    if call.config.mode is Mode.REPORT:
        return _report(call), ()
    journal, sites = journal_of(call), _sites(call)
    boards = _boards(call, sites)
    answered = [(site, answer_all(site, journal, _chat(call))[0]) for site in sites]
    past = journal.entries()
    found = scan(call, past, _undone(sites, past, call.now_s))
    wanted = _wanted(found, frozenset().union(*(board.released for _, board in boards)))
    links = _publish(call, sites, wanted, journal)
    for site, comments in answered:
        tell_outcomes(site, comments, links, journal.entries())
    for site, board in boards:
        write_board(site, board, dashboard(found, journal.entries(), links, DASHBOARD))
    return found, links


def comment(call: Call, pointer: Pointer) -> tuple[tuple[Answered, ...], str]:
    """Answer the comment that an event points at, and every other that waits; judge anew where one asks for it.

    Returns what was answered, and why the comment that is pointed at was passed over; empty where it was not.

    Raises:
        ForgeError: A forge, a remote or the ledger cannot be reached; nothing is lost, the next run answers.
    """
    site = connect_named(call.config.repositories, pointer.repository, place_of(call))
    answered, why = answer_all(site, journal_of(call), _chat(call), pointer)
    if any(one.runs for one in answered):
        _, links = run(call)
        tell_outcomes(site, answered, links, journal_of(call).entries())
    return answered, why


def settle(call: Call, watch_s: int = DAY_S) -> Followed:
    """Record what was closed or merged, then whether what was merged went live and kept its promise.

    What did not is taken back by a pull request of its own. The fleet is read over `watch_s` seconds, so that a window
    lies wholly after a change as soon as it can.

    Raises:
        ForgeError: A forge, a remote or the ledger cannot be reached.
    """
    journal, sites = journal_of(call), _sites(call)
    decided = tuple(link for site in sites for link in catch_up(site, journal).links)
    watching = replace(call, config=call.config.model_copy(update={"window": float(watch_s)}))
    seen = read(watching)
    fleet = fleet_of(seen.facts, watching.config)
    settled = settle_merged(fleet, journal, watch_s, _world(sites, seen))
    undone = _undone(sites, journal.entries(), call.now_s) if call.config.mode is Mode.PROPOSE else ()
    if undone:
        back = propose(Plan((), ()), seen.sources, fleet, call.config, _tools(call), undone)
        known = frozenset(histories(journal.entries()))
        decided += _publish(call, sites, Wanted(back, known, frozenset(), frozenset(), fleet.ended_at_s), journal)
    return Followed(decided, settled)


def _world(sites: Sequence[Site], seen: Read) -> World:
    """Return what settling looks at beside the fleet."""
    lineage = Lineage(sites)
    commits = {name: source.commit for name, source in seen.sources.items()}
    return World(seen.facts.clusters, commits, lineage.holds, lineage.merged_s)


def _report(call: Call) -> Scan:
    """Scan, and say what was found on the dashboard alone."""
    past = journal_of(call).entries()
    found = scan(call, past)
    for site, board in _boards(call, _sites(call)):
        write_board(site, board, dashboard(found, past, (), DASHBOARD))
    return found


def _publish(call: Call, sites: Sequence[Site], wanted: Wanted, journal: Ledger) -> tuple[Link, ...]:
    return tuple(link for site in sites for link in sync(site, wanted, journal, call.config.limits, call.now_s))


def _sites(call: Call) -> list[Site]:
    return [connect(repository, place_of(call)) for repository in _with_forge(call.config)]


def _boards(call: Call, sites: Sequence[Site]) -> list[tuple[Site, Board]]:
    """Return the dashboard, which stands in the ledger's repository; none where it is turned off."""
    if not call.config.pull_requests.dashboard:
        return []
    named = [site for site in sites if site.name == call.config.ledger] or list(sites)
    return [(site, read_board(site)) for site in named[:1]]


def _undone(sites: Sequence[Site], past: Sequence[Entry], now_s: int) -> tuple[Undone, ...]:
    """Return what is to be taken back: what went wrong, and still stands in Git."""
    by_name = {site.name: site for site in sites}
    recent = datetime.fromtimestamp(now_s - _TOLD_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found: list[Undone] = []
    for entry in regressed(past):
        if entry.repository in by_name:
            files = taken_back(by_name[entry.repository], entry)
            if isinstance(files, Found) and files.value:
                found.append(Undone(entry, entry.repository, files.value))
            if isinstance(files, Unknown) and entry.at > recent:
                found.append(Undone(entry, entry.repository, files))
    return tuple(found)


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
    return Place(call.base, call.workdir / "publish", os.environ, call.config.pull_requests)


def _chat(call: Call) -> Chat:
    return Chat(call.now_s, call.config.pull_requests.merge_on_approve)


def _with_forge(config: Config) -> list[Repository]:
    return [repository for repository in config.repositories if repository.forge is not None]


def _wanted(found: Scan, released: frozenset[str] = frozenset()) -> Wanted:
    """Return what publishing keeps: what is proposed, what still holds, and what could not be judged."""
    held = (one.priced.id for one in found.plan.held)
    unsure = (SilenceKind.MISSING, SilenceKind.YOUNG)
    return Wanted(
        found.proposals,
        frozenset((*held, *(proposal.id for proposal in found.proposals))),
        frozenset((one.rule, one.subject) for one in found.silences if one.kind in unsure),
        frozenset(cluster.name for cluster in found.fleet.clusters if any(gap.blind for gap in cluster.gaps)),
        found.fleet.ended_at_s,
        released,
    )


def _outcomes(past: Sequence[Entry]) -> list[Outcome]:
    return [Outcome(one.rule, State(one.step)) for one in past if one.step in set(State)]


def _experience(past: Sequence[Entry]) -> Callable[[str, float], float]:
    """Return what the ledger's outcomes make of a rule's confidence."""
    outcomes = _outcomes(past)
    return lambda rule, prior: confidence(outcomes, rule, prior)[0]


def _with_experience(planned: Plan, past: Sequence[Entry]) -> Plan:
    """Return the plan with what became of such changes before, for the reader."""
    outcomes = _outcomes(past)
    sentences = {rule: told(outcomes, rule) for rule in sorted({one.finding.rule for one in planned.now})}
    return replace(planned, now=tuple(replace(one, experience=sentences[one.finding.rule]) for one in planned.now))


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
