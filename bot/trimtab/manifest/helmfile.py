"""Releases that a helmfile declares, one for each of its environments where its files differ by them.

Source: https://helmfile.readthedocs.io/en/stable/values-and-merging/ (v1): `values` in order, `secrets` over them,
`set` over all. What a template of values makes is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from trimtab.manifest.objects import Thing
from trimtab.manifest.paths import folder_of, joined
from trimtab.manifest.release import Parameter, Release, chart_folder, last, locked, own_values, roots
from trimtab.manifest.source import Cursor

if TYPE_CHECKING:
    from trimtab.manifest.context import Context

_ENVIRONMENT = re.compile(r"\{\{-?\s*\.Environment\.Name\s*-?\}\}")
_PATCHED = ("strategicMergePatches", "jsonPatches", "transformers")
"""What a release does to its objects once they are rendered."""
_RELEASE = re.compile(r"\{\{-?\s*`?\{?\{?\s*\.Release\.Name\s*\}?\}?`?\s*-?\}\}")


def is_helmfile(path: str) -> bool:
    """Return whether a file is named or placed as those that helmfile reads."""
    folder, _, name = path.rpartition("/")
    named = re.fullmatch(r"helmfile[\w.-]*\.ya?ml(?:\.gotmpl)?", name)
    return bool(named) or (folder.rpartition("/")[2] == "helmfile.d" and name.endswith((".yaml", ".yml", ".gotmpl")))


def helmfile_releases(path: str, context: Context) -> Iterator[Release]:
    """Yield the releases of a helmfile; none where it is none, or only a template of one."""
    documents = [root for source in context.tree.readable(path) if (root := source.root()) is not None]
    environments = _environments(path, documents, context)
    for document in documents if is_helmfile(path) else ():
        for at in (_inheriting(one, document) for one in document.items("releases")):
            uses = any(_ENVIRONMENT.search(one.string) for one in at.items("values"))
            for environment in environments if uses else environments[:1]:
                yield _release(at, path, environment, context)


def _inheriting(at: Cursor, document: Cursor) -> Cursor:
    """Return a release over the templates that it inherits from, the later over the earlier."""
    named = (document.get("templates", one.word("template")) for one in at.items("inherit"))
    templates = [one for one in named if one is not None]
    return replace(at, under=tuple(reversed(templates)), whole=True) if templates else at


def _environments(path: str, documents: Sequence[Cursor], context: Context) -> tuple[str, ...]:
    """Return the names of the environments that a helmfile and its bases have; `default` where they name none."""
    bases = [joined(folder_of(path), one.string) for document in documents for one in document.items("bases")]
    found: dict[str, None] = {}
    for document in (*documents, *roots(bases, context)):
        found.update(dict.fromkeys(document.entries("environments")))
    return tuple(found) or ("default",)


def _release(at: Cursor, path: str, environment: str, context: Context) -> Release:
    here, name = folder_of(path), at.word("name")
    chart = at.word("chart")
    folder = chart_folder(joined(here, chart), context)
    layers = own_values(folder, context)
    for one in (*at.items("values"), *at.items("secrets")):
        if one.is_mapping:
            layers.append(one)
            continue
        file = joined(here, _RELEASE.sub(lambda _: name, _ENVIRONMENT.sub(lambda _: environment, one.string)))
        known = file in context.tree and not (file.endswith(".gotmpl") and b"{{" in context.tree[file])
        missing = not known and file not in context.tree and at.word("missingFileHandler") in {"Warn", "Info", "Debug"}
        reason = (
            f"{one.string}, which the release {name} ({path}) lays over it, is made when it is deployed and may win"
        )
        layers = layers if known or missing else [locked(layer, reason) for layer in layers]
        layers += roots([file] if known else [], context)
    thing = Thing(at, "", "release", at.word("namespace"), name)
    after = (at,) if any(at.get(key) is not None for key in _PATCHED) else ()
    return Release(thing, folder, last(chart), thing.namespace, tuple(layers), tuple(_set(at)), after=after)


def _set(at: Cursor) -> Iterator[Parameter]:
    """Yield what is set by name."""
    for item in (*at.items("set"), *at.items("setString")):
        value = item.get("value")
        if value is not None and value.scalar is not None and item.word("name"):
            yield Parameter(item.word("name"), value)
