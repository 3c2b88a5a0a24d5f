"""Overlays: which objects a kustomization makes, each laid under the patches that change it.

Merged as `kustomize build` merges them (5.7): resources, then components, then a kustomization's own patches; what an
overlay says wins over its base. Bases behind an address are not in the tree and stay out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from trimtab.manifest.context import Context, Thing, generator_value, things_in
from trimtab.manifest.environment import Variable
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.source import Cursor

_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Laid:
    """An object as a kustomization makes it.

    Attributes:
        thing: The object, `at` laid under its patches; its name is still the base's.
        through: Folders of the kustomizations it came through, the innermost first.
        name: Its name with prefixes and suffixes.
        namespace: The one it gets.
        operations: JSON patches (RFC 6902) that apply to it.
        transforms: Kustomizations whose `images` and `replicas` apply to it, the innermost first.
        outer: Whether a kustomization other than its own patches or renames it.
    """

    thing: Thing
    through: tuple[str, ...]
    name: str
    namespace: str
    operations: tuple[Cursor, ...] = ()
    transforms: tuple[Cursor, ...] = ()
    outer: bool = False

    @property
    def base(self) -> Cursor:
        """Return the object without its patches."""
        return self.thing.at.under[-1] if self.thing.at.under else self.thing.at


class Overlays:
    """The kustomizations of a tree, and what each makes."""

    def __init__(self, context: Context) -> None:
        """Look at every kustomization, but build none yet."""
        self._context = context
        self._by_folder = {folder_of(at.source.path): at for at in context.kustomizations}
        self._built: dict[str, tuple[Laid, ...]] = {}
        self._applied: set[str] = set()
        used = {child for at in context.kustomizations for child in self.children(at)}
        self._reach = {folder: frozenset(self._paths(folder, 0)) for folder in self._by_folder if folder not in used}
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

    def kustomization(self, folder: str) -> Cursor:
        """Return the kustomization of a folder."""
        return self._by_folder[folder]

    def objects(self, folder: str) -> tuple[Laid, ...]:
        """Return what a kustomization makes."""
        if folder not in self._built:
            self._built[folder] = tuple(self._build(folder, 0))
        return self._built[folder]

    def is_apart(self, laid: Laid) -> bool:
        """Return whether it is the outermost kustomization that deploys an object, not the object's own file.

        So it is where several overlays share a base, and where one patches or renames what it takes from a base.
        """
        return laid.outer or len(self.roots_of(laid.base.source.path)) > 1

    def is_applied_patch(self, path: str) -> bool:
        """Return whether a file was laid over an object of the tree, and so is none itself."""
        for folder in self.roots_of(path):
            self.objects(folder)
        return path in self._applied

    def children(self, at: Cursor) -> Iterator[str]:
        """Yield the folders of the kustomizations that one includes."""
        for path in (*_listed(at, "resources"), *_listed(at, "bases"), *_listed(at, "components")):
            folder = joined(folder_of(at.source.path), path)
            if folder in self._by_folder:
                yield folder

    def _paths(self, folder: str, depth: int) -> Iterator[str]:
        """Yield the files that feed a kustomization, itself included."""
        at = self._by_folder[folder]
        yield at.source.path
        for item in (*_listed(at, "resources"), *_patch_paths(at)):
            yield joined(folder, item)
        for child in self.children(at) if depth < _DEPTH else ():
            yield from self._paths(child, depth + 1)

    def _build(self, folder: str, depth: int) -> list[Laid]:
        at = self._by_folder[folder]
        found = list(self._resources(at, folder, depth))
        for component in _listed(at, "components"):
            inside = joined(folder, component)
            if inside in self._by_folder and depth < _DEPTH:
                part = self._by_folder[inside]
                found += self._resources(part, inside, depth + 1)
                found = self._transformed(part, inside, found)
        return self._transformed(at, folder, found)

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
        for target, patch in self._patches(at, folder):
            objects = [self._patched(laid, target, patch) for laid in objects]
        prefix, suffix, namespace = at.word("namePrefix"), at.word("nameSuffix"), at.word("namespace")
        return [
            replace(
                laid,
                name=f"{prefix}{laid.name}{suffix}",
                namespace=namespace or laid.namespace,
                through=(*laid.through, folder),
                transforms=(*laid.transforms, at),
                outer=laid.outer or bool(laid.through and (prefix or suffix)),
            )
            for laid in objects
        ]

    def _patches(self, at: Cursor, folder: str) -> Iterator[tuple[Cursor | None, Cursor]]:
        """Yield the patches of a kustomization with the selector each has, None where it names its object itself."""
        tree = self._context.tree
        for key in ("patchesStrategicMerge", "patches", "patchesJson6902"):
            listed = at.get(key)
            for item in listed.items() if listed is not None else ():
                path = item.word("path") if item.is_mapping else item.string
                inline = item.get("patch") if item.is_mapping else (item if "\n" in item.string else None)
                target = item.get("target") if item.is_mapping else None
                if inline is not None:
                    root = inline.inner()
                    roots = [root] if root is not None else []
                else:
                    roots = [root for source in tree.readable(joined(folder, path)) if (root := source.root())]
                for root in roots:
                    yield target, root

    def _patched(self, laid: Laid, target: Cursor | None, patch: Cursor) -> Laid:
        if not _selects(laid, target, patch):
            return laid
        self._applied.add(patch.source.path)
        laid = replace(laid, outer=laid.outer or bool(laid.through))
        if patch.is_sequence:
            return replace(laid, operations=(*laid.operations, *patch.items()))
        old = laid.thing.at
        at = replace(patch, under=(replace(old, under=()), *old.under))
        return replace(laid, thing=replace(laid.thing, at=at))


def _selects(laid: Laid, target: Cursor | None, patch: Cursor) -> bool:
    """Return whether a patch is for an object: by its selector, else by its own kind and name."""
    thing = laid.thing
    if target is None:
        same_kind = patch.word("kind") == thing.kind and patch.word("apiVersion") == thing.api_version
        return same_kind and patch.word("metadata", "name") in {thing.name, laid.name}
    if target.get("labelSelector") is not None or target.get("annotationSelector") is not None:
        return False
    wanted = ((target.word("kind"), (thing.kind,)), (target.word("name"), (thing.name, laid.name)))
    group = target.word("group")
    return all(not text or any(_matches(text, one) for one in names) for text, names in wanted) and (
        not group or group == thing.group
    )


def _matches(pattern: str, text: str) -> bool:
    """Return whether a selector's name matches; kustomize takes it as an anchored regular expression."""
    if re.fullmatch(r"[\w.-]+", pattern):
        return pattern == text or ("." in pattern and re.fullmatch(pattern, text) is not None)
    if len(pattern) > 200 or re.search(r"[*+}]\s*\)?\s*[*+{]", pattern):  # noqa: PLR2004 - no name is longer
        return False
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False


