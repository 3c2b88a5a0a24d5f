"""What a chart becomes, read by the ordinary shapes, each setting followed back to the leaf of the values behind it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from trimtab.fleet import ObjectRef, Serving, Setting
from trimtab.manifest import Plain, Tree, inspect
from trimtab.manifest.places import setting_at
from trimtab.manifest.source import Cursor
from trimtab.render.layers import effective
from trimtab.render.marks import Leaf, leaves
from trimtab.render.objects import ObjectId, Rendered, Unrendered
from trimtab.render.seeing import Driven
from trimtab.render.target import Target
from trimtab.render.tracing import Traced
from trimtab.render.tracings import tracings_of
from trimtab.render.workspace import Workspace
from trimtab.render.written import Written, files_of, written

_TEXT = "rendered.yaml"
WRAPPERS = {"HelmRelease": "flux-helmrelease", "Application": "argo-application", "": "helm-values"}


@dataclass(frozen=True, slots=True)
class Followed:
    """A serving that a chart becomes.

    Attributes:
        serving: With the settings that stand in a file of the tree.
        target: What becomes it.
        leaves: By setting the leaf behind it, wherever it is written.
    """

    serving: Serving
    target: Target
    leaves: Mapping[str, Leaf]


def followed(target: Target, workspace: Workspace, repository: str) -> tuple[Followed, ...]:
    """Return the servings that a chart becomes, as far as anything of them can be followed to its values."""
    rendered = workspace.render(target)
    if not isinstance(rendered, Rendered):
        return ()
    seen = _seen(rendered)
    servings = inspect(seen).servings
    traced = tracings_of(workspace).of(target) if servings else None
    chart = workspace.chart_of(target)
    if not isinstance(traced, Traced) or isinstance(chart, Unrendered):
        return ()
    said = dict(leaves(effective(target, workspace.tree, chart, workspace.helm)))
    way = _Way(seen, tuple(rendered.objects), traced, said)
    named = Counter(one.container for one in servings)
    return tuple(
        _placed(serving, found, target, workspace.tree, repository, alone=named[serving.container] == 1)
        for serving in servings
        if (found := {field: leaf for field, one in serving.settings.items() if (leaf := way.back(one))})
    )


def seen_servings(rendered: Rendered) -> tuple[Serving, ...]:
    """Return the servings among rendered objects, with all that they say."""
    return inspect(_seen(rendered)).servings


def _seen(rendered: Rendered) -> Tree:
    """Return what was rendered as a file, a document for each object in their order."""
    return Tree({_TEXT: "\n---\n".join(json.dumps(one) for one in rendered.objects.values()).encode()})


def _placed(
    serving: Serving, found: Mapping[str, Leaf], target: Target, tree: Tree, repository: str, *, alone: bool
) -> Followed:
    """Return a rendered serving as one of the file that its values stand in."""
    path, document = target.values if target.values[0] else (next(files_of(target)), 0)
    sources = tree.readable(path)
    root = sources[document].root() if document < len(sources) else None
    kind = root.word("kind") if root is not None else ""
    name = root.word("metadata", "name") if root is not None and kind else serving.name
    container = serving.container if alone else serving.name
    places = {field: place for field, leaf in found.items() if (place := written(target, tree, leaf)) is not None}
    settings = {
        field: setting
        for field, place in sorted(places.items())
        if (setting := _setting(tree, place, serving.settings[field], repository)) is not None
    }
    live = ObjectRef(serving.kind, serving.namespace or target.namespace, serving.name)
    placed = replace(
        serving,
        subject=f"{path}#{kind}/{target.namespace}/{name}/{container}",
        repository=repository,
        path=path,
        document=document,
        api_version=root.word("apiVersion") if root is not None and kind else "",
        kind=kind,
        namespace=target.namespace,
        name=name,
        container=container,
        wrapper=WRAPPERS.get(kind, "helm-values"),
        settings=settings,
        live_names=(live,),
        live_names_by="rendered with helm",
    )
    return Followed(placed, target, dict(sorted(found.items())))


def _setting(tree: Tree, place: Written, setting: Setting, repository: str) -> Setting | None:
    """Return a setting where its leaf is written; a default of another chart is changed in the release's values."""
    found = setting_at(tree, place.at, setting, repository)
    return replace(found, editable=True, reason="") if found is not None and place.is_default else found


@dataclass(frozen=True, slots=True)
class _Way:
    """The way from what was rendered back to the values."""

    seen: Tree
    keys: tuple[ObjectId, ...]
    traced: Traced
    said: Mapping[Leaf, Plain]

    def back(self, setting: Setting) -> Leaf | None:
        """Return the leaf of the values that a rendered setting comes from; None where it is not one that says it."""
        document = setting.location.document
        root = self.seen.sources(_TEXT)[document].root()
        pointer = pointer_at(root, setting.location.start) if root is not None else ""
        field = Driven(self.keys[document], pointer)
        words = {setting.raw, str(setting.value)}
        driving = [leaf for leaf, driven in self.traced.drives.items() if field in driven]
        same = [leaf for leaf in driving if _spelled(self.said.get(leaf)) in words]
        return same[0] if len(same) == 1 else None


def _spelled(value: Plain) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def pointer_at(here: Cursor, offset: int) -> str:
    """Return the JSON pointer of the scalar, or of the key's value, that holds an offset of a rendered text."""
    below = [(str(index), item) for index, item in enumerate(here.items())]
    below += [(key.value, cursor) for key, cursor in here.pairs()]
    for part, cursor in below:
        start = cursor.key.start if cursor.key is not None else cursor.node.start
        if start <= offset <= cursor.node.end:
            return f"/{part.replace('~', '~0').replace('/', '~1')}{pointer_at(cursor, offset)}"
    return ""
