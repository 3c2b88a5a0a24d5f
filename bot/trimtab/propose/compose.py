"""Several proposals as one pull request: each edit is made on what the ones before it left, and proven there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from trimtab.config import Config
from trimtab.fleet import Fleet, Found, Serving, Unknown
from trimtab.manifest import Refusal
from trimtab.propose import together
from trimtab.propose.make import Desk, plain_edit, proof_of
from trimtab.propose.prove import Bench, Take
from trimtab.propose.source import Source
from trimtab.propose.told import serving_of
from trimtab.recommendation import Bundle, Proof, Proposal, alone
from trimtab.render import Tools, Workspace, find_tools


def compose(
    members: Sequence[Proposal],
    sources: Mapping[str, Source],
    fleet: Fleet,
    config: Config,
    tools: Tools | None = None,
    *,
    takes: Mapping[str, Take] | None = None,
) -> Bundle:
    """Return one bundle of proposals for one repository.

    A member whose edit meets none before it, neither in a file nor in what the files are rendered into, is proven
    already. Any other is edited anew on the files as they then are, and proven against their rendering; where that
    cannot be, it is left out.

    Args:
        members: At least one, each with a proven edit.
        sources: The repositories that were read, by name.
        fleet: What the findings are about.
        config: What pull requests are grouped by, and whether a change may go without a rendered proof.
        tools: helm and kustomize; looked for in the environment unless given.
        takes: By cluster, what asks it whether it would take an object; none is asked where it is not given.
    """
    source = sources[members[0].repository]
    with Workspace(source.root, source.tree, tools or find_tools(os.environ)) as workspace:
        desk = Desk(source, Bench(source.tree, workspace), config.policy.unproven, takes or {})
        kept = [members[0]]
        for one in members[1:]:
            files = {path: data for before in kept for path, data in before.files.items()}
            bench = Bench(source.tree.replaced(files), workspace, files)
            laid = _laid(one, desk, bench, fleet)
            if isinstance(laid, Found) and not _same_setting(one, kept, fleet):
                kept.append(laid.value)
    if len(kept) == 1:
        return alone(kept)
    group_by = config.pull_requests.group_by
    return Bundle(tuple(kept), together.title(kept, fleet, group_by), together.body(kept, fleet))


def _same_setting(one: Proposal, kept: Sequence[Proposal], fleet: Fleet) -> bool:
    """Return whether a setting of a serving is set already, by another proposal: the later would undo the earlier."""
    settings = set(_settings(one, fleet))
    return any(settings.intersection(_settings(other, fleet)) for other in kept)


def _settings(one: Proposal, fleet: Fleet) -> Iterator[tuple[str, str]]:
    serving = serving_of(fleet, one.priced.finding.subject)
    where = one.id if isinstance(serving, Unknown) else serving.subject
    yield from ((where, change.field) for change in one.priced.option.changes)


def _laid(one: Proposal, desk: Desk, bench: Bench, fleet: Fleet) -> Found[Proposal] | Unknown:
    """Return a proposal as it is on top of others; Unknown says why it does not go there."""
    if not _meets(one, bench):
        return Found(one)
    serving = serving_of(fleet, one.priced.finding.subject)
    if isinstance(serving, Unknown):
        return serving
    return _anew(one, serving, desk, bench)


def _anew(one: Proposal, serving: Serving, desk: Desk, bench: Bench) -> Found[Proposal] | Unknown:
    """Return a proposal with its edit made and proven on what others left."""
    if serving.subject not in desk.plainly_served:
        return Unknown("it is found by rendering alone, and cannot be edited on top of others")
    result = plain_edit(one.priced, serving, bench.tree)
    if isinstance(result, Refusal):
        return Unknown(result.reason)
    if not result.files:
        return Unknown("another one makes the same edit")
    proof = proof_of(one.priced, serving, replace(desk, bench=bench), result)
    if not isinstance(proof, Proof):
        return Unknown(proof.reason)
    return Found(replace(one, files=result.files, edits=result.edits, diff=result.diff, proof=proof))


def _meets(one: Proposal, bench: Bench) -> bool:
    """Return whether an edit touches a file that was changed before it, or anything that such a file feeds."""
    if one.files.keys() & bench.laid.keys():
        return True
    targets = bench.workspace.targets
    fed = {target for path in bench.laid for target in targets.of(path)}
    return any(target in fed for path in one.files for target in targets.of(path))
