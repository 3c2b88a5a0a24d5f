"""Servings of charts whose values speak a language of their own: read off what they render to, and traced back.

What a chart becomes is read by the ordinary shapes; each setting found there is followed to the one leaf of the values
that drives it and says the same. A setting that no leaf drives, or several do, stays out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.fleet import Serving, Setting
from trimtab.manifest import Tree, inspect
from trimtab.manifest.places import setting_at
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor
from trimtab.render.marks import Leaf
from trimtab.render.objects import ObjectId, Rendered, Unrendered
from trimtab.render.seeing import Driven
from trimtab.render.target import Target
from trimtab.render.tracing import Traced, trace
from trimtab.render.workspace import Workspace

_TEXT = "rendered.yaml"
_WRAPPERS = {"HelmRelease": "flux-helmrelease", "Application": "argo-application", "": "helm-values"}


def with_rendered(servings: tuple[Serving, ...], workspace: Workspace, repository: str = "") -> tuple[Serving, ...]:
    """Return the servings with what rendering adds: settings of those that are known, and servings that are not.

    Args:
        servings: What was found without rendering.
        workspace: Renders the repository's charts.
        repository: The repository's name, for the locations.
    """
    found = {serving.subject: serving for serving in servings}
    for target in workspace.targets.charts():
        files = set(_files(target))
        known = [one for one in found.values() if one.path in files and one.wrapper in _WRAPPERS.values()]
        rendered = tuple(_of(target, workspace, repository))
        if not known:
            found.update((one.subject, one) for one in rendered)
        for one, twin in _twins(rendered, known):
            settings = {**one.settings, **twin.settings}
            found[twin.subject] = replace(twin, settings=dict(sorted(settings.items())))
    return tuple(sorted(found.values(), key=lambda one: (one.path, one.document)))


def _twins(rendered: Sequence[Serving], known: Sequence[Serving]) -> Iterator[tuple[Serving, Serving]]:
    """Yield rendered servings with the known one that each is: the only one, else the one that shares most places."""
    if len(rendered) == 1 and len(known) == 1:
        yield rendered[0], known[0]
        return
    nearest: list[tuple[Serving, Serving]] = []
    for one in rendered:
        shared = [len(_places(one) & _places(other)) for other in known]
        most = max(shared, default=0)
        if most and shared.count(most) == 1:
            nearest.append((one, known[shared.index(most)]))
    claims = Counter(other.subject for _, other in nearest)
    yield from ((one, other) for one, other in nearest if claims[other.subject] == 1)


def _places(serving: Serving) -> set[tuple[str, str, int]]:
    """Return the settings of a serving with where each is written."""
    return {(field, one.location.path, one.location.start) for field, one in serving.settings.items()}


@dataclass(frozen=True, slots=True)
class Unseen:
    """A chart of which rendering showed nothing.

    Attributes:
        path: The file that declares its release, else the chart's folder.
        release: The release's name.
        reason: Why it could not be rendered.
    """

    path: str
    release: str
    reason: str


def unseen(workspace: Workspace) -> tuple[Unseen, ...]:
    """Return the charts of a repository that could not be rendered, and why; what was rendered is not done again."""
    said = ((target, workspace.render(target)) for target in workspace.targets.charts())
    return tuple(
        Unseen(target.values[0] or target.path or ".", target.release, found.reason)
        for target, found in said
        if isinstance(found, Unrendered)
    )


def _of(target: Target, workspace: Workspace, repository: str) -> Iterator[Serving]:
    """Yield the servings that a chart becomes, with the settings that can be followed to its values."""
    rendered = workspace.render(target)
    if not isinstance(rendered, Rendered):
        return
    seen = _seen(rendered)
    servings = inspect(seen).servings
    traced = trace(workspace, target) if servings else None
    if not isinstance(traced, Traced):
        return
    way = _Way(seen, tuple(rendered.objects), traced, target, workspace.tree)
    for serving in servings:
        settings = {
            field: found
            for field, setting in sorted(serving.settings.items())
            if (at := way.back(setting)) is not None
            and (found := setting_at(workspace.tree, at, setting, repository)) is not None
        }
        if settings:
            yield _placed(serving, settings, target, workspace.tree)


def _seen(rendered: Rendered) -> Tree:
    """Return what was rendered as a file, a document for each object in their order."""
    return Tree({_TEXT: "\n---\n".join(json.dumps(one) for one in rendered.objects.values()).encode()})


def seen_servings(rendered: Rendered) -> tuple[Serving, ...]:
    """Return the servings among rendered objects, with all that they say."""
    return inspect(_seen(rendered)).servings


def _placed(serving: Serving, settings: Mapping[str, Setting], target: Target, tree: Tree) -> Serving:
    """Return a rendered serving as one of the file that its values stand in."""
    path, document = target.values if target.values[0] else (next(_files(target)), 0)
    sources = tree.readable(path)
    root = sources[document].root() if document < len(sources) else None
    kind = root.word("kind") if root is not None else ""
    api = root.word("apiVersion") if root is not None and kind else ""
    name = root.word("metadata", "name") if root is not None and kind else serving.name
    namespace = target.namespace
    return replace(
        serving,
        subject=f"{path}#{kind}/{namespace}/{name}/{serving.container}",
        repository=next(iter(settings.values())).location.repository,
        path=path,
        document=document,
        api_version=api,
        kind=kind,
        namespace=namespace,
        name=name,
        wrapper=_WRAPPERS.get(kind, "helm-values"),
        settings=settings,
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """The way from what was rendered back to the values."""

    seen: Tree
    keys: tuple[ObjectId, ...]
    traced: Traced
    target: Target
    tree: Tree

    def back(self, setting: Setting) -> Cursor | None:
        """Return the scalar of the values that a rendered setting comes from; None where it is not one that says it."""
        document = setting.location.document
        root = self.seen.sources(_TEXT)[document].root()
        pointer = pointer_at(root, setting.location.start) if root is not None else ""
        field = Driven(self.keys[document], pointer)
        leaves = [leaf for leaf, driven in self.traced.drives.items() if field in driven]
        places = [at for leaf in leaves if (at := _written(self.target, self.tree, leaf)) is not None]
        same = [at for at in places if at.string in {setting.raw, str(setting.value)}]
        return same[0] if len(same) == 1 else None


def pointer_at(here: Cursor, offset: int) -> str:
    """Return the JSON pointer of the scalar, or of the key's value, that holds an offset of a rendered text."""
    below = [(str(index), item) for index, item in enumerate(here.items())]
    below += [(key.value, cursor) for key, cursor in here.pairs()]
    for part, cursor in below:
        start = cursor.key.start if cursor.key is not None else cursor.node.start
        if start <= offset <= cursor.node.end:
            return f"/{part.replace('~', '~0').replace('/', '~1')}{pointer_at(cursor, offset)}"
    return ""


