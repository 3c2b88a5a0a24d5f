"""Turns a plan into proposals: changes into edits, edits into proofs, both into words."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property

from trimtab.config import Config
from trimtab.demand.seen import seen_of
from trimtab.errors import TrimtabError
from trimtab.fleet import Fleet, Serving, Unknown
from trimtab.manifest import EditResult, Refusal, Tree, edit, inspect
from trimtab.propose import wording
from trimtab.propose.explanation import explanation_of, team_of
from trimtab.propose.prove import Bench, Take, prove, unrendered
from trimtab.propose.source import Source
from trimtab.propose.state import fingerprint
from trimtab.propose.told import Edited, Told, serving_of
from trimtab.propose.verdict import Disproof, Meant
from trimtab.propose.way_back import Undone, result_of, way_back
from trimtab.recommendation import Plan, Priced, Proof, Proposal
from trimtab.render import Tools, Workspace, edit_rendered, find_tools

_NO_EDIT = Unknown("nothing was edited")


def propose(  # noqa: PLR0913 - what proposals are made of
    plan: Plan,
    sources: Mapping[str, Source],
    fleet: Fleet,
    config: Config,
    tools: Tools | None = None,
    undone: Sequence[Undone] = (),
    *,
    takes: Mapping[str, Take] | None = None,
) -> tuple[Proposal, ...]:
    """Return a proposal for everything that is planned now, in the plan's order.

    What cannot be edited or proven stays a recommendation, with the reason in `refused` or `proof`.

    Args:
        plan: What to propose.
        sources: The repositories that were read, by name.
        fleet: What the findings are about.
        config: Its policy says whether a change may go without a rendered proof.
        tools: helm and kustomize; looked for in the environment unless given.
        undone: What was merged and is to be taken back: it comes first.
        takes: By cluster, what asks it whether it would take an object; none where no cluster is to be asked.
    """
    found = tools or find_tools(os.environ)
    with ExitStack() as stack:
        desks = {}
        for name, source in sources.items():
            workspace = stack.enter_context(Workspace(source.root, source.tree, found))
            desks[name] = Desk(source, Bench(source.tree, workspace), config.policy.unproven, takes or {})
        back = tuple(_take_back(one, desks, fleet) for one in undone)
        return (*back, *(_propose(priced, desks, fleet) for priced in plan.now))


@dataclass(frozen=True)
class Desk:
    """Where the edits of one repository are made and proven."""

    source: Source
    bench: Bench
    unproven: bool
    takes: Mapping[str, Take]

    @cached_property
    def plainly_served(self) -> frozenset[str]:
        """Return the servings that are found without rendering; any other is known by what its chart becomes."""
        return frozenset(one.subject for one in inspect(self.source.tree).servings)


@dataclass(frozen=True, slots=True)
class _Made:
    """An edit with its proof, on a repository at a commit."""

    result: EditResult
    edited: Edited
    commit: str


_NOTHING = EditResult({}, (), "")


def _take_back(undone: Undone, desks: Mapping[str, Desk], fleet: Fleet) -> Proposal:
    """Return the proposal that takes a merged one back, its exact bytes first."""
    priced = way_back(undone)
    desk, serving = desks.get(undone.repository), serving_of(fleet, priced.finding.subject)
    if desk is None:
        return _worded(priced, fleet, _left(f"repository {undone.repository} was not read"))
    if isinstance(serving, Unknown):
        return _worded(priced, fleet, _left(serving.reason))
    result = result_of(desk.source.tree, undone)
    if isinstance(result, Unknown):
        return _worded(priced, fleet, _left(f"it must be taken back by hand: {result.reason}"))
    return _worded(priced, fleet, _proven(priced, serving, desk, result))


def _propose(priced: Priced, desks: Mapping[str, Desk], fleet: Fleet) -> Proposal:
    return _worded(priced, fleet, _make(priced, desks, fleet) if priced.option.changes else _left(""))


def _worded(priced: Priced, fleet: Fleet, made: _Made) -> Proposal:
    """Return a proposal with its words."""
    told = Told(priced, fleet, made.edited)
    mark = fingerprint(priced, made.edited.edits, made.edited.diff)
    return Proposal(
        priced=priced,
        facts_digest=fleet.facts_digest,
        repository=made.edited.repository,
        base_commit=made.commit,
        files=made.result.files,
        edits=made.edited.edits,
        diff=made.edited.diff,
        proof=made.edited.proof,
        refused=made.edited.refused,
        title=wording.title(told),
        body=wording.body(told, mark),
        commit_message=wording.commit_message(told),
        fingerprint=mark,
        team=team_of(told),
        explanation=explanation_of(told),
        seen={} if isinstance(told.workload, Unknown) else seen_of(told.workload),
    )


def _left(refused: str) -> _Made:
    """Return that nothing is edited, and why."""
    return _Made(_NOTHING, Edited("", (), "", _NO_EDIT, refused), "")


def _make(priced: Priced, desks: Mapping[str, Desk], fleet: Fleet) -> _Made:
    serving = serving_of(fleet, priced.finding.subject)
    if isinstance(serving, Unknown):
        return _left(serving.reason)
    desk = desks.get(serving.repository)
    if desk is None:
        return _left(f"repository {serving.repository} was not read")
    result = _edit(priced, serving, desk)
    if isinstance(result, Refusal):
        return _left("; ".join(filter(None, (result.reason, result.hint))))
    if not result.files:
        return _left(f"{serving.path} already says so, and what runs differs from it")
    return _proven(priced, serving, desk, result)


def _proven(priced: Priced, serving: Serving, desk: Desk, result: EditResult) -> _Made:
    """Return an edit with its proof, or why it is none."""
    proof = proof_of(priced, serving, desk, result)
    if isinstance(proof, Disproof):
        return _left(f"the edit would not do what is meant: {proof.reason}")
    edited = Edited(serving.repository, result.edits, result.diff, proof, "")
    return _Made(result, edited, desk.source.commit)


def _edit(priced: Priced, serving: Serving, desk: Desk) -> EditResult | Refusal:
    if serving.subject not in desk.plainly_served:
        values = {change.field: change.after for change in priced.option.changes}
        return edit_rendered(desk.bench.workspace, serving.subject, values, serving.repository)
    return plain_edit(priced, serving, desk.bench.tree)


def plain_edit(priced: Priced, serving: Serving, tree: Tree) -> EditResult | Refusal:
    """Return the edit of a serving that is found without rendering, on the files of a tree."""
    values = {change.field: change.after for change in priced.option.changes}
    key = priced.option.selector_key or serving.selector_key
    try:
        return edit(tree, serving.subject, values, key, serving.repository)
    except TrimtabError as error:
        return Refusal(error.message, error.hint)


def proof_of(priced: Priced, serving: Serving, desk: Desk, result: EditResult) -> Proof | Disproof | Unknown:
    """Return the proof of an edit on what the desk's files are, or why it is none."""
    subject = priced.finding.subject
    aliases = {serving.name, *(live.name for live in serving.live_names)}
    meant = Meant(priced.option.changes, serving.engine, subject.name, aliases, subject.namespace)
    proof = prove(desk.bench, result, meant, desk.takes.get(subject.cluster))
    if isinstance(proof, Unknown) and desk.unproven:
        return unrendered(desk.bench.tree, result, proof.reason)
    return proof
