"""The whole flow, one line for each stage; the only module that knows them all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from trimtab.call import Call
from trimtab.config import Config, Mode, Repository
from trimtab.disk_cache import cache_folder
from trimtab.errors import ForgeError, UsageError
from trimtab.fleet import Found, Unknown
from trimtab.join import fleet_of
from trimtab.judge import judge, load_rules
from trimtab.learn import experience, with_experience
from trimtab.life import Entry, histories
from trimtab.plan import plan
from trimtab.price import Prices, bill, load_prices, price
from trimtab.propose import Source, Undone, compose, propose, regressed
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
    Turns,
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
from trimtab.read.dry_run import dry_runs
from trimtab.read.read import Read, read
from trimtab.recommendation import Compose, Link, Plan
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


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run found and did.

    Attributes:
        found: What it judged.
        links: Where each recommendation stands.
        troubles: Why some repositories are left to the next run; none where all went well.
    """

    found: Scan
    links: tuple[Link, ...] = ()
    troubles: tuple[ForgeError, ...] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """What people decided since the last look, and where every merged recommendation stands.

    `troubles` says why some repositories are left to the next run.
    """

    decided: tuple[Link, ...]
    settled: tuple[Settled, ...]
    troubles: tuple[ForgeError, ...] = ()


def scan(call: Call, past: Sequence[Entry] = (), undone: Sequence[Undone] = ()) -> Scan:
    """Read and judge; write nothing but the record of facts that was asked for.

    Args:
        call: What is asked for.
        past: The ledger, where it is at hand: what became of earlier recommendations weighs in.
        undone: What was merged and is to be taken back.
    """
    return _scan(call, past, undone)[0]


def _scan(call: Call, past: Sequence[Entry], undone: Sequence[Undone]) -> tuple[Scan, Compose]:
    """Return what was found, and what makes one pull request of several proposals in the repositories as read."""
    tools = _tools(call)
    seen = read(call, tools)
    sources = _sources(seen)
    rules = load_rules([call.base / folder for folder in call.config.rule_folders])
    fleet = fleet_of(seen.facts, call.config)
    verdicts = judge(fleet, rules, call.config)
    prices = _prices(call)
    worth = price(verdicts.findings, fleet, prices, call.config)
    planned = with_experience(plan(worth.priced, fleet, call.config, experience(past)), past)
    takes = dry_runs(call.config.clusters)
    proposals = propose(planned, sources, fleet, call.config, tools, undone, takes=takes)
    silences = (*verdicts.silences, *worth.silences)
    infos = tuple(RuleInfo(one.name, one.rule.layer, one.manual.summary, one.manual.text) for one in rules)
    found = Scan(fleet, bill(fleet, prices, call.config), silences, planned, proposals, infos)
    return found, partial(compose, sources=sources, fleet=fleet, config=call.config, tools=tools, takes=takes)


def _tools(call: Call) -> Tools:
    """Return helm and kustomize, with what the operator says of charts."""
    charts = call.config.charts
    store = cache_folder(os.environ, "charts") or call.workdir / "charts"
    return replace(
        find_tools(os.environ),
        charts=str((call.base / charts.path).absolute()) if charts.path else "",
        fetched=str(store) if charts.fetch else "",
        kube_version=charts.kube_version,
        api_versions=charts.api_versions,
    )


def run(call: Call) -> Ran:
    """Answer what people asked, scan with the ledger's experience, publish and record.

    In `mode: report` nothing is published but the dashboard. A repository whose forge is in trouble holds up no other.

    Raises:
        ForgeError: Every forge, a remote or the ledger cannot be reached; the next run goes on from what is there.
    """
    if not _with_forge(call.config):
        return Ran(scan(call))
    if call.config.mode is Mode.REPORT:
        return Ran(_report(call))
    journal, sites = journal_of(call), _sites(call)
    turns = Turns(sites)
    boards = _boards(call, sites, turns)
    answered = turns.each(lambda site: answer_all(site, journal, _chat(call))[0])
    past = journal.entries()
    found, composed = _scan(call, past, _undone(sites, past, call.now_s))
    released = frozenset[str]().union(*(board.released for _, board in boards))
    links = _publish(call, turns, replace(_wanted(found, released), compose=composed), journal)
    said = {site.name: comments for site, comments in answered}
    turns.each(lambda site: tell_outcomes(site, said[site.name], links, journal.entries()))
    for held, board in boards:
        text = dashboard(found, journal.entries(), links, DASHBOARD)
        turns.each(partial(write_board, was=board, text=text), [held])
    return Ran(found, links, tuple(turns.troubles))


