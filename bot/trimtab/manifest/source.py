"""One document of a file, and a cursor that walks it: keys, items, aliases, merges and texts inside texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from trimtab.manifest.decoded import scalar_text
from trimtab.manifest.grafts import Graft, graft_items, graft_value
from trimtab.manifest.nodes import AliasNode, Document, MappingNode, Node, ScalarNode, SequenceNode, target
from trimtab.manifest.parse import BrokenYamlError, parse
from trimtab.manifest.scalars import Value, meaning
from trimtab.manifest.text import STEP, Text

KeyPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A document and the text it was parsed from.

    Attributes:
        path: The file.
        document: The parsed document.
        text: What was parsed: the whole file, or a scalar's text inside it.
        index: Index of the file's document, also for a text inside one.
        inside: Why nothing here can be edited; empty where it can.
    """

    path: str
    document: Document
    text: Text
    index: int = -1
    inside: str = ""

    @property
    def number(self) -> int:
        """Return the index of the document in the file."""
        return self.document.index if self.index < 0 else self.index

    @property
    def is_step(self) -> bool:
        """Return whether it is one step of a JSON patch's path."""
        return self.text.layers[-1:] == (STEP,)

    def root(self) -> Cursor | None:
        """Return a cursor at the top, or None for an empty document."""
        if self.document.root is None:
            return None
        return Cursor(self, (), self.document.root, self.inside)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A node with the way to it.

    Attributes:
        source: Where it stands.
        path: Keys and indexes from the document's root.
        node: The node, possibly an alias.
        locked: Why it cannot be edited without changing something else; empty where it can.
        key: The key it is the value of, where it is one.
        under: What this is laid over, the nearest first: a patch over its base, as kustomize merges them.
        grafts: Operations of JSON patches that apply to it, in order.
        whole: Whether a list takes the place of the one beneath, as in Helm's values and custom resources.
        key_source: Where the key stands, where that is elsewhere than the value.
        said: What the scalar reads as where something that is not written here is put in or around it.
        is_default: Whether it is a chart's own, which Helm lays beneath all values once those are one.
    """

    source: Source
    path: KeyPath
    node: Node
    locked: str = ""
    key: ScalarNode | None = None
    under: tuple[Cursor, ...] = ()
    grafts: tuple[Graft, ...] = ()
    whole: bool = False
    key_source: Source | None = None
    said: str = ""
    is_default: bool = False

    @property
    def real(self) -> ScalarNode | SequenceNode | MappingNode:
        """Return the node, or what its alias stands for."""
        return target(self.node)

    def get(self, *keys: str) -> Cursor | None:
        """Return what stands below a chain of keys; merged keys count, doubled ones give the last."""
        here: Cursor | None = self
        for key in keys:
            here = here._laid(key) if here is not None else None  # noqa: SLF001 - its own class
        return here

    def _laid(self, key: str) -> Cursor | None:
        """Return what stands below a key, laid over what stands there in the layers beneath; null removes."""
        found = self._child(key)
        if self.under:
            beneath = [below for layer in self.under if (below := layer._beneath_others(key)) is not None]  # noqa: SLF001 - its own class
            layers = [*([found] if found is not None else []), *beneath]
            found = _stacked(layers, whole=self.whole) if layers else None
        return graft_value(found, key, self.grafts) if self.grafts else found

    def _beneath_others(self, key: str) -> Cursor | None:
        """Return what stands below a key, which is a chart's own where this is."""
        found = self._laid(key)
        return replace(found, is_default=True) if found is not None and self.is_default else found

    def _child(self, key: str) -> Cursor | None:
        real = self.real
        if not isinstance(real, MappingNode):
            return None
        found = real.named(key)
        if found:
            locked = self._below() or (f"the key `{key}` is written twice" if len(found) > 1 else "")
            return Cursor(self.source, (*self.path, key), found[-1][1], locked, found[-1][0])
        for merged in self._merged() if real.named("<<") else ():
            below = merged.get(key)
            if below is not None:
                return replace(below, locked=below.locked or "the value comes through a merge key `<<`")
        return None

    def _merged(self) -> Iterator[Cursor]:
        """Yield the mappings that `<<` brings in, the first one winning."""
        for name, value in self._written():
            if name.value == "<<" and not name.style:
                cursor = Cursor(self.source, (*self.path, name.value), value, self._below(), name)
                yield from cursor.items() if isinstance(cursor.real, SequenceNode) else (cursor,)

    def _written(self) -> Iterator[tuple[ScalarNode, Node]]:
        """Yield the keys written in this mapping with their nodes; none where it is no mapping."""
        real = self.real
        if isinstance(real, MappingNode):
            for key, value in real.pairs:
                if isinstance(key, ScalarNode):
                    yield key, value

    def pairs(self) -> Iterator[tuple[ScalarNode, Cursor]]:
        """Yield the keys written in this mapping with their values; none where it is no mapping."""
        locked = self._below() if self.is_mapping else ""
        for key, value in self._written():
            yield key, Cursor(self.source, (*self.path, key.value), value, locked, key)

    def entries(self, *keys: str) -> dict[str, Cursor]:
        """Return the keys below a chain of keys with their values, merged ones included; none without a mapping."""
        if keys:
            below = self.get(*keys)
            return below.entries() if below is not None else {}
        found: dict[str, Cursor] = {}
        for merged in reversed(list(self._merged())):
            for key, cursor in merged.entries().items():
                found[key] = replace(cursor, locked=cursor.locked or "the value comes through a merge key `<<`")
        own: dict[str, Cursor] = {}
        for name, cursor in self.pairs():
            if name.value != "<<":
                twice = f"the key `{name.value}` is written twice" if name.value in own else ""
                own[name.value] = replace(cursor, locked=cursor.locked or twice)
        found.update(own)
        if self.under or self.grafts:
            names = dict.fromkeys((*found, *self._beneath()))
            return {name: laid for name in names if (laid := self._laid(name)) is not None}
        return found

    def _beneath(self) -> Iterator[str]:
        """Yield the keys that layers beneath or operations may add."""
        for layer in self.under:
            yield from layer.entries() if not (layer.under or layer.grafts) else layer._names()  # noqa: SLF001 - its own class
        yield from (graft.keys[0] for graft in self.grafts)

    def _names(self) -> Iterator[str]:
        yield from replace(self, under=(), grafts=()).entries()
        yield from self._beneath()

    def items(self, *keys: str) -> tuple[Cursor, ...]:
        """Return the items of the sequence below a chain of keys; none where it is no sequence."""
        if keys:
            below = self.get(*keys)
            return below.items() if below is not None else ()
        real = self.real
        if not isinstance(real, SequenceNode):
            return ()
        locked = self._below()
        own = tuple(Cursor(self.source, (*self.path, at), item, locked) for at, item in enumerate(real.items))
        if self.under and not self.whole:
            own = _merged_by_key(own, self.under, self.key.value if self.key is not None else "")
        return graft_items(own, self.grafts) if self.grafts else own

    def _below(self) -> str:
        """Return why what stands below cannot be edited alone."""
        if self.locked:
            return self.locked
        if isinstance(self.node, AliasNode):
            return f"the value is shared through the alias *{self.node.name}"
        if self.real.start in self.source.document.aliased:
            return f"the value is shared: aliases point to the anchor &{self.real.anchor}"
        return ""

    @property
    def why_locked(self) -> str:
        """Return why this node cannot be edited alone; empty where it can."""
        return self._below()

    @property
    def is_mapping(self) -> bool:
        """Return whether it is a mapping."""
        return isinstance(self.real, MappingNode)

    @property
    def is_sequence(self) -> bool:
        """Return whether it is a sequence."""
        return isinstance(self.real, SequenceNode)

    @property
    def scalar(self) -> ScalarNode | None:
        """Return the scalar, or None."""
        real = self.real
        return real if isinstance(real, ScalarNode) else None

    @property
    def value(self) -> Value:
        """Return what the scalar means; None for collections too."""
        return meaning(self.scalar) if self.scalar is not None else None

    @property
    def string(self) -> str:
        """Return the scalar's characters, decoded; empty for null and for collections."""
        return self.said or ("" if self.scalar is None or self.value is None else self.scalar.value)

    @property
    def named(self) -> Cursor | None:
        """Return its key as a scalar of its own, or None where it has none."""
        if self.key is None:
            return None
        elsewhere = self.key_source is not None and self.key_source is not self.source
        apart = elsewhere and not (self.key_source and self.key_source.is_step)
        locked = "a JSON patch finds the value by this key" if apart else self.locked
        return Cursor(self.key_source or self.source, self.path, self.key, locked)

    def text(self) -> Text | None:
        """Return the scalar's characters with their places, or None where they cannot be told."""
        return scalar_text(self.source.text, self.scalar) if self.scalar is not None else None

    def word(self, *keys: str) -> str:
        """Return the characters of the scalar below a chain of keys, empty where there is none."""
        found = self.get(*keys)
        return found.string if found is not None else ""

    @property
    def directive(self) -> str:
        """Return what a strategic merge is told to do here, by the layer's own words alone; empty where it is not."""
        written = self._child("$patch")
        return written.string if written is not None else ""

    @property
    def is_directive(self) -> bool:
        """Return whether it is an item that says nothing but what is to become of its list."""
        real = self.real
        return isinstance(real, MappingNode) and len(real.pairs) == 1 and bool(self.directive)

    def inner(self) -> Cursor | None:
        """Return the top of the YAML document that this scalar's text is, or None where it is none, or several."""
        found = self.inners()
        return found[0] if len(found) == 1 else None

    def inners(self) -> tuple[Cursor, ...]:
        """Return the tops of the YAML documents that this scalar's text is made of; none where it is no YAML."""
        text = self.text()
        if text is None:
            return ()
        try:
            documents = parse(text.value)
        except BrokenYamlError:
            return ()
        inside = (Source(self.source.path, one, text, self.source.number, self.why_locked) for one in documents)
        return tuple(root for one in inside if (root := one.root()) is not None)

    @property
    def line(self) -> int:
        """Return the line, from 1, on which the node begins in the file's text."""
        return self.source.text.value.count("\n", 0, self.node.start) + 1


