"""Edits of servings that only rendering shows: the value that drives a setting, proven by rendering once more.

Nothing is known of the chart but what it was seen to do, so the proof is strict: in everything that the files feed,
the settings asked for read as asked, and no other setting of any serving reads otherwise than before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar, Serving, Setting
from trimtab.manifest import EditResult, Refusal, Tree, inspect, scalar_edit
from trimtab.manifest.diff import unified
from trimtab.manifest.editing import typed
from trimtab.recommendation import Edit
from trimtab.render.found import pointer_at, seen_servings, unseen, with_rendered
from trimtab.render.objects import Unrendered
from trimtab.render.workspace import Workspace

_TIED = frozenset({"gpu_resource", "cpu_request", "cpu_limit", "memory_request", "memory_limit"})
"""Settings that must change together with others, which a value that was traced does not tell."""
_Settings = dict[tuple[str, str], Scalar]
"""Of what is rendered: the values by serving and field."""


def edit_rendered(workspace: Workspace, subject: str, values: Mapping[str, Scalar]) -> EditResult | Refusal:
    """Return the files in which the values behind a rendered serving's settings are new, or why there are none.

    Args:
        workspace: The repository, and what renders it.
        subject: The serving's address, as `inspect --render` gives it.
        values: New values by the vocabulary's word.

    Raises:
        UsageError: A word that is none of the vocabulary, or a value that is none of its field.
    """
    wanted = {field: typed(field, value) for field, value in sorted(values.items())}
    try:
        serving = _served(workspace, subject)
        made = _made(workspace.tree, serving, wanted)
        _prove(workspace, made, wanted)
    except RefusedError as error:
        return Refusal(error.message, error.hint)
    return made


def _served(workspace: Workspace, subject: str) -> Serving:
    found = [one for one in with_rendered(inspect(workspace.tree).servings, workspace) if one.subject == subject]
    if len(found) == 1:
        return found[0]
    missed = [one.reason for one in unseen(workspace) if one.path == subject.partition("#")[0]]
    why = f": {missed[0]}" if missed else ", or more than one"
    raise RefusedError(f"nothing was seen to be served at {subject}{why}", "see `trimtab inspect --render`")


def _made(tree: Tree, serving: Serving, wanted: Mapping[str, Scalar]) -> EditResult:
    """Return the edit of every value; each stands where it stood, whatever the others became."""
    edits: list[Edit] = []
    files: dict[str, bytes] = {}
    for field, value in wanted.items():
        setting = _editable(serving, field)
        now = tree.replaced(files)
        path = setting.location.path
        text = value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
        one = scalar_edit(now, path, _address(tree, setting), text)
        if isinstance(one, Refusal):
            raise RefusedError(one.reason, one.hint)
        files.update(one.files)
        edits += [Edit(edit.repository, edit.path, edit.line, edit.before, edit.after, field) for edit in one.edits]
    return EditResult(files, tuple(edits), unified(tree, files))


def _editable(serving: Serving, field: str) -> Setting:
    setting = serving.settings.get(field)
    by_hand = "find the chart's value, and set it with --file and --at"
    if setting is None:
        raise RefusedError(f"no single value of the chart was seen to drive `{field}`", by_hand)
    if not setting.editable:
        raise RefusedError(f"{setting.location.path}:{setting.location.line}: {setting.reason}")
    resource = serving.settings.get("gpu_resource")
    sliced = resource is not None and "mig-" in str(resource.value)
    if field in _TIED or (sliced and field == "tensor_parallel_size"):
        raise RefusedError(f"`{field}` is tied to other settings, which rendering does not tell apart", by_hand)
    return setting


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
            told |= set(_changed(_settings(seen_servings(before)), _settings(seen_servings(after)), wanted))
    missing = sorted(set(wanted) - told) if made.files else []
    if missing:
        raise RefusedError(f"rendered again, `{missing[0]}` does not become what was asked")


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
