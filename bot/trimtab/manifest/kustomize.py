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
from trimtab.manifest.environment import Variable
from trimtab.manifest.flux_kustomization import FluxKustomization, flux_kustomizations
from trimtab.manifest.generators import Generated, with_generators
from trimtab.manifest.kustomize_graph import Graph
from trimtab.manifest.laid import Laid
from trimtab.manifest.links import named_in
from trimtab.manifest.objects import things_in
from trimtab.manifest.patches import Patch, patches_of
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.plugins import guarded, patch_of, transformers_of
from trimtab.manifest.replacements import filled, replacements_of
from trimtab.manifest.seen import Memo, asked
from trimtab.manifest.source import Cursor

_DEPTH = 12
_MOST_BUILDS = 2000
"""Kustomizations that one is built of at most: a few that include each other would be millions."""
_MOST_KEPT = 30
"""What is made that is kept, with the nodes of its files."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What a kustomization makes: objects and ConfigMaps; the files of its patches, and of what they delete."""

    objects: tuple[Laid, ...] = ()
    maps: tuple[Generated, ...] = ()
    applied: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()


class Overlays(Graph):
    """The kustomizations of a tree, and what each makes."""

    def __init__(self, context: Context) -> None:
        """Look at every kustomization, but build none yet."""
        super().__init__(context)
        self._built: Memo[str, _Made] = Memo(self.seen, _MOST_KEPT)
        self._applied: set[str] = set()
        self._builds = 0
        self._removed: set[str] = set()

    def variables(self, folder: str) -> Iterator[Cursor]:
        """Yield the entries of `vars` of a kustomization and of those it includes."""
        for path in sorted(self.feeding(folder)):
            inside = folder_of(path)
            if self.is_kustomized(inside) and self.kustomization_path(inside) == path:
                yield from self.kustomization(inside).items("vars")

    def objects(self, folder: str) -> tuple[Laid, ...]:
        """Return what a kustomization makes."""
        return self._whole(folder).objects

    def maps(self, folder: str) -> tuple[Generated, ...]:
        """Return the ConfigMaps that a kustomization and those it includes generate."""
        return self._whole(folder).maps

    def _whole(self, folder: str) -> _Made:
        return self._built.get(folder, lambda: self._made(folder))

    def _made(self, folder: str) -> _Made:
        self._builds = 0
        self._applied, self._removed = set(), set()
        built = self._build(folder, 0)
        built = self._overlaid_by_deployer(built, folder) if self.is_root(folder) else built
        return replace(built, applied=frozenset(self._applied), removed=frozenset(self._removed))

    def _overlaid_by_deployer(self, made: _Made, folder: str) -> _Made:
        """Return objects after what the Argo CD or Flux object adds that brings the folder."""
        at = self._added_by(self.pointing_at(folder))
        if at is None:
            return made
        changed = self._transformed(at, folder, self._composed(at, folder, made, 0))
        before = {laid.address: laid for laid in made.objects}
        kept = [(laid, before.get(laid.address, laid)) for laid in changed.objects]
        return _Made(tuple(replace(laid, outer=old.outer, through=old.through) for laid, old in kept), changed.maps)

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
        self._builds, self._applied, self._removed = 0, set(), set()
        pointing = self.taking(path)
        at = self._added_by(pointing)
        objects = tuple(Laid.of(thing) for thing in things_in(self._context.tree, path))
        if at is None:
            return objects
        return self._transformed(
            at, pointing[0].folder, self._composed(at, pointing[0].folder, _Made(objects), 0)
        ).objects

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

    def _build(self, folder: str, depth: int) -> _Made:
        at = self.kustomization(folder)
        self._builds += 1
        if self._builds > _MOST_BUILDS or depth > _DEPTH:
            return _Made()
        made = self._resources(at, folder, depth)
        return self._transformed(at, folder, self._composed(at, folder, made, depth))

    def _composed(self, at: Cursor, folder: str, made: _Made, depth: int) -> _Made:
        """Return what is made after a kustomization's generators, and then its components."""
        made = replace(made, maps=with_generators(made.maps, at))
        for component in named_in(at, "components"):
            inside = joined(folder, component)
            if self.is_kustomized(inside) and depth < _DEPTH:
                part = self.kustomization(inside)
                more = self._resources(part, inside, depth + 1)
                made = _Made((*made.objects, *more.objects), (*made.maps, *more.maps))
                made = self._transformed(part, inside, self._composed(part, inside, made, depth + 1))
        return made

    def _resources(self, at: Cursor, folder: str, depth: int) -> _Made:
        objects: list[Laid] = []
        maps: list[Generated] = []
        for item in (*named_in(at, "resources"), *named_in(at, "bases")):
            path = joined(folder, item)
            if self.is_kustomized(path):
                built = self._build(path, depth + 1)
                objects += built.objects
                maps += built.maps
            elif path in self._context.tree:
                objects += (Laid.of(thing) for thing in things_in(self._context.tree, path))
        return _Made(tuple(objects), tuple(maps))

    def _transformed(self, at: Cursor, folder: str, made: _Made) -> _Made:
        """Return objects after one kustomization's own patches and fields."""
        objects = list(made.objects)
        for patch in patches_of(self._context.tree, at):
            objects = list(self._patched(objects, patch))
        named = [laid.renamed(at, folder) for laid in self._plugged(at, objects)]
        maps = tuple(one.moved(at, folder) for one in made.maps)
        return _Made(tuple(self._filled(at, [laid.transformed(at) for laid in named], maps)), maps)

    def _plugged(self, at: Cursor, objects: list[Laid]) -> list[Laid]:
        """Return objects after a kustomization's transformers; locked where one is not followed."""
        tree, others = self._context.tree, []
        for transformer in transformers_of(tree, at):
            patch = patch_of(transformer, tree)
            objects = list(self._patched(objects, patch)) if patch is not None else objects
            others += [transformer] if patch is None else []
        things = (replace(laid.thing, at=guarded(laid.target, at, others)) for laid in objects)
        return [replace(laid, thing=thing) for laid, thing in zip(objects, things, strict=True)]

    def _filled(self, at: Cursor, objects: list[Laid], maps: Sequence[Generated]) -> list[Laid]:
        """Return objects after a kustomization's replacements."""

        def generated(name: str, key: str) -> Variable | None:
            values = (one.value(self._context.tree, key) for one in maps if name in one.names)
            return next((value for value in values if value is not None), None)

        for replacement in replacements_of(self._context.tree, at):
            done = filled([laid.target for laid in objects], replacement, generated)
            objects = [laid.filled(one) for laid, one in zip(objects, done, strict=True)]
        return objects

    def _patched(self, objects: Sequence[Laid], patch: Patch) -> Iterator[Laid]:
        """Yield objects after a patch: those that it is for lie under it, or are gone."""
        for laid, chosen in zip(objects, patch.chosen([laid.target for laid in objects]), strict=True):
            if not chosen:
                yield laid
                continue
            self._applied.add(patch.at.source.path)
            if patch.deletes:
                self._removed.add(laid.base.source.path)
            else:
                thing = replace(laid.thing, at=patch.laid_over(laid.target, laid.patches))
                yield replace(laid, thing=thing, outer=laid.outer or bool(laid.through), patches=laid.patches + 1)
