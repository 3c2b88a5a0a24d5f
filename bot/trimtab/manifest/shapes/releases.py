"""Values that an object deploys: Flux's HelmRelease, Argo CD's Application and ApplicationSet.

An object is a serving where it, or a file that is none by itself, says a setting; what it leaves to the chart's own
values is read from there. A values file is a serving of its own; what a release lays over it is not to be edited there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from trimtab.manifest import vocabulary
from trimtab.manifest.container import field_hit
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft, Hit
from trimtab.manifest.objects import Thing, is_object
from trimtab.manifest.own_layer import OwnLayer
from trimtab.manifest.paths import folder_of, is_values, joined
from trimtab.manifest.post_render import hold
from trimtab.manifest.release import Release, last
from trimtab.manifest.releases import bare_releases, releases_of
from trimtab.manifest.shapes.owner import Owner
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.shapes.values import servings_of
from trimtab.manifest.shapes.values_words import field_of_key
from trimtab.manifest.shapes.wordless import is_wordless
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree

_CHART_KEYS = re.compile(rb"^(?:servingEngineSpec|modelArtifacts)[ ]*:", re.MULTILINE)
"""Top-level keys that only values of the production stack and of llm-d have, whatever their file is called."""
_ENGINE_KEYS = re.compile(
    rb"^[ \t]+(?:[\"']?(?:maxModelLen|tensorParallelSize|gpuMemoryUtilization|maxNumSeqs|nvidia\.com/gpu"
    rb"|servingEngineSpec)[\"']?[ ]*:|-[ ]+[\"']?--(?:max-model-len|gpu-memory-utilization|tensor-parallel-size)\b)",
    re.MULTILINE,
)
_OBJECT = re.compile(
    rb"^[\"']?(?:apiVersion|kind|services|jobs|steps|stages|on)[\"']?[ ]*:|\A(?:(?:---|[ \t]*#).*\n|[ \t]*\n)*-[ ]",
    re.MULTILINE,
)
"""What charts' values have below other keys, and what stands at the top of files that are none."""
_WRAPPERS = {"HelmRelease": "flux-helmrelease", "HelmChart": "helm-values", "chart": "kustomize"}


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield the servings of the releases that an object declares, once for all that a generator makes of it."""
    yield from _due(releases_of(thing, context), context)


def bare_servings(path: str, context: Context) -> Iterator[Draft]:
    """Yield the servings of the releases that a file declares without an object."""
    yield from _due(bare_releases(path, context), context)


def _due(releases: Iterable[Release], context: Context) -> Iterator[Draft]:
    found: dict[str, Draft] = {}
    due: set[str] = set()
    for release in releases:
        for draft in drafts_of(release, context):
            due.update({draft.subject} if _is_due(draft, release, context) else ())
            _lock_differing(found.setdefault(draft.subject, draft), draft)
    yield from (draft for subject, draft in found.items() if subject in due)


def _lock_differing(first: Draft, other: Draft) -> None:
    """Lock what one declaration takes from another place for each release that it makes."""
    for field in {*first.hits, *other.hits}:
        mine, its = first.hits.get(field), other.hits.get(field)
        if mine is None or its is None or not _is_here(mine, its):
            reason = f"each release of {first.source.source.path} takes it from another place; edit it there by hand"
            first.refusals[field] = reason
            if mine is not None:
                first.hits[field] = replace(mine, locked=mine.locked or reason)


def drafts_of(release: Release, context: Context) -> tuple[Draft, ...]:
    """Return the servings of a release, all its layers and parameters taken together."""
    values = release.values()
    if values is None:
        return ()
    thing = release.thing
    wrapper = _WRAPPERS.get(thing.kind, "argo-application" if thing.api_version else "helm-values")
    namespace = thing.at.word("spec", "template", "spec", "destination", "namespace") if release.made else ""
    owner = Owner(
        thing.at,
        thing.api_version,
        thing.kind if thing.api_version else "",
        namespace or release.namespace,
        thing.name,
        wrapper,
        context,
        release.chart_name,
        folder=release.chart,
        has_chart=bool(release.chart) and joined(release.chart, "Chart.yaml") in context.tree,
    )
    found = () if is_wordless(release, owner) else tuple(servings_of(values, owner))
    for draft in found:
        draft.layers = release.paths - {thing.path}
        draft.laid_over = OwnLayer(release, context).laid_over
        _take_parameters(draft, release, alone=len(found) == 1)
        hold(draft, release)
    return found


def _is_due(draft: Draft, release: Release, context: Context) -> bool:
    """Return whether a setting stands in the object itself, or in a file that is no serving by itself."""
    own = {hit.path for hit in draft.hits.values()} - {f"{release.chart}/values.yaml" if release.chart else ""}
    return any(
        path == release.thing.path or not holds_values(context.tree, path) or not _serves_alone(path, context)
        for path in sorted(own)
    )


def holds_values(tree: Tree, path: str) -> bool:
    """Return whether a file is placed as values are, or begins with a known chart's own key."""
    return is_values(path) or has_values_keys(tree.get(path, b""))


