"""Overlays: which objects a kustomization makes, each laid under the patches that change it.

Merged as `kustomize build` merges them (5.7): resources, then components, then a kustomization's own patches; what an
overlay says wins over its base. Bases behind an address are not in the tree and stay out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

from trimtab.manifest.context import Context, Thing, generator_file, generator_value, things_in, value_of
from trimtab.manifest.environment import Variable
from trimtab.manifest.patches import Patch, Target, patch_paths, patches_of
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.replacements import Filled, filled, replacements_of
from trimtab.manifest.source import Cursor, KeyPath
from trimtab.manifest.transforms import transformed

_DEPTH = 12
_MOST_BUILDS = 2000
"""Kustomizations that one is built of at most: a few that include each other would be millions."""
_FLUX = "kustomize.toolkit.fluxcd.io"


@dataclass(frozen=True, slots=True)
class Laid:
    """An object as a kustomization makes it.

    Attributes:
        thing: The object, `at` laid under its patches; its name is still the base's.
        through: Folders of the kustomizations it came through, the innermost first.
        name: Its name with prefixes and suffixes.
        namespace: The one it gets.
        outer: Whether a kustomization other than its own patches or renames it.
        patches: How many it lies under.
    """

    thing: Thing
    through: tuple[str, ...]
    name: str
    namespace: str
    outer: bool = False
    patches: int = 0

    @property
    def base(self) -> Cursor:
        """Return the object without its patches."""
        at = self.thing.at
        while at.under:
            at = at.under[-1]
        return at

    @property
    def address(self) -> tuple[str, int, KeyPath]:
        """Return where the object stands: its file, document, and place in a list of objects."""
        return self.base.source.path, self.base.source.number, self.base.path

    @property
    def is_changed(self) -> bool:
        """Return whether anything was laid over it."""
        return bool(self.thing.at.under or self.thing.at.grafts) or self.name != self.thing.name

    @property
    def target(self) -> Target:
        """Return it as selectors see it."""
        thing = self.thing
        return Target(thing.at, thing.group, thing.kind, (thing.name, self.name), (thing.namespace, self.namespace))

    def filled(self, done: Filled) -> Laid:
        """Return it after a replacement."""
        if done.at is self.thing.at:
            return self
        thing = replace(self.thing, at=done.at)
        outer = self.outer or len(self.through) > 1
        return replace(
            self, thing=thing, name=done.name or self.name, namespace=done.namespace or self.namespace, outer=outer
        )

    def transformed(self, kustomization: Cursor) -> Laid:
        """Return it after a kustomization's `images` and `replicas`."""
        at = transformed(self.thing.at, self.thing.kind, (self.thing.name, self.name), kustomization)
        return replace(self, thing=replace(self.thing, at=at))


