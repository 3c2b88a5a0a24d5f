"""Edits of servings that only rendering shows: the value that drives a setting, proven by rendering once more.

Nothing is known of the chart but what it was seen to do, so the proof is strict: in everything that the files feed,
the settings asked for read as asked, and no other setting of any serving reads otherwise than before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar, Serving, Setting
from trimtab.fleet.quantity import quantity
from trimtab.manifest import EditResult, Refusal, Tree, inspect, scalar_edit
from trimtab.manifest.diff import unified
from trimtab.manifest.editing import typed
from trimtab.manifest.refuse import why_not
from trimtab.recommendation import Edit
from trimtab.render.followed import Followed, pointer_at, seen_servings
from trimtab.render.found import follow, unseen
from trimtab.render.marks import Leaf
from trimtab.render.objects import Unrendered
from trimtab.render.target import Target
from trimtab.render.workspace import Workspace
from trimtab.render.written import with_value, written

_BOUNDED = (("cpu_request", "cpu_limit"), ("memory_request", "memory_limit"))
"""What may not be above what: Kubernetes v1.34 pkg/apis/core/validation, `ValidateResourceRequirements`."""
_Settings = dict[tuple[str, str], Scalar]
"""Of what is rendered: the values by serving and field."""


def edit_rendered(
    workspace: Workspace, subject: str, values: Mapping[str, Scalar], repository: str = ""
) -> EditResult | Refusal:
    """Return the files in which the values behind a rendered serving's settings are new, or why there are none.

    Args:
        workspace: The repository, and what renders it.
        subject: The serving's address, as `inspect --render` gives it.
        values: New values by the vocabulary's word.
        repository: The repository's name, for the edits.

    Raises:
        UsageError: A word that is none of the vocabulary, or a value that is none of its field.
    """
    wanted = {field: typed(field, value) for field, value in sorted(values.items())}
    try:
        found = _served(workspace, subject)
        made = _made(workspace.tree, found, wanted, repository)
        _prove(workspace, made, wanted)
    except RefusedError as error:
        return Refusal(error.message, error.hint)
    return made


def _served(workspace: Workspace, subject: str) -> Followed:
    found = follow(subject, inspect(workspace.tree).servings, workspace)
    if len(found) == 1:
        return found[0]
    missed = [one.reason for one in unseen(workspace) if one.path == subject.partition("#")[0]]
    why = f": {missed[0]}" if missed else ", or more than one"
    raise RefusedError(f"nothing was seen to be served at {subject}{why}", "see `trimtab inspect --render`")


def _made(tree: Tree, found: Followed, wanted: Mapping[str, Scalar], repository: str) -> EditResult:
    """Return the edit of every value; each stands where it stood, whatever the others became."""
    edits: list[Edit] = []
    files: dict[str, bytes] = {}
    for field, value in wanted.items():
        one = _one(tree.replaced(files), found, field, value)
        files.update(one.files)
        edits += [Edit(repository, edit.path, edit.line, edit.before, edit.after, field) for edit in one.edits]
    return EditResult(files, tuple(edits), unified(tree, files))


def _one(tree: Tree, found: Followed, field: str, value: Scalar) -> EditResult:
    """Return the edit of one value: at its own scalar, else of the leaf behind it, which the release's values gain."""
    setting, leaf = found.serving.settings.get(field), found.leaves.get(field)
    place = written(found.target, tree, leaf) if leaf is not None else None
    _check(found.serving, field, setting, leaf)
    if leaf is not None and (place is None or place.is_default):
        return _inserted(tree, found.target, leaf, value)
    text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    if setting is None:
        raise RefusedError(f"`{field}` stands nowhere")
    one = scalar_edit(tree, setting.location.path, _address(tree, setting), text)
    if isinstance(one, Refusal):
        raise RefusedError(one.reason, one.hint)
    return one


def _inserted(tree: Tree, target: Target, leaf: Leaf, value: Scalar) -> EditResult:
    """Return the edit that makes a release's values say what only a chart's defaults said."""
    files = with_value(target, tree, leaf, value)
    for path in files:
        if reason := why_not(tree, path):
            raise RefusedError(f"{path}: {reason}")
    edits = tuple(Edit("", path, *_new_lines(tree[path], data), "") for path, data in files.items())
    return EditResult(files, edits, unified(tree, files))


