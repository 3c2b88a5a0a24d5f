"""What a shape may look up elsewhere in the tree: ConfigMaps, autoscalers, other objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from trimtab.manifest.environment import Variable
from trimtab.manifest.generators import Generator, generators_of
from trimtab.manifest.near import Nearby
from trimtab.manifest.paths import folder_of
from trimtab.manifest.release import ARGO, FLUX, Release, releases_of
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the tree."""

    at: Cursor
    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """Return the file it stands in."""
        return self.at.source.path

    @property
    def group(self) -> str:
        """Return the API group, empty for the core one."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""


def things_in(tree: Tree, path: str) -> Iterator[Thing]:
    """Yield the objects of a file, items of a `List` and of an OpenShift Template included."""
    for source in tree.readable(path):
        root = source.root()
        if root is not None:
            yield from _things(root)


def _things(at: Cursor) -> Iterator[Thing]:
    kind, api_version = at.word("kind"), at.word("apiVersion")
    if not kind or not api_version:
        return
    listed = at.get("items") if kind == "List" else at.get("objects") if kind == "Template" else None
    if listed is not None:
        for item in listed.items():
            yield from _things(item)
        return
    name = at.word("metadata", "name") or at.word("metadata", "generateName")
    yield Thing(at, api_version, kind, at.word("metadata", "namespace"), name)


@dataclass
class Context:
    """Looks things up in a tree; what is looked up once is kept.

    Attributes:
        tree: The files.
        alone: Of files of values: whether they are servings by themselves.
    """

    tree: Tree
    alone: dict[str, bool] = field(default_factory=dict)
    _by_word: dict[bytes, tuple[Thing, ...]] = field(default_factory=dict)
    _near_by_kind: dict[str, Nearby[Thing]] = field(default_factory=dict)

    def things(self, word: str) -> tuple[Thing, ...]:
        """Return the objects of all files that hold a word, such as a kind or an API group."""
        key = word.encode()
        if key not in self._by_word:
            self._by_word[key] = tuple(thing for path in self._holding(key) for thing in things_in(self.tree, path))
        return self._by_word[key]

    def _holding(self, word: bytes) -> Iterator[str]:
        return (path for path in self.tree.yaml_paths if word in self.tree[path])

    def things_near(self, kind: str, path: str) -> tuple[Thing, ...]:
        """Return the objects of a kind within a few folders of a file, the nearest first.

        Nothing else of their files is kept: the nodes of all that a large tree holds would fill the memory.
        """
        if kind not in self._near_by_kind:
            things = (one for found in self._holding(kind.encode()) for one in things_in(self.tree, found))
            self._near_by_kind[kind] = Nearby((one.path, one) for one in things if one.kind == kind)
        return self._near_by_kind[kind].of(path)

    @cached_property
    def kustomizations(self) -> tuple[Cursor, ...]:
        """Return the kustomization of every folder that has one."""
        found: list[Cursor] = []
        for path in self.tree.yaml_paths:
            if path.rsplit("/", 1)[-1] in KUSTOMIZATIONS:
                roots = [source.root() for source in self.tree.readable(path)]
                found += [root for root in roots if root is not None and root.is_mapping][:1]
        return tuple(found)

    @cached_property
    def releases(self) -> tuple[Release, ...]:
        """Return the releases of charts that Argo CD and Flux declare in the tree."""
        things = (*self.things(ARGO), *self.things(FLUX))
        return tuple(release for thing in things for release in releases_of(thing, self))

    def configmap_value(self, near: str, namespace: str, name: str, key: str) -> Variable | None:
        """Return where a ConfigMap's key has its text: the nearest object or generator of that name.

        Args:
            near: The file that refers to it.
            namespace: The referring object's; objects of another one are passed over.
            name: The ConfigMap's.
            key: The key.
        """
        for thing in self._configmaps(near, namespace, name):
            at = thing.at.get("data", key)
            found = value_of(at, key) if at is not None else None
            if found is not None:
                return found
        return self.generated_value(near, name, key)

    def variable(self, name: str) -> Variable | None:  # noqa: ARG002 - overlays know some
        """Return what a kustomization puts in for `$(NAME)` before anything runs; None where it leaves it alone."""
        return None

    def configmap_file(self, near: str, namespace: str, name: str, key: str) -> Cursor | None:
        """Return the YAML that a ConfigMap holds under a key; arguments as for `configmap_value`."""
        path = self.generated_file(near, name, key)
        roots = [root for source in self.tree.readable(path) if (root := source.root()) is not None]
        if roots:
            return roots[0] if len(roots) == 1 else None
        value = self.configmap_value(near, namespace, name, key)
        whole = value.holder.text() if value is not None and value.via == "configmap" else None
        same = value is not None and whole is not None and whole.span() == value.text.span()
        return value.holder.inner() if value is not None and same else None

    def generated_file(self, near: str, name: str, key: str) -> str:
        """Return the file that a generator beside another file takes a key from; empty where there is none."""
        return next((found for one in self._beside(near, name) if (found := one.file(self.tree, key))), "")

    def _beside(self, near: str, name: str) -> tuple[Generator, ...]:
        """Return the generators of a ConfigMap in the kustomizations of a file's folder, the last that wins first."""
        beside = self._kustomization_of.get(folder_of(near), ())
        return tuple(one for at in beside for one in reversed(list(generators_of(at))) if one.at.word("name") == name)

    @cached_property
    def _configmap_paths(self) -> Nearby[str]:
        return Nearby((path, path) for path in self.tree.yaml_paths if b"ConfigMap" in self.tree[path])

    def _configmaps(self, near: str, namespace: str, name: str) -> Iterator[Thing]:
        """Yield the ConfigMaps of a name, the nearest first."""
        for path in self._configmap_paths.of(near):
            for thing in things_in(self.tree, path) if name.encode() in self.tree[path] else ():
                same = thing.kind == "ConfigMap" and thing.name == name
                if same and thing.namespace in {"", namespace or thing.namespace}:
                    yield thing

    @cached_property
    def _kustomization_of(self) -> dict[str, list[Cursor]]:
        """Return the kustomizations by folder."""
        found: dict[str, list[Cursor]] = {}
        for at in self.kustomizations:
            found.setdefault(folder_of(at.source.path), []).append(at)
        return found

    def generated_value(self, near: str, name: str, key: str) -> Variable | None:
        """Return where a generator of a kustomization beside a file says a key."""
        found = (one.value(self.tree, key) for one in self._beside(near, name))
        return next((one for one in found if one is not None), None)


def value_of(at: Cursor, key: str) -> Variable | None:
    """Return a ConfigMap's key as a variable."""
    text = at.text()
    if text is None:
        return None
    return Variable(text, at, at.source.path, at.source.number, "configmap", key, at.why_locked)
