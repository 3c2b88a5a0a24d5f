"""An object as a kustomization makes it: what it lies under, and every name that it had on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from trimtab.manifest.field_specs import PREFIX, SUFFIX
from trimtab.manifest.objects import Thing
from trimtab.manifest.patches import Id, Patch, Target
from trimtab.manifest.replacements import Filled
from trimtab.manifest.source import Cursor, KeyPath
from trimtab.manifest.transforms import Step, transformed

Address: TypeAlias = tuple[str, int, KeyPath]
"""Where an object stands: its file, document, and place in a list of objects."""


@dataclass(frozen=True, slots=True)
class Laid:
    """An object as a kustomization makes it.

    Attributes:
        thing: The object, `at` laid under its patches; its name is still the base's.
        through: Folders of the kustomizations it came through, the innermost first.
        ids: Each name and namespace that it had, its own first and the present one last.
        outer: Whether a kustomization other than its own patches or renames it.
        patches: How many it lies under.
    """

    thing: Thing
    through: tuple[str, ...]
    ids: tuple[Id, ...]
    outer: bool = False
    patches: int = 0

    @classmethod
    def of(cls, thing: Thing) -> Laid:
        """Return an object that no kustomization has touched."""
        return cls(thing, (), ((thing.name, thing.namespace),))

    @property
    def name(self) -> str:
        """Return its name with prefixes and suffixes."""
        return self.ids[-1][0]

    @property
    def namespace(self) -> str:
        """Return the namespace that it gets."""
        return self.ids[-1][1]

    @property
    def names(self) -> frozenset[str]:
        """Return all names that it had."""
        return frozenset(name for name, _ in self.ids)

    @property
    def base(self) -> Cursor:
        """Return the object without its patches."""
        at = self.thing.at
        while at.under:
            at = at.under[-1]
        return at

    @property
    def address(self) -> Address:
        """Return where the object stands: its file, document, and place in a list of objects."""
        return self.base.source.path, self.base.source.number, self.base.path

    @property
    def is_changed(self) -> bool:
        """Return whether anything but labels and annotations was laid over it."""
        grafted = any("metadata" not in graft.keys[:3] for graft in self.thing.at.grafts)
        return bool(self.thing.at.under) or grafted or self.name != self.thing.name

    @property
    def target(self) -> Target:
        """Return it as selectors see it."""
        thing = self.thing
        return Target(thing.at, thing.group, thing.api_version.rpartition("/")[2], thing.kind, self.ids)

    def called(self, name: str, namespace: str) -> Laid:
        """Return it under a new name and namespace, where they are others."""
        new = (name, namespace)
        return self if new == self.ids[-1] else replace(self, ids=(*self.ids, new))

    def renamed(self, step: Step) -> Laid:
        """Return it after `namespace`, `namePrefix` and `nameSuffix`, each a step of its own."""
        namespace = step.at.word("namespace") or self.namespace
        prefix = step.at.word("namePrefix") if step.renames(PREFIX, self.target) else ""
        suffix = step.at.word("nameSuffix") if step.renames(SUFFIX, self.target) else ""
        name = f"{prefix}{self.name}"
        moved = self.called(self.name, namespace).called(name, namespace).called(f"{name}{suffix}", namespace)
        return replace(moved, outer=self.outer or bool(self.through and (prefix or suffix)))

    def brought(self, folder: str) -> Laid:
        """Return it as it comes out of the kustomization of a folder."""
        return replace(self, through=(*self.through, folder))

    def patched(self, patch: Patch, step: Step) -> Laid:
        """Return it under a patch, which may give it another name or kind."""
        at = patch.laid_over(self.target, self.patches, merges=step.merges)
        kind = patch.said("kind") or self.thing.kind
        thing = replace(self.thing, at=at, kind=kind)
        name = patch.said("metadata", "name") or self.name
        moved = self.called(name, patch.said("metadata", "namespace") or self.namespace)
        return replace(moved, thing=thing, outer=self.outer or bool(self.through), patches=self.patches + 1)

    def filled(self, done: Filled) -> Laid:
        """Return it after a replacement."""
        if done.at is self.thing.at:
            return self
        thing = replace(self.thing, at=done.at)
        renamed = self.called(done.name or self.name, done.namespace or self.namespace)
        return replace(renamed, thing=thing, outer=self.outer or bool(self.through))

    def transformed(self, step: Step) -> Laid:
        """Return it after what changes all objects, names left out."""
        return self.put(transformed(self.target, step))

    def put(self, at: Cursor) -> Laid:
        """Return it as it stands by now."""
        return replace(self, thing=replace(self.thing, at=at))


def by_address(objects: Iterable[Laid]) -> Mapping[Address, Sequence[Laid]]:
    """Return objects by where they stand; several where a file is taken more than once."""
    found: dict[Address, list[Laid]] = {}
    for laid in objects:
        found.setdefault(laid.address, []).append(laid)
    return found


Way = tuple[str, ...]
"""Folders of kustomizations that something came through, the innermost first."""


def nearest(ways: Iterable[Way], way: Way) -> int:
    """Return which of several ways meets another one first: kustomize means the thing of that name nearest by.

    Args:
        ways: Those of the things to choose from; at least one.
        way: The referring object's.
    """
    met = [next((step for step, folder in enumerate(way) if folder in one), len(way)) for one in ways]
    return met.index(min(met))
