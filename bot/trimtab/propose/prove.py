"""Proves an edit: renders everything that the changed files feed, before and after, and compares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from trimtab.fleet import Unknown
from trimtab.manifest import BrokenYamlError, EditResult, Plain, Tree, plain_documents
from trimtab.propose.generated import settled
from trimtab.propose.kinds import built_in
from trimtab.propose.schemas import Schemas, misfits, schemas_of
from trimtab.propose.valid import refused
from trimtab.propose.verdict import Compared, Disproof, Meant, told, verdict
from trimtab.recommendation import Proof
from trimtab.render import ObjectId, Rendered, Target, Unrendered, Workspace, compare
from trimtab.render.objects import identified

Take: TypeAlias = Callable[[Plain, str], str | Unknown]
"""Says of an object and its namespace why a cluster would refuse it; empty where it would take it."""
_OUR_COPY = re.compile(r"[^\s'\"]*/trimtab-[a-z]+-[^/\s'\"]+/?")
"""The folder that a renderer ran in; its random name would make two reports of one scan differ."""


@dataclass(frozen=True)
class Bench:
    """A repository on which edits are proven.

    Attributes:
        tree: The files before any edit.
        workspace: Renders the repository's targets.
        laid: Files that other edits changed before, by path; `tree` has them.
    """

    tree: Tree
    workspace: Workspace
    laid: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def schemas(self) -> Schemas:
        """Return the schemas of the built-in kinds, and of the custom resources that the repository defines."""
        return {**built_in(), **schemas_of(self.tree)}


def prove(bench: Bench, result: EditResult, meant: Meant, take: Take | None = None) -> Proof | Disproof | Unknown:
    """Return the proof of an edit, or why it is none; Unknown where something that the files feed is not rendered.

    Args:
        bench: The repository.
        result: The edit.
        meant: What it is meant to do.
        take: Asks the cluster whether it would take an object; None where it is not to be asked.
    """
    targets = sorted({target for path in result.files for target in bench.workspace.targets.of(path)}, key=repr)
    compared: list[Compared] = []
    for target in targets:
        one = _rendered(bench, target, result.files)
        if isinstance(one, Unrendered):
            return Unknown(_OUR_COPY.sub("", one.reason))
        compared.append(_tried(one, take) if take is not None else one)
    return verdict(compared, meant, {edit.field for edit in result.edits})


def _tried(one: Compared, take: Take) -> Compared:
    """Return a comparison with what the cluster itself says of the new objects; Secrets are not sent."""
    faults, lines = list(one.faults), list(one.renamed)
    for key, found in one.new.items():
        said = take(found, key.namespace or one.namespace)
        if isinstance(said, Unknown):
            lines.append(f"{key} was not tried on the cluster: {said.reason}")
        elif said:
            faults.append(f"the cluster would refuse {key}: {said}")
        else:
            lines.append(f"{key} was tried on the cluster, which would take it")
    return replace(one, renamed=tuple(lines), faults=tuple(faults))


def unrendered(tree: Tree, result: EditResult, why: str) -> Proof | Disproof:
    """Return what the edited files themselves show, for a policy that takes a change without a rendering.

    The edit has read its own result again, so that it sets what was asked and nothing else; what the files become
    in a cluster is not shown.
    """
    compared = []
    for path, data in result.files.items():
        try:
            before, after = (identified(plain_documents(text)) for text in (tree[path], data))
        except BrokenYamlError:
            return Disproof(f"{path} is no YAML, and nothing could be rendered: {why}")
        if faults := (*refused(before, after), *misfits(built_in(), before, after)):
            return Disproof(faults[0])
        compared.append(Compared(f"{path} itself, not rendered: {why}", "", compare(before, after)))
    return told(compared)


def _rendered(bench: Bench, target: Target, files: Mapping[str, bytes]) -> Compared | Unrendered:
    before = bench.workspace.render(target, bench.laid)
    after = bench.workspace.render(target, {**bench.laid, **files})
    if isinstance(before, Unrendered):
        return before
    if isinstance(after, Unrendered):
        return after
    old, renamed = settled(before.objects, after.objects)
    changes = compare(old, after.objects)
    restless = _restless(bench, target, before.objects) if changes and target.kind == "helm" else frozenset()
    whole = sorted(f"{key}" for key, pointer in restless if not pointer)
    if whole:
        return Unrendered(
            f"{whole[0]} comes out under another name each time it is rendered, so nothing can be compared"
        )
    still = tuple(change for change in changes if (change.object, change.pointer) not in restless)
    lines = tuple(f"{key} {pointer} is made anew each time, and left out" for key, pointer in sorted(restless))
    changed = sorted({change.object for change in still if change.object in after.objects})
    new = {key: after.objects[key] for key in changed if key.kind not in {"", "Secret"}}
    faults = (*refused(old, after.objects), *misfits(bench.schemas, old, after.objects))
    return Compared(after.tool, target.namespace, still, (*renamed, *lines), faults, new)


def _restless(bench: Bench, target: Target, before: Mapping[ObjectId, Plain]) -> frozenset[tuple[ObjectId, str]]:
    """Return the fields that differ between two renderings of the same files: passwords, certificates, the time."""
    again = bench.workspace.render(target, bench.laid) if bench.laid else bench.workspace.again(target)
    differing = compare(before, again.objects) if isinstance(again, Rendered) else ()
    return frozenset((change.object, change.pointer) for change in differing)
