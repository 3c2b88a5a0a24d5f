"""The patches of a kustomization: where they stand, which objects they are for, and what they do to one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from trimtab.manifest.grafts import Graft, keys_of, last_step
from trimtab.manifest.label_selector import has_labels
from trimtab.manifest.nodes import Document, ScalarNode
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor, Source
from trimtab.manifest.tree import Tree

_LONGEST_PATTERN = 200
_MOST_PATCHES = 100
_MOST_OPERATIONS = 2000
FIRST_PATCHES = ("patchesStrategicMerge", "patches")
ALL_PATCHES = (*FIRST_PATCHES, "patchesJson6902")
"""The lists of a kustomization that hold patches; names come between the first and the last."""
_OWN_GROUPS = frozenset({"", "apps", "batch", "autoscaling", "policy"})


Id: TypeAlias = tuple[str, str]
"""A name and a namespace, the latter empty where none is said."""


@dataclass(frozen=True, slots=True)
class Target:
    """An object as a selector sees it.

    Attributes:
        at: The object.
        group: Its API group.
        version: The version of it.
        kind: Its kind.
        ids: Each name and namespace that it had, its own first and the present one last.
    """

    at: Cursor
    group: str
    version: str
    kind: str
    ids: tuple[Id, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return all its names."""
        return tuple(name for name, _ in self.ids)


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch.

    Attributes:
        at: What it says.
        selector: Which objects it is for; None where it names its object itself.
        options: What else is said of it.
    """

    at: Cursor
    selector: Cursor | None
    options: Cursor | None = None

    def chosen(self, targets: Sequence[Target]) -> list[bool]:
        """Return of each object whether it is for it: by its selector, else by its own kind, name and namespace.

        A namespace that it leaves open is passed over where just one object is left: kustomize would build nothing.
        """
        if self.selector is not None:
            return [selects(self.selector, target) for target in targets]
        namespace = self.at.word("metadata", "namespace")
        named = [self._names(target) for target in targets]
        exact = [any(_effective(one) == _effective(namespace) for one in spaces) for spaces in named]
        return exact if any(exact) or namespace or sum(map(bool, named)) > 1 else [bool(spaces) for spaces in named]

    def _names(self, target: Target) -> tuple[str, ...]:
        """Return the namespaces of an object while it had the patch's kind and name; none where it never had."""
        group = self.at.word("apiVersion").rpartition("/")[0]
        if (self.at.word("kind"), group) != (target.kind, target.group):
            return ()
        return tuple(namespace for name, namespace in target.ids if name == self.at.word("metadata", "name"))

    @property
    def deletes(self) -> bool:
        """Return whether it takes its objects away."""
        return self.at.is_mapping and self.at.word("$patch") == "delete"

    def said(self, *keys: str) -> str:
        """Return what becomes of a word that tells objects apart, such as the name; empty where it stays.

        A strategic merge changes it only where its options allow that; a JSON patch does as it says.
        """
        if self.at.is_sequence:
            said = [one for one in self.at.items() if keys_of(one.word("path")) == keys]
            return said[-1].word("value") if said else ""
        option = {"name": "allowNameChange", "kind": "allowKindChange"}.get(keys[-1], "")
        allowed = self.options is not None and self.options.word(option) == "true"
        return self.at.word(*keys) if allowed else ""

    def laid_over(self, target: Target, before: int = 0, *, merges: bool = False) -> Cursor:
        """Return the object under this patch, `before` ones below.

        Lists of custom resources are replaced whole, unless a schema of their own has them merged.
        """
        if before >= _MOST_PATCHES or len(target.at.grafts) >= _MOST_OPERATIONS:
            return locked(target.at, "more patches change it than are followed here")
        if self.at.is_sequence:
            return operated(target.at, self.at.items()[:_MOST_OPERATIONS])
        return replace(self.at, under=(target.at,), whole=not merges and not is_own(target.group))


def is_own(group: str) -> bool:
    """Return whether an API group is one of Kubernetes' own, whose lists have keys to merge by."""
    return group in _OWN_GROUPS or group.endswith(".k8s.io")


def locked(at: Cursor, reason: str) -> Cursor:
    """Return an object of which no layer is to be edited, since not all that changes it is followed."""
    if at.locked == reason:
        return at
    grafts = [
        replace(one, value=replace(one.value, locked=reason) if one.value is not None else None) for one in at.grafts
    ]
    return replace(at, locked=reason, under=tuple(locked(one, reason) for one in at.under), grafts=tuple(grafts))


