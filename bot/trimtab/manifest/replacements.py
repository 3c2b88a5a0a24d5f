"""A kustomization's `replacements`: values copied from one object into fields of others.

Source: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/replacements/ (5.7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from trimtab.manifest.composed import composed
from trimtab.manifest.environment import Variable
from trimtab.manifest.grafts import Graft
from trimtab.manifest.nodes import Document, ScalarNode
from trimtab.manifest.patches import Target, locked, selects, walk
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor, Source
from trimtab.manifest.tree import Tree

Generated = Callable[[str, str], Variable | None]
"""Finds a key of a ConfigMap that a kustomization generates: its name, the key."""
_RENAMED = (("metadata", "name"), ("metadata", "namespace"))
"""What may have become another on the way."""
_MOST_PLACES = 1000
"""In one object, of one path; `*` and aliases make many of few."""
_TOKEN = re.compile(r"\[(?P<inside>[^\]]*)\]|(?P<bare>(?:\\.|[^.\[\\])+)")


@dataclass(frozen=True, slots=True)
class Filled:
    """An object after replacements, with the name and namespace that they gave it; empty where they gave none."""

    at: Cursor
    name: str = ""
    namespace: str = ""


def replacements_of(tree: Tree, kustomization: Cursor, folder: str) -> Iterator[Cursor]:
    """Yield the replacements of a kustomization, those in files of their own, named from `folder` on, included."""
    for item in kustomization.items("replacements"):
        path = item.word("path")
        if not path:
            yield item
        for source in tree.readable(joined(folder, path)) if path else ():
            root = source.root()
            if root is not None:
                yield from root.items() if root.is_sequence else (root,)


def filled(targets: Sequence[Target], replacement: Cursor, generated: Generated) -> list[Filled]:
    """Return objects after one replacement.

    Args:
        targets: All objects that the kustomization has.
        replacement: What is copied, and where to.
        generated: Finds keys of generated ConfigMaps, which are no objects of the tree.
    """
    value = replacement.get("sourceValue") or _source(targets, replacement.get("source"), generated)
    return [_filled(target, replacement, value) for target in targets]


def _source(targets: Sequence[Target], source: Cursor | None, generated: Generated) -> Cursor | None:
    """Return the value that is copied."""
    if source is None:
        return None
    field = tokens_of(source.word("fieldPath") or "metadata.name")
    chosen = next((target for target in targets if selects(source, target)), None)
    found = walk(chosen.at, field) if chosen is not None else None
    if chosen is not None and found is not None and field in _RENAMED:
        now = chosen.ids[-1][_RENAMED.index(field)]
        found = composed(found, now, f"kustomize makes it of {_place(found)}") if now != found.string else found
    if found is None and source.word("kind") == "ConfigMap" and field[:1] == ("data",) and len(field) > 1:
        variable = generated(source.word("name"), field[1])
        found = _cursor_of(variable) if variable is not None else None
    options = source.get("options")
    if found is None or options is None or not options.word("delimiter"):
        return found
    part = _split(found.string, options)
    return composed(found, part, f"only a part of {_place(found)} is copied here; edit it there")


def _cursor_of(variable: Variable) -> Cursor:
    """Return a variable's text as a scalar of its own, which can be read but not written."""
    whole = variable.holder.text()
    if whole is not None and variable.path == variable.holder.source.path and whole.span() == variable.text.span():
        return variable.holder
    text = variable.text
    node = ScalarNode(text.value, "", "", "", 0, len(text.value))
    reason = f"the value is copied from {variable.name or 'a variable'} in {variable.path}; edit it there"
    return Cursor(Source(variable.path, Document(0, node, 0), text, variable.document), (), node, reason)


def _filled(target: Target, replacement: Cursor, value: Cursor | None) -> Filled:
    """Return an object with a value put in; where the value is not found, what stands in its places is locked."""
    done = Filled(target.at)
    for item in replacement.items("targets"):
        if _is_chosen(item, target):
            paths = item.get("fieldPaths")
            fields = [tokens_of(one.string) for one in paths.items()] if paths is not None else [_RENAMED[0]]
            for field in fields:
                done = _put(done, field, value, item.get("options"))
    return done


def _is_chosen(item: Cursor, target: Target) -> bool:
    select = item.get("select")
    rejected = any(selects(one, target) for one in item.items("reject"))
    return select is not None and selects(select, target) and not rejected


def _put(done: Filled, field: tuple[str, ...], value: Cursor | None, options: Cursor | None) -> Filled:
    """Return an object with a value in every place that a field path names."""
    create = options is not None and options.word("create") == "true"
    for keys in list(islice(_places(done.at, field, create=create), _MOST_PLACES)):
        old = walk(done.at, keys)
        new = _within(old, value, options) if value is not None else _unknown(old)
        if new is None:
            continue
        graft = Graft("set" if old is None else "replace", keys, new)
        done = replace(done, at=replace(done.at, grafts=(*done.at.grafts, graft)))
        if keys == _RENAMED[0]:
            done = replace(done, name=new.string)
        if keys == _RENAMED[1]:
            done = replace(done, namespace=new.string)
    return done


def _unknown(old: Cursor | None) -> Cursor | None:
    """Return what stands where something else is put that is not in the tree."""
    return locked(old, "a replacement puts something else there, which is not in the tree") if old is not None else None


def _within(old: Cursor | None, value: Cursor, options: Cursor | None) -> Cursor:
    """Return the value as it stands in its place, which may be only a part of what stood there."""
    if options is None or not options.word("delimiter") or old is None:
        return value
    parts = old.string.split(options.word("delimiter"))
    index = _index(options)
    if index < 0:
        parts = [value.string, *parts]
    else:
        parts[index : index + 1] = [value.string]
    said = options.word("delimiter").join(parts)
    return composed(old, said, f"a part of it is copied from {_place(value)}; edit it by hand")


def _split(text: str, options: Cursor) -> str:
    parts = text.split(options.word("delimiter"))
    return parts[_index(options)] if 0 <= _index(options) < len(parts) else text


def _index(options: Cursor) -> int:
    word = options.word("index") or "0"
    return int(word) if re.fullmatch(r"\d{1,4}", word) else -1


def _place(cursor: Cursor) -> str:
    return f"{cursor.source.path}:{cursor.line}"


def tokens_of(path: str) -> tuple[str, ...]:
    """Return the steps of a field path; `[name=x]` stays in its brackets, `[a.b/c]` is a key with dots."""
    found = []
    for match in _TOKEN.finditer(path):
        inside = match["inside"]
        if inside is None:
            found.append(re.sub(r"\\(.)", r"\1", match["bare"]))
        else:
            found.append(f"[{inside}]" if "=" in inside else inside)
    return tuple(found)


def _places(at: Cursor, field: tuple[str, ...], *, create: bool) -> Iterator[tuple[str, ...]]:
    """Yield the keys and indexes of every place that a field path names."""
    if not field:
        yield ()
        return
    step, rest = field[0], field[1:]
    for key, below in _steps(at, step):
        yield from ((key, *keys) for keys in _places(below, rest, create=create))
    if create and at.is_mapping and at.get(step) is None:
        yield field


def _steps(at: Cursor, step: str) -> Iterator[tuple[str, Cursor]]:
    if at.is_sequence:
        name, _, wanted = step.strip("[]").partition("=")
        for index, item in enumerate(at.items()):
            chosen = item.word(name) == wanted if step.startswith("[") else step in {"*", str(index)}
            if chosen:
                yield str(index), item
    elif step == "*":
        yield from at.entries().items()
    elif (below := at.get(step)) is not None:
        yield step, below
