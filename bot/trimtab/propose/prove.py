"""Proves an edit: renders before and after, and finds that what was meant to change did, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trimtab.fleet import Scalar, Unknown
from trimtab.manifest import BrokenYamlError, EditResult, Tree, plain_documents
from trimtab.propose.explain import Wanted, explained, is_checksum, wanted_of
from trimtab.propose.generated import settled
from trimtab.propose.showing import show
from trimtab.recommendation import Proof
from trimtab.render import FieldChange, Rendered, Target, Unrendered, Workspace, compare, which_targets
from trimtab.render.objects import identified
from trimtab.rule import Change


@dataclass(frozen=True, slots=True)
class Disproof:
    """The edit does something else than was meant, or not all of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Compared:
    """One target before and after."""

    tool: str
    changes: tuple[FieldChange, ...]
    renamed: tuple[str, ...]


def prove(
    workspace: Workspace, tree: Tree, result: EditResult, changes: Sequence[Change], engine: str
) -> Proof | Disproof | Unknown:
    """Return the proof of an edit, or why it is none; Unknown where something that the files feed cannot be rendered.

    Args:
        workspace: Renders the repository's targets.
        tree: The files before the edit.
        result: The edit.
        changes: What was meant.
        engine: The serving's engine, whose flags and variables are known by name.
    """
    targets = sorted({target for path in result.files for target in which_targets(tree, path)}, key=repr)
    compared: list[_Compared] = []
    for target in targets:
        one = _rendered(workspace, target, result.files)
        if isinstance(one, Unrendered):
            return Unknown(one.reason)
        compared.append(one)
    return _verdict(compared, _wanted(changes, result), engine)


def prove_unrendered(
    tree: Tree, result: EditResult, changes: Sequence[Change], engine: str, why: str
) -> Proof | Disproof:
    """Return what the edited files themselves show, parsed; for a policy that takes a change without a rendering."""
    compared = []
    for path, data in result.files.items():
        try:
            before, after = (identified(plain_documents(text)) for text in (tree[path], data))
        except BrokenYamlError:
            return Disproof(f"{path} is no YAML, and nothing could be rendered: {why}")
        compared.append(_Compared(f"{path} itself, not rendered: {why}", compare(before, after), ()))
    return _verdict(compared, _wanted(changes, result), engine, names_free=True)


def _rendered(workspace: Workspace, target: Target, files: Mapping[str, bytes]) -> _Compared | Unrendered:
    before = workspace.render(target)
    after = workspace.render(target, files)
    if isinstance(before, Unrendered):
        return before
    if isinstance(after, Unrendered):
        return after
    return _compared(before, after)


def _compared(before: Rendered, after: Rendered) -> _Compared:
    old, renamed = settled(before.objects, after.objects)
    return _Compared(after.tool, compare(old, after.objects), renamed)


def _wanted(changes: Sequence[Change], result: EditResult) -> tuple[Wanted, ...]:
    asked: dict[str, tuple[Scalar, Scalar]] = {change.field: (change.before, change.after) for change in changes}
    return wanted_of(asked, sorted({edit.field for edit in result.edits}))


def _verdict(
    compared: Sequence[_Compared], wanted: Sequence[Wanted], engine: str, *, names_free: bool = False
) -> Proof | Disproof:
    """Hold every changed field to what was meant, and what was meant to the changed fields."""
    found: set[str] = set()
    for change in (change for one in compared for change in one.changes if not is_checksum(change)):
        because = explained(change, wanted, engine)
        if not because and not names_free:
            return Disproof(f"{change.object} {change.pointer or '(the whole object)'} would change, unasked")
        found |= because
    missing = sorted({one.field for one in wanted if one.asked} - found)
    if missing and not names_free:
        return Disproof(f"{', '.join(missing)} would change in Git and nowhere in what is rendered from it")
    return _proof(compared)


def _proof(compared: Sequence[_Compared]) -> Proof:
    telling = [one for one in compared if one.changes]
    fields = [(one.tool, change) for one in telling for change in one.changes]
    tools = dict.fromkeys(one.tool for one in telling)
    shown = "\n".join(_parts(telling, several=len(tools) > 1))
    return Proof(", ".join(tools), shown, len(fields), len({(tool, change.object) for tool, change in fields}))


def _parts(compared: Sequence[_Compared], *, several: bool) -> Iterator[str]:
    for one in compared:
        if several:
            yield f"# {one.tool}"
        yield from (f" {line}" for line in one.renamed)
        yield show(one.changes)