def operated(at: Cursor, operations: Iterable[Cursor]) -> Cursor:
    """Return an object under the operations of a JSON patch (RFC 6902), in order."""
    for operation in operations:
        verb, keys = operation.word("op"), keys_of(operation.word("path"))
        if verb in {"copy", "move"}:
            origin = keys_of(operation.word("from"))
            value = walk(at, origin)
            if verb == "move":
                at = _grafted(at, Graft("remove", origin))
            verb = "add"
        else:
            value = _under_its_step(operation)
        if verb in {"add", "replace", "remove"} and keys and (value is not None or verb == "remove"):
            at = _grafted(at, Graft(verb, keys, value))
    return at


def _under_its_step(operation: Cursor) -> Cursor | None:
    """Return the value of an operation, with the last step of its path as its key."""
    value, path = operation.get("value"), operation.get("path")
    step = last_step(path) if path is not None else None
    if value is None or path is None or step is None:
        return value
    node = ScalarNode(step.value, "", "", "", 0, len(step.value))
    source = Source(path.source.path, Document(0, node, 0), step, path.source.number, path.why_locked)
    return replace(value, key=node, key_source=source)


def _grafted(at: Cursor, graft: Graft) -> Cursor:
    return replace(at, grafts=(*at.grafts, graft))


def walk(at: Cursor, keys: Iterable[str]) -> Cursor | None:
    """Return what stands below a chain of keys and indexes."""
    found: Cursor | None = at
    for key in keys:
        if found is None:
            return None
        if found.is_sequence:
            items = found.items()
            found = items[int(key)] if key.isdecimal() and int(key) < len(items) else None
        else:
            found = found.get(key)
    return found


def patches_of(tree: Tree, kustomization: Cursor, folder: str, lists: Sequence[str] = ALL_PATCHES) -> Iterator[Patch]:
    """Yield the patches of a kustomization in the order in which kustomize 5.7 applies them.

    Args:
        tree: The files.
        kustomization: Its fields.
        folder: Where its paths start.
        lists: Which of its lists.
    """
    for item in _patch_items(kustomization, lists):
        path = item.word("path") if item.is_mapping else item.string
        inline = item.get("patch") if item.is_mapping else (item if "\n" in item.string else None)
        selector = item.get("target") if item.is_mapping else None
        if inline is not None:
            roots = inline.inners()
        else:
            files = tree.readable(joined(folder, path)) if path else ()
            roots = tuple(root for source in files if (root := source.root()) is not None)
        yield from (Patch(root, selector, item.get("options")) for root in roots)


def patch_paths(kustomization: Cursor) -> Iterator[str]:
    """Yield the files that hold a kustomization's patches, as it names them."""
    for item in _patch_items(kustomization):
        path = item.word("path") if item.is_mapping else item.string
        if path and "\n" not in path:
            yield path


def _patch_items(kustomization: Cursor, lists: Sequence[str] = ALL_PATCHES) -> Iterator[Cursor]:
    for key in lists:
        yield from kustomization.items(key)


def selects(selector: Cursor, target: Target) -> bool:
    """Return whether a selector of a patch or a replacement takes an object.

    Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/ (5.7).
    """
    first, last = target.ids[0], target.ids[-1]
    wanted = (
        ("kind", (target.kind,)),
        ("name", (first[0], last[0])),
        ("namespace", (_effective(first[1]), _effective(last[1]))),
        ("group", (target.group,)),
        ("version", (target.version,)),
    )
    patterns = ((selector.word(key), names) for key, names in wanted)
    if not all(not pattern or any(_matches(pattern, one) for one in names) for pattern, names in patterns):
        return False
    return all(
        has_labels(selector.word(f"{kind}Selector"), target.at.get("metadata", f"{kind}s"))
        for kind in ("label", "annotation")
    )


def _effective(namespace: str) -> str:
    """Return what kustomize takes an open namespace for (`resid.ResId.EffectiveNamespace`)."""
    return namespace or "default"


def _matches(pattern: str, text: str) -> bool:
    """Return whether a selector's word matches; kustomize takes it as an anchored regular expression."""
    if re.fullmatch(r"[\w.-]+", pattern):
        return pattern == text or ("." in pattern and re.fullmatch(pattern, text) is not None)
    if len(pattern) > _LONGEST_PATTERN or re.search(r"[*+}]\s*\)?\s*[*+{]", pattern):
        return False
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False