class Overlays:
    """The kustomizations of a tree, and what each makes."""

    def __init__(self, context: Context) -> None:
        """Look at every kustomization, but build none yet."""
        self._context = context
        self._by_folder = {folder_of(at.source.path): at for at in context.kustomizations}
        self._built: dict[str, tuple[Laid, ...]] = {}
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
        if folder not in self._built:
            self._builds = 0
            built = self._build(folder, 0)
            self._built[folder] = tuple(self._patched_outside(built, folder) if folder in self._reach else built)
        return self._built[folder]

    def _patched_outside(self, objects: list[Laid], folder: str) -> list[Laid]:
        """Return objects after what Flux's Kustomization adds, where just one points at the folder."""
        specs = self._outside.get(folder, ())
        if len(specs) != 1:
            return objects
        changed = self._transformed(specs[0], folder, self._composed(specs[0], folder, objects, 0))
        before = {laid.address: laid for laid in objects}
        kept = [(laid, before.get(laid.address, laid)) for laid in changed]
        return [replace(laid, outer=old.outer, through=old.through) for laid, old in kept]

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

    def _build(self, folder: str, depth: int) -> list[Laid]:
        at = self._by_folder[folder]
        self._builds += 1
        if self._builds > _MOST_BUILDS:
            return []
        found = self._composed(at, folder, list(self._resources(at, folder, depth)), depth)
        return self._transformed(at, folder, found)

    def _composed(self, at: Cursor, folder: str, objects: list[Laid], depth: int) -> list[Laid]:
        """Return objects with those that components add, after what components do to them."""
        for component in _listed(at, "components"):
            inside = joined(folder, component)
            if inside in self._by_folder and depth < _DEPTH:
                part = self._by_folder[inside]
                objects = [*objects, *self._resources(part, inside, depth + 1)]
                objects = self._composed(part, inside, objects, depth + 1)
                objects = self._transformed(part, inside, objects)
        return objects

    def _resources(self, at: Cursor, folder: str, depth: int) -> Iterator[Laid]:
        for item in (*_listed(at, "resources"), *_listed(at, "bases")):
            path = joined(folder, item)
            if path in self._by_folder:
                yield from self._build(path, depth + 1) if depth < _DEPTH else ()
            elif path in self._context.tree:
                for thing in things_in(self._context.tree, path):
                    yield Laid(thing, (), thing.name, thing.namespace)

    def _transformed(self, at: Cursor, folder: str, objects: list[Laid]) -> list[Laid]:
        """Return objects after one kustomization's own patches and fields."""
        for patch in patches_of(self._context.tree, at):
            objects = [changed for laid in objects for changed in self._patched(laid, patch)]
        prefix, suffix, namespace = at.word("namePrefix"), at.word("nameSuffix"), at.word("namespace")
        named = [
            replace(
                laid,
                name=f"{prefix}{laid.name}{suffix}",
                namespace=namespace or laid.namespace,
                through=(*laid.through, folder),
                outer=laid.outer or bool(laid.through and (prefix or suffix)),
            )
            for laid in objects
        ]
        return self._filled(at, folder, [laid.transformed(at) for laid in named])

    def _filled(self, at: Cursor, folder: str, objects: list[Laid]) -> list[Laid]:
        """Return objects after a kustomization's replacements."""
        for replacement in replacements_of(self._context.tree, at):
            done = filled([laid.target for laid in objects], replacement, partial(self.generated, folder))
            objects = [laid.filled(one) for laid, one in zip(objects, done, strict=True)]
        return objects

    def generated(self, folder: str, name: str, key: str) -> Variable | None:
        """Return where a generator of an overlay says a key: the overlay's own wins over its bases'."""
        for layer in self._layers(folder, 0):
            found = generator_value(self._context.tree, self._by_folder[layer], name, key)
            if found is not None:
                return found
        return None

    def generated_file(self, folder: str, name: str, key: str) -> str:
        """Return the file that a generator of an overlay takes a key from; empty where there is none."""
        tree = self._context.tree
        files = (generator_file(tree, self._by_folder[layer], name, key) for layer in self._layers(folder, 0))
        return next((file for file in files if file), "")

    def _layers(self, folder: str, depth: int) -> Iterator[str]:
        yield folder
        for child in self.children(self._by_folder[folder]) if depth < _DEPTH else ():
            yield from self._layers(child, depth + 1)

    def _patched(self, laid: Laid, patch: Patch) -> Iterator[Laid]:
        """Yield an object under a patch, unless that deletes it."""
        target = laid.target
        if not patch.is_for(target):
            yield laid
            return
        self._applied.add(patch.at.source.path)
        if patch.deletes:
            self._removed.add(laid.base.source.path)
        else:
            thing = replace(laid.thing, at=patch.laid_over(target, laid.patches))
            yield replace(laid, thing=thing, outer=laid.outer or bool(laid.through), patches=laid.patches + 1)


def _listed(at: Cursor, key: str) -> tuple[str, ...]:
    found = at.get(key)
    return tuple(item.string for item in found.items() if item.string) if found is not None else ()


class OverlayContext(Context):
    """Looks things up among the objects of one overlay first."""

    def __init__(self, context: Context, overlays: Overlays, folder: str) -> None:
        """Look up in `folder`'s objects and generators, then in the tree."""
        super().__init__(context.tree)
        self._outer = context
        self._overlays = overlays
        self._folder = folder

    def things(self, word: str) -> tuple[Thing, ...]:
        """Return the overlay's objects of a kind or group, else the tree's."""
        return self._own(word) or self._outer.things(word)

    def _own(self, word: str) -> tuple[Thing, ...]:
        laid = (one.thing for one in self._overlays.objects(self._folder))
        return tuple(thing for thing in laid if word in thing.kind or word in thing.api_version)

    def things_near(self, kind: str, path: str) -> tuple[Thing, ...]:
        """Return the overlay's objects of a kind, else the tree's near a file."""
        return self._own(kind) or self._outer.things_near(kind, path)

    def configmap_value(self, near: str, namespace: str, name: str, key: str) -> Variable | None:
        """Return where a ConfigMap's key has its text: as the overlay makes it, else the tree's nearest."""
        made = (one.thing for one in self._overlays.objects(self._folder) if one.thing.kind == "ConfigMap")
        own = (thing.at.get("data", key) for thing in made if thing.name == name)
        found = next((value for at in own if at is not None and (value := value_of(at, key)) is not None), None)
        found = found or self._overlays.generated(self._folder, name, key)
        return found or self._outer.configmap_value(near, namespace, name, key)

    def generated_file(self, near: str, name: str, key: str) -> str:
        """Return the file that a generator takes a key from, the overlay's own first."""
        return self._overlays.generated_file(self._folder, name, key) or self._outer.generated_file(near, name, key)