def has_values_keys(data: bytes) -> bool:
    """Return whether a file's bytes are plainly values of a chart, whatever the file is called."""
    return bool(_CHART_KEYS.search(data) or (_ENGINE_KEYS.search(data) and not _OBJECT.search(data)))


def _serves_alone(path: str, context: Context) -> bool:
    def serves() -> bool:
        roots = [root for source in context.tree.readable(path) if (root := source.root()) is not None]
        return any(not is_object(root) and _of_file(root, context) for root in roots)

    return context.index.alone.get(path, serves)


def _take_parameters(draft: Draft, release: Release, *, alone: bool) -> None:
    """Let parameters say what they say, also where the only serving has no value that they take the place of."""
    for one in release.parameters:
        field = field_of_key(one.name)
        standing = draft.hits.get(field)
        via = "parameter" if one.value.source.path == release.thing.path else "configmap"
        landed = standing is not None and _stands_at(standing, one.value)
        if field and one.value.string and (landed or (alone and standing is None)):
            draft.hits[field] = field_hit(field, vocabulary.read(field, one.value.string), one.value, via=via)
        for other, hit in draft.hits.items():
            if _stands_at(hit, one.value):
                draft.hits[other] = replace(hit, via=via)


def _stands_at(hit: Hit, cursor: Cursor) -> bool:
    text = cursor.text()
    return hit.path == cursor.source.path and text is not None and hit.text.span() == text.span()


def values_file(at: Cursor, context: Context) -> Iterator[Draft]:
    """Yield the servings of a values file; what releases lay over it wins."""
    found = _of_file(at, context)
    releases = context.releases_with(at.source.path) if found else ()
    charts = {release.chart for release in releases}
    if len(charts) == 1:
        found = _of_file(at, context, charts.pop())
    made = [(release, drafts_of(release, context)) for release in releases]
    for draft in found:
        winners = [(one, winner) for one, drafts in made for winner in _same(draft, drafts, alone=len(found) == 1)]
        _lock_overridden(draft, winners, releases)
        yield draft


def _of_file(at: Cursor, context: Context, chart: str = "") -> tuple[Draft, ...]:
    path = at.source.path
    folder = _folder_of_chart(at, context, chart)
    own = joined(folder or "", "values.yaml")
    defaults = context.tree.readable(own) if folder is not None and own != path else ()
    owner = Owner(
        at,
        "",
        "",
        "",
        "",
        "helm-values",
        context,
        _chart_of(path),
        next((root for source in defaults if (root := source.root()) is not None), None),
        folder or "",
        folder is not None and joined(folder, "Chart.yaml") in context.tree,
    )
    return tuple(servings_of(at, owner))


def _folder_of_chart(at: Cursor, context: Context, chart: str) -> str | None:
    """Return the folder of the chart that takes a file, else of the one that it lies in, above or beside; or None."""
    folder = folder_of(at.source.path)
    above = (chart,) if chart else dict.fromkeys((folder, folder_of(folder)))
    found = next((one for one in above if chart or joined(one, "Chart.yaml") in context.tree), None)
    return _chart_beside(at, folder_of(folder), context) if found is None else found


