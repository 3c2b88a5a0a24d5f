"""ConfigMaps that a kustomization generates: where each key stands, in one generator or in several over one another.

Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/configmapgenerator/ (5.7): `create` makes
one, `merge` lays keys over those of the same name that resources and components brought, `replace` takes their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from trimtab.manifest.environment import Variable, dotenv_value
from trimtab.manifest.grafts import keys_of
from trimtab.manifest.parse import BrokenYamlError, decode
from trimtab.manifest.patches import Patch, Target
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import dotenv
from trimtab.manifest.text import Text
from trimtab.manifest.tree import Tree


@dataclass(frozen=True, slots=True)
class Generator:
    """One entry of `configMapGenerator`, with the kustomization that has it."""

    kustomization: Cursor
    at: Cursor

    @property
    def name(self) -> str:
        """Return the ConfigMap's name; a generator in a file of its own has it where objects have theirs."""
        return self.at.word("name") or self.at.word("metadata", "name")

    def value(self, tree: Tree, key: str) -> Variable | None:
        """Return where it says a key, a literal before a file of variables; None where it does not."""
        for literal in self.at.items("literals"):
            variable, equals, _ = literal.string.partition("=")
            text = literal.text()
            if equals and variable == key and text is not None:
                value = _unquoted(text.cut(len(key) + 1, len(text.value)))
                path, number = literal.source.path, literal.source.number
                return Variable(value, literal, path, number, "configmap", key, literal.why_locked)
        found = (_in_file(tree, joined(self._folder, env.string), key, env) for env in self._envs)
        return next((one for one in found if one is not None), None)

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the files of variables that it takes."""
        return tuple(joined(self._folder, env.string) for env in self._envs)

    @property
    def _envs(self) -> tuple[Cursor, ...]:
        one = self.at.get("env")
        return (*self.at.items("envs"), *([one] if one is not None else []))

    def is_told(self, option: str) -> bool:
        """Return whether an option is on, its own or that of all generators beside it (5.7 turns none off again)."""
        return "true" in {self.at.word("options", option), self.kustomization.word("generatorOptions", option)}

    def names(self, tree: Tree) -> Iterator[str]:
        """Yield the names of the variables that it says."""
        yield from (name for one in self.at.items("literals") if (name := one.string.partition("=")[0]))
        for path in self.paths:
            yield from dotenv(decode(tree[path])) if path in tree else ()

    def file(self, tree: Tree, key: str) -> str:
        """Return the file that it takes a key from; empty where there is none."""
        found = ""
        for entry in self.at.items("files"):
            label, equals, file = entry.string.rpartition("=")
            path = joined(self._folder, file)
            named = label if equals else path.rsplit("/", 1)[-1]
            found = path if named == key and path in tree else found
        return found

    @property
    def _folder(self) -> str:
        return folder_of(self.kustomization.source.path)


@dataclass(frozen=True, slots=True)
class MapPatch:
    """A patch that lies over a generated ConfigMap."""

    patch: Patch

    @property
    def at(self) -> Cursor:
        """Return what it says."""
        return self.patch.at

    def value(self, tree: Tree, key: str) -> Variable | None:  # noqa: ARG002 - as a generator has it
        """Return where it says a key; None where it does not."""
        if self.at.is_sequence:
            said = [one.get("value") for one in self.at.items() if keys_of(one.word("path")) == ("data", key)]
            found = said[-1] if said else None
        else:
            found = self.at.get("data", key)
        text = found.text() if found is not None else None
        if found is None or text is None:
            return None
        return Variable(text, found, found.source.path, found.source.number, "configmap", key, found.why_locked)

    def file(self, tree: Tree, key: str) -> str:  # noqa: ARG002 - as a generator has it
        """Return no file: a patch holds its text."""
        return ""


@dataclass(frozen=True, slots=True)
class Generated:
    """A ConfigMap as generators make it.

    Attributes:
        names: What it was called, its own name first.
        parts: The generators and the patches over them, the one that wins last.
        through: Folders of the kustomizations it came through, the innermost first.
        whole: Whether nothing lies beneath, as an object that the first one was merged over.
    """

    names: tuple[str, ...]
    parts: tuple[Generator | MapPatch, ...]
    through: tuple[str, ...] = ()
    whole: bool = True

    @property
    def generators(self) -> tuple[Generator, ...]:
        """Return its parts without the patches."""
        return tuple(part for part in self.parts if isinstance(part, Generator))

    def value(self, tree: Tree, key: str) -> Variable | None:
        """Return where a key has its text."""
        found = (part.value(tree, key) for part in reversed(self.parts))
        return next((one for one in found if one is not None), None)

    def variables(self, tree: Tree) -> dict[str, str]:
        """Return the variables that it holds, those of generators alone."""
        names = dict.fromkeys(name for part in self.generators for name in part.names(tree))
        return {name: found.text.value for name in names if (found := self.value(tree, name)) is not None}

    def file(self, tree: Tree, key: str) -> str:
        """Return the file that a key is taken from; empty where there is none."""
        return next((path for part in reversed(self.parts) if (path := part.file(tree, key))), "")

    @property
    def target(self) -> Target:
        """Return it as selectors see it."""
        return Target(self.parts[0].at, "", "v1", "ConfigMap", tuple((name, "") for name in self.names))

    def under(self, patch: Patch) -> Generated:
        """Return it under a patch."""
        return replace(self, parts=(*self.parts, MapPatch(patch)))

    def renamed(self, kustomization: Cursor) -> Generated:
        """Return it after a kustomization's prefix and suffix."""
        name = f"{kustomization.word('namePrefix')}{self.names[-1]}{kustomization.word('nameSuffix')}"
        return self if name == self.names[-1] else replace(self, names=(*self.names, name))

    def brought(self, folder: str) -> Generated:
        """Return it as it comes out of the kustomization of a folder."""
        return replace(self, through=(*self.through, folder))


def generators_of(kustomization: Cursor, others: Iterable[Cursor] = ()) -> Iterator[Generator]:
    """Yield the generators of one kustomization; `others` are those in files of their own."""
    listed = (*kustomization.items("configMapGenerator"), *others)
    yield from (Generator(kustomization, at) for at in listed if at.word("kind") in {"", "ConfigMapGenerator"})


def with_generators(maps: Iterable[Generated], generators: Iterable[Generator]) -> tuple[Generated, ...]:
    """Return the ConfigMaps that a kustomization has after its own generators."""
    found = list(maps)
    for generator in generators:
        name, behavior = generator.name, generator.at.word("behavior")
        known = [index for index, one in enumerate(found) if name in one.names] if behavior else []
        if behavior == "merge" and known:
            at = known[-1]
            found[at] = replace(found[at], parts=(*found[at].parts, generator))
        elif behavior == "replace" and known:
            found[known[-1]] = replace(found[known[-1]], parts=(generator,), whole=True)
        else:
            found.append(Generated((name,), (generator,), whole=behavior != "merge"))
    return tuple(found)


def _unquoted(text: Text) -> Text:
    """Return a literal's value without the quotes around it, which kustomize takes off (`kv.parseLiteralSource`)."""
    stop = len(text.value)
    quoted = stop > 1 and text.value[0] == text.value[-1] and text.value[0] in "\"'"
    return text.cut(1, stop - 1) if quoted else text


def _in_file(tree: Tree, path: str, key: str, holder: Cursor) -> Variable | None:
    if path not in tree:
        return None
    try:
        text = dotenv_value(decode(tree[path]), key)
    except BrokenYamlError:
        return None
    return Variable(text, holder, path, 0, "dotenv", key) if text is not None else None
