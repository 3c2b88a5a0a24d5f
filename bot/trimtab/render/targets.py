"""What a file of a repository feeds: which charts, with which values, and which overlays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from trimtab.manifest import Plain, Tree, documents_of
from trimtab.manifest.paths import folder_of, joined, within
from trimtab.render import applications, helm_releases
from trimtab.render.plainly import mappings, word
from trimtab.render.target import Target

_CHART = "Chart.yaml"
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_LISTS = ("resources", "bases", "components", "patchesStrategicMerge", "crds", "configurations", "transformers")
_FAR = ("://", "git@", "github.com/", "?ref=")


class Targets:
    """What the files of a tree feed; declarations and overlays are looked through once."""

    def __init__(self, tree: Tree) -> None:
        """Look at nothing yet."""
        self._tree = tree

    def of(self, path: str) -> tuple[Target, ...]:
        """Return every target that a file feeds; the object itself where no chart and no overlay does."""
        beside_charts = "/templates/" not in f"/{path}" and _is_object(self._tree, path)
        releases = tuple(target for target in self._releases if _feeds(target, path, beside_charts=beside_charts))
        if releases:
            return releases
        chart = None if beside_charts else chart_above(self._tree, path)
        if chart is not None:
            own = joined(chart, "values.yaml")
            extra = (path,) if path != own and "/templates/" not in path else ()
            return (Target("helm", chart, _named_after(chart), values_files=extra),)
        overlays = tuple(Target("kustomize", folder) for folder in self._overlays(path))
        return overlays or (Target("object", path),)

    def charts(self) -> tuple[Target, ...]:
        """Return every release of the tree, and every chart that none of them installs and no other chart holds.

        Library charts are left out: they hold nothing that can be rendered by itself.
        """
        used = {target.path for target in self._releases if not target.missing}
        files = [path for path in self._tree if path == _CHART or path.endswith(f"/{_CHART}")]
        charts = [folder_of(path) for path in files if not _is_library(self._tree, path)]
        alone = [one for one in charts if one not in used and not any(_holds(other, one) for other in charts)]
        return self._releases + tuple(Target("helm", one, _named_after(one)) for one in alone)

    @cached_property
    def _releases(self) -> tuple[Target, ...]:
        return tuple(_releases(self._tree))

    @cached_property
    def _namers(self) -> dict[str, tuple[str, ...]]:
        """Return the folders of the kustomizations that name a file or folder, or are that file."""
        found: dict[str, list[str]] = {}
        for folder in dict.fromkeys(_kustomized(self._tree)):
            for name in dict.fromkeys((*_named(self._tree, folder), *_own(self._tree, folder))):
                found.setdefault(name, []).append(folder)
        return {name: tuple(folders) for name, folders in found.items()}

    def _overlays(self, path: str) -> tuple[str, ...]:
        """Return the folders of the outermost kustomizations that reach a file."""
        reached: set[str] = set()
        waiting = list(self._namers.get(path, ()))
        while waiting:
            folder = waiting.pop()
            if folder not in reached:
                reached.add(folder)
                waiting += self._namers.get(folder, ())
        return tuple(sorted(folder for folder in reached if not set(self._namers.get(folder, ())) & reached))


def which_targets(tree: Tree, path: str) -> tuple[Target, ...]:
    """Return every target that a file of a tree feeds; for more than one file, ask `Targets`."""
    return Targets(tree).of(path)


def _named_after(chart: str) -> str:
    return chart.rsplit("/", 1)[-1] or "release"


def _is_library(tree: Tree, path: str) -> bool:
    return any(isinstance(one, dict) and one.get("type") == "library" for one in documents_of(tree, path))


def _holds(chart: str, other: str) -> bool:
    return other != chart and within(other, joined(chart, "charts"))


def _is_object(tree: Tree, path: str) -> bool:
    """Return whether a file holds Kubernetes objects, wherever it lies."""
    documents = documents_of(tree, path)
    return any(isinstance(one, dict) and one.get("kind") and one.get("apiVersion") for one in documents)


def chart_above(tree: Tree, path: str) -> str | None:
    """Return the folder of the nearest chart that holds a file, or None."""
    folder = folder_of(path)
    while True:
        if joined(folder, _CHART) in tree:
            return folder
        if not folder:
            return None
        folder = folder_of(folder)


def _feeds(target: Target, path: str, *, beside_charts: bool) -> bool:
    """Return whether a release takes a file; objects that lie in a chart's folder are no part of it."""
    inside = not target.missing and not beside_charts and within(path, target.path)
    other_values = inside and path.endswith((".yaml", ".yml")) and "values" in path.rsplit("/", 1)[-1]
    if other_values and path != joined(target.path, "values.yaml") and path not in target.values_files:
        return False
    return inside or path in (*target.values_files, *target.values_from, target.values[0])