def _listed(at: Cursor, key: str) -> tuple[str, ...]:
    found = at.get(key)
    return tuple(item.string for item in found.items() if item.string) if found is not None else ()


def _patch_paths(at: Cursor) -> Iterator[str]:
    """Yield the files that hold a kustomization's patches."""
    for key in ("patchesStrategicMerge", "patches", "patchesJson6902"):
        listed = at.get(key)
        for item in listed.items() if listed is not None else ():
            path = item.word("path") if item.is_mapping else item.string
            if path and "\n" not in path:
                yield path


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

    def things_near(self, word: str, path: str) -> tuple[Thing, ...]:
        """Return the overlay's objects of a kind or group, else the tree's near a file."""
        return self._own(word) or self._outer.things_near(word, path)

    def generated_value(self, near: str, name: str, key: str) -> Variable | None:
        """Return where a generator says a key: the overlay's own wins over its bases'."""
        for folder in self._layers(self._folder, 0):
            found = generator_value(self.tree, self._overlays.kustomization(folder), name, key)
            if found is not None:
                return found
        return self._outer.generated_value(near, name, key)

    def _layers(self, folder: str, depth: int) -> Iterator[str]:
        yield folder
        at = self._overlays.kustomization(folder)
        for child in self._overlays.children(at) if depth < _DEPTH else ():
            yield from self._layers(child, depth + 1)
