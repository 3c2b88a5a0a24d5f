"""What a shape may look up elsewhere in the tree: ConfigMaps, autoscalers, other objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from trimtab.manifest.environment import Variable
from trimtab.manifest.file_index import FileIndex
from trimtab.manifest.generators import Generator, generators_of
from trimtab.manifest.links import KUSTOMIZATIONS, Links, kustomization_in, links_in
from trimtab.manifest.objects import Thing, things_in
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.release import Release
from trimtab.manifest.releases import DECLARING, bare_releases, may_declare, releases_of
from trimtab.manifest.seen import Seen, asked
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import YAML_SUFFIXES, Tree


class Context:
    """Looks things up in a tree; what is looked up once is kept.

    Attributes:
        tree: The files.
        index: Which of them there are of a kind.
    """

    def __init__(self, tree: Tree, index: FileIndex | None = None) -> None:
        """Take the files, and what was looked up of them before."""
        self.tree = tree
        self.index = index or FileIndex(tree)

    @property
    def seen(self) -> Seen:
        """Return where notes are taken."""
        return self.tree.seen

    def things(self, word: str, name: str = "") -> tuple[Thing, ...]:
        """Return the objects of all files that hold a word, such as a kind or an API group.

        None is kept: the nodes of all that a large tree holds would fill the memory.

        Args:
            word: The word.
            name: Only of files in which something has this name, where one is given.
        """
        paths = self.index.named(word, name) if name else self.index.held(word)
        return tuple(thing for path in paths for thing in things_in(self.tree, path))

    def things_named(self, kind: str, name: str) -> tuple[Thing, ...]:
        """Return the objects of a kind, by path, from files in which something has a name."""
        return tuple(thing for thing in self.things(kind, name) if thing.kind == kind)

    def built_with(self, kind: str) -> tuple[Thing, ...]:  # noqa: ARG002 - overlays know some
        """Return the objects of a kind that are built together with the one that is looked at."""
        return ()

    def names_of(self, name: str) -> frozenset[str]:
        """Return each name that the object that is looked at has or had."""
        return frozenset({name})

    def namespace_of(self, namespace: str) -> str:
        """Return the namespace of the object that is looked at, which says `namespace` itself."""
        return namespace

    @cached_property
    def kustomizations(self) -> Mapping[str, Links]:
        """Return what every kustomization names, by its file."""
        paths = (path for path in self.tree.yaml_paths if path.rsplit("/", 1)[-1] in KUSTOMIZATIONS)
        return {path: links for path in paths if (links := links_in(self.tree, path)) is not None}

    def releases_with(self, path: str) -> tuple[Release, ...]:
        """Return the releases that the tree declares which take a file of values."""
        return tuple(one for found in self.releasing(path) for one in self._releases_in(found) if path in one.paths)

    def _releases_in(self, declaring: str) -> Iterator[Release]:
        """Yield the releases that a file declares."""
        for thing in things_in(self.tree, declaring) if declaring in self._with_objects else ():
            yield from releases_of(thing, self)
        yield from bare_releases(declaring, self)

    @asked
    def releasing(self, path: str) -> tuple[str, ...]:
        """Return the files that declare releases which take a file of values."""
        return tuple(self._releasing.get(path, ()))

    @cached_property
    def _releasing(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for declaring in self.declaring:
            for path in self.values_of(declaring):
                found.setdefault(path, []).append(declaring)
        return found

    @cached_property
    def _with_objects(self) -> Mapping[str, None]:
        """Return the files that may declare releases by objects."""
        return dict.fromkeys(path for word in DECLARING for path in self.tree.holding(word))

    @cached_property
    def declaring(self) -> tuple[str, ...]:
        """Return the files that may declare releases, those with objects of Argo CD first, then those with Flux's."""
        with self.seen.apart():
            return tuple(dict.fromkeys((*self._with_objects, *(path for path in self.tree if may_declare(path)))))

    def values_of(self, declaring: str) -> tuple[str, ...]:
        """Return the files of values that the releases of one file take."""

        def paths() -> tuple[str, ...]:
            return tuple(sorted({path for one in self._releases_in(declaring) for path in one.paths}))

        return self.seen.kept("values_of", declaring, paths)

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
        beside = self._kustomizations_in(folder_of(near))
        return tuple(one for at in beside for one in reversed(list(generators_of(at))) if one.name == name)

    def _configmaps(self, near: str, namespace: str, name: str) -> Iterator[Thing]:
        """Yield the ConfigMaps of a name, the nearest first."""
        for path in self.index.near("ConfigMap", near):
            for thing in things_in(self.tree, path) if name.encode() in self.tree[path] else ():
                same = thing.kind == "ConfigMap" and thing.name == name
                if same and thing.namespace in {"", namespace or thing.namespace}:
                    yield thing

    def _kustomizations_in(self, folder: str) -> tuple[Cursor, ...]:
        """Return the kustomizations of a folder."""
        paths = [joined(folder, name) for name in KUSTOMIZATIONS if name.endswith(YAML_SUFFIXES)]
        return tuple(at for path in paths if (at := kustomization_in(self.tree, path)) is not None)

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