def _releases(tree: Tree) -> Iterator[Target]:
    """Yield the releases that Argo CD Applications and Flux HelmReleases declare."""
    for path in tree.yaml_paths:
        data = tree[path]
        if applications.GROUP.encode() in data or helm_releases.GROUP.encode() in data:
            for number, document in enumerate(documents_of(tree, path)):
                if isinstance(document, dict):
                    yield from _declared(tree, path, number, document)


def _declared(tree: Tree, path: str, number: int, document: dict[str, Plain]) -> Iterator[Target]:
    group, kind = word(document, "apiVersion").split("/")[0], document.get("kind")
    if group == applications.GROUP and kind in {"Application", "ApplicationSet"}:
        yield from applications.targets(tree, path, number, document)
    elif group == helm_releases.GROUP and kind == "HelmRelease":
        yield helm_releases.target_of(tree, path, number, document)


def _kustomized(tree: Tree) -> Iterator[str]:
    for path in tree:
        if path.rsplit("/", 1)[-1] in _KUSTOMIZATIONS:
            yield folder_of(path)


def _own(tree: Tree, folder: str) -> tuple[str, ...]:
    return tuple(joined(folder, name) for name in _KUSTOMIZATIONS if joined(folder, name) in tree)


def _named(tree: Tree, folder: str) -> Iterator[str]:
    """Yield the files and folders that a kustomization names."""
    for path in _own(tree, folder):
        for document in documents_of(tree, path):
            if isinstance(document, dict):
                yield from (joined(folder, name) for name in _names(document))


def far_bases(tree: Tree, folder: str) -> tuple[str, ...]:
    """Return what a kustomization, or one that it builds on, would fetch from outside."""
    seen: set[str] = set()
    waiting, found = [folder], []
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for path in _own(tree, here):
            for document in documents_of(tree, path):
                names = list(_names(document)) if isinstance(document, dict) else []
                found += [name for name in names if any(mark in name for mark in _FAR)]
                waiting += [joined(here, name) for name in names if joined(here, name) not in tree]
    return tuple(sorted(set(found)))


def _names(document: dict[str, Plain]) -> Iterator[str]:
    for key in _LISTS:
        listed = document.get(key)
        yield from (str(name) for name in listed if isinstance(name, str)) if isinstance(listed, list) else ()
    for key in ("patches", "patchesJson6902", "replacements"):
        yield from (word(patch, "path") for patch in mappings(document, key) if patch.get("path"))
    yield from (word(chart, "valuesFile") for chart in mappings(document, "helmCharts") if chart.get("valuesFile"))
    for key in ("configMapGenerator", "secretGenerator"):
        for generator in mappings(document, key):
            yield from _generated_from(generator)


def _generated_from(generator: dict[str, Plain]) -> Iterator[str]:
    """Yield the files that a generator reads."""
    for kind in ("envs", "files"):
        listed = generator.get(kind)
        yield from (str(name).rpartition("=")[2] for name in listed) if isinstance(listed, list) else ()
    if generator.get("env"):
        yield word(generator, "env")