def _stacked(layers: list[Cursor], *, whole: bool) -> Cursor | None:
    """Return the first of the layers laid over the others, as a strategic merge does."""
    top = layers[0]
    if top.scalar is not None:
        return None if top.value is None else top
    directive = top.directive
    if directive == "delete":
        return None
    if directive == "replace":
        return replace(top, under=(), whole=whole)
    return replace(top, under=(*top.under, *_reached(layers)), whole=whole)


def _reached(layers: list[Cursor]) -> Iterator[Cursor]:
    """Yield the layers beneath the first that show through it: one of another kind, such as null, hides all lower ones.

    Only a chart's own values are not hidden by values, which Helm merges with one another first (`helm.sh/helm`,
    pkg/cli/values/options.go and pkg/chartutil/coalesce.go, v3.18).
    """
    hidden: set[bool] = set()
    for layer in layers[1:]:
        if layer.is_mapping != layers[0].is_mapping or layer.scalar is not None:
            hidden.add(layer.is_default)
        elif layer.is_default not in hidden:
            yield layer


MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "ephemeralContainers": "name",
    "env": "name",
    "volumes": "name",
    "imagePullSecrets": "name",
    "resourceClaims": "name",
    "claims": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
    "hostAliases": "ip",
    "topologySpreadConstraints": "topologyKey",
}
"""What tells items of a pod's lists apart; every other list is replaced whole.

Source: https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/ (`patch merge key`).
"""


def _merged_by_key(own: tuple[Cursor, ...], under: tuple[Cursor, ...], listed: str) -> tuple[Cursor, ...]:
    """Return the items of a list laid over others: merged by their key where the list has one, else its own alone.

    Its own items come first, as kustomize 5.7 has them (kyaml `MergeOptionsListPrepend`); one that is to replace
    another leaves that one as it is.
    """
    told = {item.directive for item in own if item.is_directive}
    own = tuple(item for item in own if not item.is_directive)
    merge_key = MERGE_KEYS.get(listed)
    if merge_key is None or told:
        return () if "delete" in told else own
    beneath = [{item.word(merge_key): item for item in layer.items()} for layer in under]
    mine = {item.word(merge_key): item for item in own}
    if not own or "" in mine:
        return own
    found: dict[str, Cursor] = {}
    known = dict.fromkeys(name for layer in beneath for name in layer)
    for name in dict.fromkeys((*mine, *known)):
        is_said = name in mine and not (name in known and mine[name].directive == "replace")
        layers = [*([mine[name]] if is_said else []), *(layer[name] for layer in beneath if name in layer)]
        laid = _stacked(layers, whole=False)
        if laid is not None:
            found[name] = laid
    return tuple(found.values())
