"""Overlays: which objects a kustomization makes, each laid under the patches that change it.

Merged as `kustomize build` merges them (5.7): resources, generators, components, then a kustomization's own patches;
what an overlay says wins over its base. Bases behind an address are not in the tree and stay out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from trimtab.manifest.context import Context, things_in
from trimtab.manifest.environment import Variable
from trimtab.manifest.generators import Generated, with_generators
from trimtab.manifest.laid import Laid
from trimtab.manifest.patches import Patch, patch_paths, patches_of
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.replacements import filled, replacements_of
from trimtab.manifest.source import Cursor

_DEPTH = 12
_MOST_BUILDS = 2000
"""Kustomizations that one is built of at most: a few that include each other would be millions."""
_FLUX = "kustomize.toolkit.fluxcd.io"


@dataclass(frozen=True, slots=True)
class _Made:
    """What a kustomization makes: objects, and ConfigMaps of generators."""

    objects: tuple[Laid, ...] = ()
    maps: tuple[Generated, ...] = ()


class Overlays:
    """The kustomizations of a tree, and what each makes."""

    def __init__(self, context: Context) -> None:
        """Look at every kustomization, but build none yet."""
        self._context = context
        self._by_folder = {folder_of(at.source.path): at for at in context.kustomizations}
        self._built: dict[str, _Made] = {}
        self._applied: set[str] = set()
        self._builds = 0
        self._feeding: dict[str, frozenset[str]] = {}
        self._removed: set[str] = set()
        used = {child for at in context.kustomizations for child in self.children(at)}
        self._reach = {folder: frozenset(self._paths(folder)) for folder in self._by_folder if folder not in used}
        self._fed: dict[str, list[str]] = {}
        for folder, reached in sorted(self._reach.items()):
            for path in reached:
                self._fed.setdefault(path, []).append(folder)

    def variables(self, folder: str) -> Iterator[Cursor]:
        """Yield the entries of `vars` of a kustomization and of those it includes."""
        for path in sorted(self.feeding(folder)):
            at = self._by_folder.get(folder_of(path))
            listed = at.get("vars") if at is not None and at.source.path == path else None
            yield from listed.items() if listed is not None else ()

    def roots_of(self, path: str) -> tuple[str, ...]:
        """Return the folders of the outermost kustomizations that a file feeds."""
        return tuple(self._fed.get(path, ()))

    def root_at(self, path: str) -> str | None:
        """Return the folder of the outermost kustomization that this file is, or None."""
        folder = folder_of(path)
        at = self._by_folder.get(folder)
        return folder if at is not None and at.source.path == path and folder in self._reach else None

    def reached(self, folder: str) -> frozenset[str]:
        """Return the files that feed a kustomization."""
        return self._reach[folder]

    def is_kustomized(self, folder: str) -> bool:
        """Return whether a folder has a kustomization."""
        return folder in self._by_folder

    def feeding(self, folder: str) -> frozenset[str]:
        """Return the files that feed the kustomization of a folder, outermost or not."""
        if folder not in self._feeding:
            self._feeding[folder] = frozenset(self._paths(folder))
        return self._feeding[folder]

    def kustomization(self, folder: str) -> Cursor:
        """Return the kustomization of a folder."""
        return self._by_folder[folder]

    def objects(self, folder: str) -> tuple[Laid, ...]:
        """Return what a kustomization makes."""
        return self._whole(folder).objects

    def maps(self, folder: str) -> tuple[Generated, ...]:
        """Return the ConfigMaps that a kustomization and those it includes generate."""
        return self._whole(folder).maps

    def _whole(self, folder: str) -> _Made:
        if folder not in self._built:
            self._builds = 0
            built = self._build(folder, 0)
            self._built[folder] = self._patched_outside(built, folder) if folder in self._reach else built
        return self._built[folder]

    def _patched_outside(self, made: _Made, folder: str) -> _Made:
        """Return objects after what Flux's Kustomization adds, where just one points at the folder."""
        specs = self._outside.get(folder, ())
        if len(specs) != 1:
            return made
        changed = self._transformed(specs[0], folder, self._composed(specs[0], folder, made, 0))
        before = {laid.address: laid for laid in made.objects}
        kept = [(laid, before.get(laid.address, laid)) for laid in changed.objects]
        return _Made(tuple(replace(laid, outer=old.outer, through=old.through) for laid, old in kept), changed.maps)

    @cached_property
    def _outside(self) -> dict[str, list[Cursor]]:
        """Return the specs of Flux's Kustomizations by the folder they point at."""
        found: dict[str, list[Cursor]] = {}
        for thing in self._context.things(_FLUX):
            spec = thing.at.get("spec") if thing.kind == "Kustomization" and thing.group == _FLUX else None
            if spec is not None and spec.word("path"):
                found.setdefault(joined("", spec.word("path").lstrip("/")), []).append(spec)
        return found

    def is_apart(self, laid: Laid) -> bool:
        """Return whether it is the outermost kustomization that deploys an object, not the object's own file.

        So it is where several overlays share a base, and where one patches or renames what it takes from a base.
        """
        return laid.outer or len(self.roots_of(laid.base.source.path)) > 1

    def is_applied_patch(self, path: str) -> bool:
        """Return whether a file is no object itself: it was laid over one, or a patch takes all of its own away."""
        made = [laid for folder in self.roots_of(path) for laid in self.objects(folder)]
        gone = path in self._removed and all(laid.base.source.path != path for laid in made)
        return gone or path in self._applied

    def children(self, at: Cursor) -> Iterator[str]:
        """Yield the folders of the kustomizations that one includes."""
        for path in (*_listed(at, "resources"), *_listed(at, "bases"), *_listed(at, "components")):
            folder = joined(folder_of(at.source.path), path)
            if folder in self._by_folder:
                yield folder

    def _paths(self, folder: str) -> Iterator[str]:
        """Yield the files that feed a kustomization, itself included."""
        waiting, seen = [folder], {folder}
        while waiting:
            here = waiting.pop()
            at = self._by_folder[here]
            yield at.source.path
            yield from (joined(here, item) for item in (*_listed(at, "resources"), *patch_paths(at)))
            new = [child for child in self.children(at) if child not in seen]
            seen.update(new)
            waiting += new

    def _build(self, folder: str, depth: int) -> _Made:
        at = self._by_folder[folder]
        self._builds += 1
        if self._builds > _MOST_BUILDS or depth > _DEPTH:
            return _Made()
        made = self._resources(at, folder, depth)
        return self._transformed(at, folder, self._composed(at, folder, made, depth))

    def _composed(self, at: Cursor, folder: str, made: _Made, depth: int) -> _Made:
        """Return what is made after a kustomization's generators, and then its components."""
        made = replace(made, maps=with_generators(made.maps, at))
        for component in _listed(at, "components"):
            inside = joined(folder, component)
            if inside in self._by_folder and depth < _DEPTH:
                part = self._by_folder[inside]
                more = self._resources(part, inside, depth + 1)
                made = _Made((*made.objects, *more.objects), (*made.maps, *more.maps))
                made = self._transformed(part, inside, self._composed(part, inside, made, depth + 1))
        return made

    def _resources(self, at: Cursor, folder: str, depth: int) -> _Made:
        objects: list[Laid] = []
        maps: list[Generated] = []
        for item in (*_listed(at, "resources"), *_listed(at, "bases")):
            path = joined(folder, item)
            if path in self._by_folder:
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
        named = [laid.renamed(at, folder) for laid in objects]
        maps = tuple(one.moved(at, folder) for one in made.maps)
        return _Made(tuple(self._filled(at, [laid.transformed(at) for laid in named], maps)), maps)

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


def _listed(at: Cursor, key: str) -> tuple[str, ...]:
    found = at.get(key)
    return tuple(item.string for item in found.items() if item.string) if found is not None else ()