def _new_lines(before: bytes, after: bytes) -> tuple[int, str, str]:
    """Return the first line that differs, from 1, with what it said and what stands there now."""
    old, new = before.decode(errors="replace").splitlines(), after.decode(errors="replace").splitlines()
    first = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), len(old))
    grown = len(new) - len(old)
    changed = "\n".join(new[first : first + max(grown, 1)])
    return first + 1, "" if grown else old[first], changed


def _check(serving: Serving, field: str, setting: Setting | None, leaf: Leaf | None) -> None:
    """Refuse what no value drives, what may not be edited, and what is more than one value.

    Raises:
        RefusedError: With the reason.
    """
    by_hand = "find the chart's value, and set it with --file and --at"
    if setting is None and leaf is None:
        raise RefusedError(f"no single value of the chart was seen to drive `{field}`", by_hand)
    if setting is not None and not setting.editable:
        raise RefusedError(f"{setting.location.path}:{setting.location.line}: {setting.reason}")
    resource = serving.settings.get("gpu_resource")
    sliced = resource is not None and "mig-" in str(resource.value)
    if field == "gpu_resource" or (sliced and field == "tensor_parallel_size"):
        raise RefusedError(f"`{field}` is tied to other settings, which rendering does not tell apart", by_hand)


def _address(tree: Tree, setting: Setting) -> str:
    """Return the pointer of a setting's scalar; only what stands in the file's own YAML has one."""
    path, number = setting.location.path, setting.location.document
    root = tree.sources(path)[number].root()
    before = tree[path][: setting.location.start].decode().removeprefix("\ufeff")
    pointer = pointer_at(root, len(before)) if root is not None else ""
    if not pointer:
        raise RefusedError(f"{path}:{setting.location.line}: the value has no address of its own")
    return f"{pointer},{number}"


def _prove(workspace: Workspace, made: EditResult, wanted: Mapping[str, Scalar]) -> None:
    """Compare what the changed files become with what they were.

    Raises:
        RefusedError: Something cannot be rendered, does not read as asked, or reads otherwise that should not.
    """
    targets = sorted({target for path in made.files for target in workspace.targets.of(path)}, key=repr)
    told: set[str] = set()
    for target in targets:
        before, after = workspace.render(target), workspace.render(target, made.files)
        for one in (before, after):
            if isinstance(one, Unrendered):
                raise RefusedError(f"the edit cannot be proven: {one.reason}")
        if not isinstance(before, Unrendered) and not isinstance(after, Unrendered):
            served = seen_servings(after)
            told |= set(_changed(_settings(seen_servings(before)), _settings(served), wanted))
            _check_bounds(served)
    missing = sorted(set(wanted) - told) if made.files else []
    if missing:
        raise RefusedError(f"rendered again, `{missing[0]}` does not become what was asked")


def _check_bounds(servings: tuple[Serving, ...]) -> None:
    """Refuse a request above its limit, which no cluster takes.

    Raises:
        RefusedError: With both.
    """
    for serving in servings:
        for low, high in _BOUNDED:
            request, limit = serving.settings.get(low), serving.settings.get(high)
            if request and limit and quantity(request.value) > quantity(limit.value):
                raise RefusedError(f"`{low}` {request.raw} would be above `{high}` {limit.raw}", f"set `{high}`, too")


def _settings(servings: tuple[Serving, ...]) -> _Settings:
    return {(one.subject, field): setting.value for one in servings for field, setting in one.settings.items()}


def _changed(before: _Settings, after: _Settings, wanted: Mapping[str, Scalar]) -> Iterator[str]:
    """Yield the fields that read as asked where they read otherwise before."""
    for subject, field in sorted(before.keys() | after.keys()):
        was, now = before.get((subject, field)), after.get((subject, field))
        if was == now:
            continue
        if field not in wanted or str(now) != str(wanted[field]):
            raise RefusedError(f"rendered again, `{field}` of {subject.partition('#')[2]} would change, too")
        yield field
