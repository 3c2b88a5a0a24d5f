"""Overlays: which objects a kustomization makes, each laid under the patches that change it.

Merged as `kustomize build` merges them (5.7): resources, generators, components, then a kustomization's own patches;
what an overlay says wins over its base. Bases behind an address are not in the tree and stay out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile

from trimtab.manifest.context import Context
from trimtab.manifest.deployer_overlays import DeployerOverlay, deployer_overlays
from trimtab.manifest.field_specs import DEFAULTS
from trimtab.manifest.flux_kustomization import FluxKustomization, flux_kustomizations
from trimtab.manifest.generators import Generated, generators_of, with_generators
from trimtab.manifest.kustomize_graph import Graph
from trimtab.manifest.laid import Address, Laid, by_address
from trimtab.manifest.links import named_in
from trimtab.manifest.objects import things_in
from trimtab.manifest.patches import FIRST_PATCHES, is_own, locked
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.plugins import plugins_of, specs_of, step_of, why_unfollowed
from trimtab.manifest.seen import Memo, asked
from trimtab.manifest.source import Cursor
from trimtab.manifest.steps import Made, patched, stepped
from trimtab.manifest.transforms import Step

_DEPTH = 12
_MOST_BUILDS = 2000
"""Kustomizations that one is built of at most: a few that include each other would be millions."""
_MOST_SPECS = 60
"""Fields that `configurations` add which are followed; each is looked for in each object, and real ones are few."""
_MOST_KEPT = 30
"""What is made that is kept, with the nodes of its files."""


class Overlays(Graph):
    """The kustomizations of a tree, and what each makes."""

    def __init__(self, context: Context) -> None:
        """Look at every kustomization, but build none yet."""
        super().__init__(context)
        self._built: Memo[str, Made] = Memo(self.seen, _MOST_KEPT, "built")
        self._alike: Memo[str, Mapping[Address, Sequence[Laid]]] = Memo(self.seen, _MOST_KEPT)
        self._builds = 0

    def variables(self, folder: str) -> Iterator[Cursor]:
        """Yield the entries of `vars` of a kustomization and of those it includes."""
        for path in sorted(self.feeding(folder)):
            inside = folder_of(path)
            if self.is_kustomized(inside) and self.kustomization_path(inside) == path:
                yield from self.kustomization(inside).items("vars")

    def objects(self, folder: str) -> tuple[Laid, ...]:
        """Return what a kustomization makes."""
        return self._whole(folder).objects

    def alike(self, laid: Laid, folder: str) -> Sequence[Laid]:
        """Return the objects of a kustomization that are made of the same one of a file, this one included."""
        return self._alike.get(folder, lambda: by_address(self.objects(folder)))[laid.address]

    def maps(self, folder: str) -> tuple[Generated, ...]:
        """Return the ConfigMaps that a kustomization and those it includes generate."""
        return self._whole(folder).maps

    def patched(self, folder: str) -> Made:
        """Return what a kustomization has once its patches are made; those of `patchesJson6902` come later."""
        self._builds, at, way = 0, self.kustomization(folder), _Way()
        made = self._composed(at, folder, self._resources(at, folder, way), way)
        return patched(made, Step(at, folder, (*DEFAULTS, *made.specs)), self.tree, FIRST_PATCHES)

    def _whole(self, folder: str) -> Made:
        return self._built.get(self._path_of.get(folder, folder), lambda: self._made(folder))

    def _made(self, folder: str) -> Made:
        self._builds = 0
        schema = self.kustomization(folder).get("openapi")
        built = self._build(folder, _Way(0, schema.source.path if schema is not None else ""))
        return self._overlaid_by_deployer(built, folder) if self.is_root(folder) else built

    def _overlaid_by_deployer(self, made: Made, folder: str) -> Made:
        """Return objects after what the Argo CD or Flux object adds that brings the folder."""
        at = self._added_by(self.pointing_at(folder))
        if at is None:
            return made
        changed = self._transformed(at, folder, self._composed(at, folder, made, _Way()), _Way())
        before = {laid.address: laid for laid in made.objects}
        kept = [(laid, before.get(laid.address, laid)) for laid in changed.objects]
        objects = tuple(replace(laid, outer=old.outer, through=old.through) for laid, old in kept)
        return replace(changed, objects=objects)

    def _added_by(self, pointing: Sequence[DeployerOverlay]) -> Cursor | None:
        """Return what is added, locked where it is not meant for one folder alone or others add something else."""
        adding = [one for one in pointing if one.adds]
        at = adding[0].at(self._context.tree) if adding else None
        if at is None or (len(pointing) == 1 and adding[0].folders == 1):
            return at
        other = "more than this folder is" if adding[0].folders > 1 else "other objects bring the folder and are not"
        return replace(at, locked=f"{adding[0].path} changes it, and {other} changed so; edit it there by hand")

    def brought(self, path: str) -> tuple[Laid, ...]:
        """Return the objects of a file that no kustomization names, after what Flux's Kustomization adds."""
        self._builds = 0
        pointing = self.taking(path)
        at = self._added_by(pointing)
        objects = tuple(Laid.of(thing) for thing in things_in(self._context.tree, path))
        if at is None:
            return objects
        folder = pointing[0].folder
        return self._transformed(at, folder, self._composed(at, folder, Made(objects), _Way()), _Way()).objects

    @asked
    def pointing_at(self, folder: str) -> tuple[DeployerOverlay, ...]:
        """Return the objects of Argo CD and Flux that bring the kustomization of a folder."""
        return tuple(self._deployer_overlays[number] for number in self._overlays_of.get(folder, ()))

    @asked
    def taking(self, path: str) -> tuple[DeployerOverlay, ...]:
        """Return the objects of Flux that bring a file of folders without a kustomization."""
        above = [folder_of(path)]
        while above[-1]:
            above.append(folder_of(above[-1]))
        bare = list(takewhile(lambda folder: not self.is_kustomized(folder), above))
        numbers = sorted(number for folder in bare for number in self._overlays_of.get(folder, ()))
        return tuple(self._deployer_overlays[number] for number in numbers if self._deployer_overlays[number].over_bare)

    @cached_property
    def _deployer_overlays(self) -> tuple[DeployerOverlay, ...]:
        return deployer_overlays(self._context.tree)

    @cached_property
    def _overlays_of(self) -> Mapping[str, Sequence[int]]:
        """Return the numbers of those by their folder."""
        found: dict[str, list[int]] = {}
        for number, one in enumerate(self._deployer_overlays):
            found.setdefault(one.folder, []).append(number)
        return found

    @property
    def questions(self) -> tuple[Callable[..., object], ...]:
        """Return what answers questions."""
        return (*super().questions, self.pointing_at, self.taking)

    @cached_property
    def fluxes(self) -> tuple[FluxKustomization, ...]:
        """Return Flux's Kustomizations of the tree."""
        return flux_kustomizations(self._context.tree)

    def is_apart(self, laid: Laid) -> bool:
        """Return whether it is the outermost kustomization that deploys an object, not the object's own file.

        So it is where several overlays share a base, and where one patches or renames what it takes from a base.
        """
        return laid.outer or len(self.roots_of(laid.base.source.path)) > 1

    def is_applied_patch(self, path: str) -> bool:
        """Return whether a file is no object itself: it was laid over one, or a patch takes all of its own away."""
        made = [self._whole(folder) for folder in self.roots_of(path)]
        left = any(laid.base.source.path == path for one in made for laid in one.objects)
        gone = not left and any(path in one.removed for one in made)
        return gone or any(path in one.applied for one in made)

    def _build(self, folder: str, way: _Way) -> Made:
        at = self.kustomization(folder)
        self._builds += 1
        if self._builds > _MOST_BUILDS or way.depth > _DEPTH:
            return Made()
        made = self._resources(at, folder, way)
        return self._transformed(at, folder, self._composed(at, folder, made, way), way)

    def _composed(self, at: Cursor, folder: str, made: Made, way: _Way) -> Made:
        """Return what is made after a kustomization's generators, and then its components."""
        tree = self._context.tree
        generators = generators_of(at, plugins_of(tree, at, "generators", folder))
        specs = (*made.specs, *specs_of(tree, at, folder))
        made = replace(made, maps=with_generators(made.maps, generators), specs=specs)
        for component in named_in(at, "components"):
            inside = joined(folder, component)
            if self.is_kustomized(inside) and way.depth < _DEPTH:
                part = self.kustomization(inside)
                made = Made.of([made, self._resources(part, inside, way.deeper)])
                made = self._transformed(part, inside, self._composed(part, inside, made, way.deeper), way)
        return made

    def _resources(self, at: Cursor, folder: str, way: _Way) -> Made:
        parts: list[Made] = []
        for item in (*named_in(at, "resources"), *named_in(at, "bases")):
            path = joined(folder, item)
            if self.is_kustomized(path):
                parts.append(self._build(path, way.deeper))
            elif path in self._context.tree:
                parts.append(Made(tuple(Laid.of(thing) for thing in things_in(self._context.tree, path))))
        return Made.of(parts)

    def _transformed(self, at: Cursor, folder: str, made: Made, way: _Way) -> Made:
        """Return what is made after one kustomization's own patches and fields, and then its transformers."""
        tree = self._context.tree
        made = stepped(made, Step(at, folder, (*DEFAULTS, *made.specs[:_MOST_SPECS]), merges=bool(way.schema)), tree)
        for transformer in plugins_of(tree, at, "transformers", folder):
            step = step_of(transformer, folder)
            made = stepped(made, step, tree) if step is not None else _locked(made, why_unfollowed(transformer, at))
        objects = (laid.brought(folder) for laid in made.objects)
        if way.schema:
            reason = f"{way.schema} has lists of this kind merged by a schema of its own"
            objects = (laid.put(_guarded(laid, reason)) for laid in objects)
        return replace(made, objects=tuple(objects), maps=tuple(one.brought(folder) for one in made.maps))


@dataclass(frozen=True, slots=True)
class _Way:
    """Where a build stands: how deep, and which kustomization has a schema of its own, the outermost's alone counting.

    Source: `api/krusty/kustomizer.go` of https://github.com/kubernetes-sigs/kustomize (5.7).
    """

    depth: int = 0
    schema: str = ""

    @property
    def deeper(self) -> _Way:
        """Return the way one kustomization further."""
        return replace(self, depth=self.depth + 1)


def _locked(made: Made, reason: str) -> Made:
    """Return what is made, of which nothing is to be edited."""
    return replace(made, objects=tuple(laid.put(locked(laid.thing.at, reason)) for laid in made.objects))


def _guarded(laid: Laid, reason: str) -> Cursor:
    """Return an object, locked where lists were merged as only a schema tells."""
    at = laid.thing.at
    return locked(at, reason) if at.under and not is_own(laid.thing.group) else at