def _chart_beside(at: Cursor, above: str, context: Context) -> str | None:
    """Return the only chart near the folder of examples that has every top-level key of a file among its own values."""
    names = [joined(above, one) for one in context.index.charts_in(above)]
    names += [joined(above, f"charts/{one}") for one in context.index.charts_in(joined(above, "charts"))]
    keys = at.entries().keys()
    fitting = [
        one
        for one in names[:_MOST_BESIDE]
        for source in context.tree.readable(joined(one, "values.yaml"))
        if (root := source.root()) is not None and keys - _COMMON and keys <= root.entries().keys()
    ]
    return fitting[0] if len(fitting) == 1 else None


_COMMON = frozenset(
    {
        *("image", "resources", "replicaCount", "nodeSelector", "tolerations", "affinity", "service", "ingress", "env"),
        *("podAnnotations", "podLabels", "serviceAccount", "autoscaling", "fullnameOverride", "nameOverride", "global"),
    }
)
"""Top-level keys that most charts have, as `helm create` writes them."""
_MOST_BESIDE = 12
"""How many charts beside a file are asked whether it is for them."""
_TELLS_NOTHING = frozenset({"helm", "chart", "charts", "deploy", "values"})


def _chart_of(path: str) -> str:
    """Return what a values file is for by its place: its own name, or its folder's where it is named after values.

    Folders that are called after what charts are made with, such as `helm`, tell nothing: the one above does.
    """
    folder, _, name = path.rpartition("/")
    stem = name.rsplit(".", 1)[0]
    if "values" not in stem.lower():
        return stem
    return last(folder.rpartition("/")[0]) if last(folder) in _TELLS_NOTHING else last(folder)


def _same(draft: Draft, others: tuple[Draft, ...], *, alone: bool) -> tuple[Draft, ...]:
    """Return what a release makes of a serving of one of its files."""
    if alone and len(others) == 1:
        return others
    return tuple(other for other in others if other.container == draft.container)


def _lock_overridden(draft: Draft, winners: list[tuple[Release, Draft]], releases: Sequence[Release]) -> None:
    """Say of settings that every release overrides that they are not to be edited here."""
    for field, hit in draft.hits.items():
        hits = [(release, winner.hits[field]) for release, winner in winners if field in winner.hits]
        here = [one for _, one in hits if _is_here(one, hit)]
        if hits and not hit.locked and all(one.path != hit.path for _, one in hits):
            draft.hits[field] = replace(hit, locked=f"{_named(*hits[0])} wins over it; edit it there")
        elif here and not hit.locked and all(one.locked for one in here):
            draft.hits[field] = replace(hit, locked=here[0].locked)
        elif (
            releases
            and not hits
            and not hit.locked
            and not any(one.holds(hit.path, *hit.text.span()) for one in releases)
        ):
            thing = releases[0].thing
            why = f"{thing.kind} {thing.name} ({thing.path}) lays something else over it, or takes it away"
            draft.hits[field] = replace(hit, locked=why)


def _is_here(one: Hit, other: Hit) -> bool:
    return one.path == other.path and one.text.span() == other.text.span()


def _named(release: Release, hit: Hit) -> str:
    """Return what overrides a setting, in words."""
    thing = release.thing
    by = f"{thing.kind} {thing.name} ({thing.path})"
    name = next((one.name for one in release.parameters if _stands_at(hit, one.value)), "")
    if name:
        return f"the parameter {name} of {by}"
    return f"the value in {by}" if hit.path == thing.path else f"the value in {hit.path}, which {by} lays over it,"


CATTLE = Shape(frozenset({("helm.cattle.io", "HelmChart")}), servings)
FLUX = Shape(frozenset({("helm.toolkit.fluxcd.io", "HelmRelease")}), servings)
ARGO = Shape(frozenset({("argoproj.io", "Application"), ("argoproj.io", "ApplicationSet")}), servings)