def _files(target: Target) -> Iterator[str]:
    """Yield the files that a release's values stand in, the one that wins first."""
    if target.values[0]:
        yield target.values[0]
    yield from reversed(target.values_files)
    if not target.missing:
        yield joined(target.path, "values.yaml")


def _written(target: Target, tree: Tree, leaf: Leaf) -> Cursor | None:
    """Return where a leaf of the values is written: in the layer that wins; None where in none of the tree."""
    for at in _layers(target, tree):
        here: Cursor | None = at
        for part in leaf:
            here = _below(here, part) if here is not None else None
        if here is not None and here.scalar is not None:
            return here
    return None


def _layers(target: Target, tree: Tree) -> Iterator[Cursor]:
    """Yield the tops of the values that a release is given, the one that wins first."""
    path, document = target.values
    sources = tree.readable(path) if path else ()
    spec = root.get("spec") if document < len(sources) and (root := sources[document].root()) is not None else None
    if spec is not None:
        yield from _inline(spec, target.source)
    for file in (*reversed(target.values_files), *(() if target.missing else (joined(target.path, "values.yaml"),))):
        for source in tree.readable(file)[:1]:
            if (top := source.root()) is not None:
                yield top


def _inline(spec: Cursor, index: int) -> Iterator[Cursor]:
    several = spec.get("sources")
    charts = [one for one in several.items() if not one.word("ref")] if several is not None else []
    source = charts[index] if index < len(charts) else spec.get("source")
    helm = source.get("helm") if source is not None else None
    text = helm.get("values") if helm is not None else None
    for found in (
        spec.get("values"),
        helm.get("valuesObject") if helm is not None else None,
        text.inner() if text is not None else None,
    ):
        if found is not None:
            yield found


def _below(at: Cursor, part: str | int) -> Cursor | None:
    if isinstance(part, str):
        return at.get(part)
    items = at.items()
    return items[part] if part < len(items) else None