def comment(call: Call, pointer: Pointer) -> tuple[tuple[Answered, ...], str]:
    """Answer the comment that an event points at, and every other that waits; judge anew where one asks for it.

    Returns what was answered, and why the comment that is pointed at was passed over; empty where it was not.

    Raises:
        ForgeError: A forge, a remote or the ledger cannot be reached; nothing is lost, the next run answers.
    """
    site = connect_named(call.config.repositories, pointer.repository, place_of(call))
    answered, why = answer_all(site, journal_of(call), _chat(call), pointer)
    if any(one.runs for one in answered):
        tell_outcomes(site, answered, run(call).links, journal_of(call).entries())
    return answered, why


def settle(call: Call, watch_s: int = DAY_S) -> Followed:
    """Record what was closed or merged, then whether what was merged went live and kept its promise.

    What did not is taken back by a pull request of its own. The fleet is read over `watch_s` seconds, so that a window
    lies wholly after a change as soon as it can.

    Raises:
        ForgeError: A forge, a remote or the ledger cannot be reached.
    """
    journal, sites = journal_of(call), _sites(call)
    turns = Turns(sites)
    decided = tuple(link for _, caught in turns.each(lambda site: catch_up(site, journal)) for link in caught.links)
    watching = replace(call, config=call.config.model_copy(update={"window": float(watch_s)}))
    tools = _tools(call)
    seen = read(watching, tools)
    fleet = fleet_of(seen.facts, watching.config)
    settled = settle_merged(fleet, journal, watch_s, _world(sites, seen))
    undone = _undone(sites, journal.entries(), call.now_s) if call.config.mode is Mode.PROPOSE else ()
    if undone:
        back = propose(Plan((), ()), _sources(seen), fleet, call.config, tools, undone)
        known = frozenset(histories(journal.entries()))
        decided += _publish(call, turns, Wanted(back, known, frozenset(), frozenset(), fleet.ended_at_s), journal)
    return Followed(decided, settled, tuple(turns.troubles))


def _world(sites: Sequence[Site], seen: Read) -> World:
    """Return what settling looks at beside the fleet."""
    lineage = Lineage(sites)
    commits = {one.facts.name: one.facts.commit for one in seen.checkouts}
    return World(seen.facts.clusters, commits, lineage.holds, lineage.merged_s)


def _report(call: Call) -> Scan:
    """Scan, and say what was found on the dashboard alone."""
    past = journal_of(call).entries()
    found = scan(call, past)
    sites = _sites(call)
    for site, board in _boards(call, sites, Turns(sites)):
        write_board(site, board, dashboard(found, past, (), DASHBOARD))
    return found


def _publish(call: Call, turns: Turns, wanted: Wanted, journal: Ledger) -> tuple[Link, ...]:
    synced = turns.each(lambda site: sync(site, wanted, journal, call.config.limits, call.now_s))
    return tuple(link for _, links in synced for link in links)


def _sites(call: Call) -> list[Site]:
    return [connect(repository, place_of(call)) for repository in _with_forge(call.config)]


def _boards(call: Call, sites: Sequence[Site], turns: Turns) -> list[tuple[Site, Board]]:
    """Return the dashboard, which stands in the ledger's repository; none where it is turned off."""
    if not call.config.pull_requests.dashboard:
        return []
    named = [site for site in sites if site.name == call.config.ledger] or list(sites)
    return turns.each(read_board, named[:1]) if named else []


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


def _wanted(found: Scan, released: frozenset[str]) -> Wanted:
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


def _sources(seen: Read) -> Mapping[str, Source]:
    """Return the repositories as proposals are made in them."""
    checkouts = {one.facts.name: one for one in seen.checkouts}
    return {name: Source(name, one.facts.commit, one.root, one.tree) for name, one in checkouts.items()}


def _prices(call: Call) -> Prices:
    name = call.config.prices.file
    return load_prices(call.base / name) if name else Prices()
