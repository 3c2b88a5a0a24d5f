"""Asks the shapes about every object, as it stands or as overlays make it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from trimtab.fleet import Serving
from trimtab.manifest.context import Context
from trimtab.manifest.deployed import Deployments, clusters_of
from trimtab.manifest.deployer_overlays import overlay_texts
from trimtab.manifest.engines import is_stand_in
from trimtab.manifest.flux_kustomization import GROUP, texts_in
from trimtab.manifest.hints import Hints, hints_of
from trimtab.manifest.hit import Draft
from trimtab.manifest.kustomize import Overlays
from trimtab.manifest.objects import is_object
from trimtab.manifest.overlaid import servings_of
from trimtab.manifest.paths import folder_of, is_values, joined
from trimtab.manifest.places import Places, serving_of
from trimtab.manifest.refuse import is_template
from trimtab.manifest.releases import DECLARING, may_declare
from trimtab.manifest.seen import Question, Seen, asked
from trimtab.manifest.shapes import TABLE
from trimtab.manifest.shapes.releases import bare_servings, holds_values, values_file
from trimtab.manifest.substituted import substitute, substituting
from trimtab.manifest.tree import YAML_SUFFIXES, Tree

_LOCAL = re.compile(rb"repository:\s*[\"']?file://([^\s\"'},]+)")
"""Where the charts lie that a chart in the tree is made of."""


def _unknown(_path: str) -> Hints | None:
    return None


class Finder:
    """Finds the servings of a tree's files; what it looks up once it keeps."""

    def __init__(self, tree: Tree, repository: str = "", hints: Callable[[str], Hints | None] = _unknown) -> None:
        """Look at the kustomizations; `hints` says what is known of the bytes of a file."""
        self._tree = tree
        self._repository = repository
        self.context = Context(tree)
        self._overlays = Overlays(self.context)
        self.deployments = Deployments(self.context, self._overlays)
        self._places = Places(tree, repository)
        self._shapes = {kind: shape for shape in reversed(TABLE) for kind in shape.kinds}
        self._known_hints = hints
        self._hints: dict[str, Hints] = {}
        self._pointing: Mapping[str, Callable[[str], object]] = {
            "flux": partial(texts_in, tree),
            "overlays": partial(overlay_texts, tree),
            "applications": self.deployments.applications_in,
            "values_of": self.context.values_of,
        }
        self.seen.answers.update(self._answers())

    @property
    def seen(self) -> Seen:
        """Return where notes are taken."""
        return self._tree.seen

    def _answers(self) -> dict[str, Callable[..., object]]:
        """Return what answers each question again, by the names that notes have."""
        tree, context, overlays, deployments = self._tree, self.context, self._overlays, self.deployments
        index = context.index
        return {
            "blob": tree.blob,
            "exists": tree.__contains__,
            "all_paths": tree.all_paths,
            **{one.__name__: one for one in (index.held, index.near, index.named, index.called, index.templates_in)},
            **{one.__name__: one for one in (index.charts_in, context.releasing)},
            **{one.__name__: one for one in overlays.questions},
            **{one.__name__: one for one in (deployments.bringing, deployments.covering)},
            **{one.__name__: one for one in (self.may_serve, self.leads)},
            **self._pointing,
        }

    @property
    def yaml_paths(self) -> tuple[str, ...]:
        """Return the files of YAML."""
        return self._tree.yaml_paths

    def pointing(self) -> tuple[Question, ...]:
        """Return what is worked out of the files that point at others, by name and file."""
        objects = {path for group in (*DECLARING, GROUP) for path in self._tree.holding(group)}
        found = [(name, path) for path in objects for name in ("flux", "overlays", "applications")]
        found += [("values_of", path) for path in self.context.declaring]
        return tuple(sorted(found, key=lambda one: (one[1], one[0])))

    def point(self, name: str, path: str) -> None:
        """Work out one of the things that a file points at, for all to look up."""
        self._pointing[name](path)

    def get_ready(self) -> None:
        """Look up what every serving asks for, so that processes that share the work need not."""
        for ask in (self.deployments.bringing, self._overlays.taking, self.context.releasing):
            ask("")

    def servings(self, path: str) -> tuple[Serving, ...]:
        """Return the servings whose address begins with a path, with where they go live."""
        found = (serving_of(draft, self._places, self._repository) for draft in self.drafts(path))
        return tuple(self._deployed(serving) for serving in found)

    def _deployed(self, serving: Serving) -> Serving:
        destinations = self.deployments.of(serving.path)
        return replace(serving, destinations=destinations, clusters=clusters_of(destinations))

    def drafts(self, path: str) -> Iterator[Draft]:
        """Yield the servings whose address begins with a path, their variables followed."""
        for draft in self._found(path):
            if is_stand_in(draft.image):
                continue
            if any("${" in hit.text.value for hit in draft.hits.values()):
                bringers = self.deployments.kustomizations(draft.source.source.path)
                substitute(draft, substituting(bringers), self.context)
            self._lock_replicas(draft)
            yield draft

    def _lock_replicas(self, draft: Draft) -> None:
        """Say of a number of replicas that is none of Git's business that it is not to be edited."""
        hit = draft.hits.get("replicas")
        if hit is not None and not hit.locked:
            reason = self.deployments.why_not_live(draft.source.source.path, draft.kind, draft.name)
            draft.hits["replicas"] = replace(hit, locked=reason)

    def _found(self, path: str) -> Iterator[Draft]:
        if self.leads(path):
            yield from self._laid(folder_of(path), apart=True)
        if not self.may_serve(path) or is_template(self._tree, path):
            return
        if may_declare(path):
            yield from bare_servings(path, self.context)
        roots = self._overlays.roots_of(path)
        if not roots:
            yield from self._plain(path)
        elif not self._overlays.is_applied_patch(path):
            found = [laid for root in roots for laid in self._overlays.objects(root) if laid.base.source.path == path]
            if not found:
                yield from self._plain(path)
            elif not all(self._overlays.is_apart(laid) for laid in found):
                yield from self._laid(roots[0], path, apart=False)

    @asked
    def leads(self, path: str) -> bool:
        """Return whether a file is an outermost kustomization of files that may hold a serving."""
        folder = self._overlays.root_at(path)
        return folder is not None and any(self.may_serve(one) for one in self._overlays.feeding(folder))

    @asked
    def may_serve(self, path: str) -> bool:
        """Return whether a file's bytes may hold a serving, or those of a template that its values are for."""
        return self._hints_at(path) or (is_values(path) and self._is_driven(path))

    def _hints_at(self, path: str) -> bool:
        return path in self._tree and self._hints_of(path).at(path)

    def _hints_of(self, path: str) -> Hints:
        known = self._known_hints(path) or self._hints.get(path)
        if known is None:
            known = self._hints[path] = hints_of(self._tree[path])
        return known

    def _is_driven(self, path: str) -> bool:
        """Return whether a chart that a file of values lies in, or right below, has a template that may serve."""
        folder = folder_of(path)
        chart = next((one for one in (folder, folder_of(folder)) if joined(one, "Chart.yaml") in self._tree), None)
        if chart is None:
            return False
        local = _LOCAL.findall(self._tree[joined(chart, "Chart.yaml")])
        charts = [chart, *(joined(chart, one.decode(errors="replace")) for one in local)]
        charts += [joined(chart, f"charts/{one}") for one in self.context.index.charts_in(joined(chart, "charts"))]
        templates = (one for folder in charts for one in self.context.index.templates_in(folder))
        return any(self._hints_at(one) for one in templates if one.endswith(YAML_SUFFIXES))

    def _laid(self, folder: str, path: str = "", *, apart: bool) -> Iterator[Draft]:
        """Yield the servings of an overlay's objects: those of bases of their own, or those of one file."""
        for laid in self._overlays.objects(folder):
            shape = self._shapes.get((laid.thing.group, laid.thing.kind))
            here = shape is not None and path in {"", laid.base.source.path}
            if shape is not None and here and self._overlays.is_apart(laid) == apart:
                yield from servings_of(laid, folder, shape, self.context, self._overlays)

    def _plain(self, path: str) -> Iterator[Draft]:
        for laid in self._overlays.brought(path):
            shape = self._shapes.get((laid.thing.group, laid.thing.kind))
            for draft in shape.servings(laid.thing, self.context) if shape is not None else ():
                draft.source = laid.base if laid.is_changed else draft.source
                yield draft
        for source in self._tree.readable(path) if holds_values(self._tree, path) else ():
            root = source.root()
            if root is not None and not is_object(root):
                yield from values_file(root, self.context)
