"""What an object of an overlay may look up: among the overlay's own objects and generators first, then in the tree."""

from __future__ import annotations

from dataclasses import replace

from trimtab.manifest.context import Context, value_of
from trimtab.manifest.environment import Variable
from trimtab.manifest.generators import Generated
from trimtab.manifest.kustomize import Overlays
from trimtab.manifest.laid import Laid, nearest
from trimtab.manifest.objects import Thing
from trimtab.manifest.patches import walk
from trimtab.manifest.replacements import tokens_of
from trimtab.manifest.source import Cursor


class OverlayContext(Context):
    """Looks things up among the objects of one overlay first."""

    def __init__(self, context: Context, overlays: Overlays, folder: str, laid: Laid) -> None:
        """Look up for `laid` in `folder`'s objects and generators, then in the tree."""
        super().__init__(context.tree, context.index)
        self._outer = context
        self._overlays = overlays
        self._folder = folder
        self._laid = laid

    def things(self, word: str, name: str = "") -> tuple[Thing, ...]:
        """Return the overlay's objects of a kind or group, else the tree's."""
        return self._own(word) or self._outer.things(word, name)

    def _own(self, word: str) -> tuple[Thing, ...]:
        laid = (one.thing for one in self._overlays.objects(self._folder))
        return tuple(thing for thing in laid if word in thing.kind or word in thing.api_version)

    def things_named(self, kind: str, name: str) -> tuple[Thing, ...]:
        """Return the objects of a kind from files in which something has a name, as their own overlays make them.

        What belongs to another overlay of the same object is left out.
        """
        mine = frozenset(self._overlays.roots_of(self._laid.base.source.path))
        found: list[Thing] = []
        for thing in self._outer.things_named(kind, name):
            roots = self._overlays.roots_of(thing.path)
            if not mine.intersection(roots):
                laid = (one for root in roots[:1] for one in self._overlays.objects(root))
                same = (one.namespace for one in laid if one.thing.kind == kind and one.thing.name == thing.name)
                found.append(replace(thing, namespace=next(same, thing.namespace)))
        return tuple(found)

    def built_with(self, kind: str) -> tuple[Thing, ...]:
        """Return the overlay's objects of a kind, in the namespaces that they get."""
        laid = self._overlays.objects(self._folder)
        return tuple(replace(one.thing, namespace=one.namespace) for one in laid if one.thing.kind == kind)

    def names_of(self, name: str) -> frozenset[str]:
        """Return each name that the overlay's object has on its way."""
        return self._laid.names | {name}

    def namespace_of(self, namespace: str) -> str:
        """Return the namespace that the overlay gives the object."""
        return self._laid.namespace or namespace

    def configmap_value(self, near: str, namespace: str, name: str, key: str) -> Variable | None:
        """Return where a ConfigMap's key has its text: as the overlay makes it, else the tree's nearest."""
        generated = self._generated(name)
        found = generated.value(self.tree, key) if generated is not None else None
        if found is not None or (generated is not None and generated.whole):
            return found
        at = self._object(name)
        below = at.get("data", key) if at is not None else None
        if at is not None:
            return value_of(below, key) if below is not None else None
        return self._outer.configmap_value(near, namespace, name, key)

    def variable(self, name: str) -> Variable | None:
        """Return what an entry of `vars` puts in, unless that is a name, which kustomize may change on the way."""
        for at in self._overlays.variables(self._folder):
            field = tokens_of(at.word("fieldref", "fieldpath") or "metadata.name")
            if at.word("name") == name and field[0] != "metadata":
                return self._pointed_at(at.word("objref", "kind"), at.word("objref", "name"), field)
        return None

    def _pointed_at(self, kind: str, name: str, field: tuple[str, ...]) -> Variable | None:
        """Return a field of an object by its kind and name."""
        if kind == "ConfigMap" and field[0] == "data" and len(field) > 1:
            return self.configmap_value("", "", name, field[1])
        for laid in self._overlays.objects(self._folder):
            found = walk(laid.thing.at, field) if laid.thing.kind == kind and name in laid.names else None
            text = found.text() if found is not None else None
            if found is not None and text is not None:
                return Variable(text, found, found.source.path, found.source.number, "field", "", found.why_locked)
        return None

    def generated_file(self, near: str, name: str, key: str) -> str:
        """Return the file that a generator takes a key from, the overlay's own first."""
        generated = self._generated(name)
        own = generated.file(self.tree, key) if generated is not None else ""
        return own or self._outer.generated_file(near, name, key)

    def _generated(self, name: str) -> Generated | None:
        """Return the generated ConfigMap that is meant by a name."""
        called = [one for one in self._overlays.maps(self._folder) if name in one.names]
        return called[nearest([one.through for one in called], self._laid.through)] if called else None

    def _object(self, name: str) -> Cursor | None:
        """Return the ConfigMap among the objects that is meant by a name."""
        objects = self._overlays.objects(self._folder)
        called = [one for one in objects if one.thing.kind == "ConfigMap" and name in one.names]
        return called[nearest([one.through for one in called], self._laid.through)].thing.at if called else None
