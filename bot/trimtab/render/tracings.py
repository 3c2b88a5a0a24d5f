"""What was found out of charts, kept by content: of each chart and each shape of values once.

Two releases of one chart whose values have the same leaves, of the same kinds and with the same switches, differ in
names and figures alone. What was found of the one is held to what the other becomes, and believed where all fits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter, ValidationError

from trimtab.disk_cache import program_digest, read_answer, write_answer
from trimtab.manifest import Plain
from trimtab.render.inline import inline_values
from trimtab.render.layers import effective
from trimtab.render.marks import Leaf, is_empty, leaves
from trimtab.render.objects import ObjectId, Unrendered
from trimtab.render.printed import files_of_chart
from trimtab.render.seeing import Driven
from trimtab.render.target import Target
from trimtab.render.tracing import Behind, Traced, trace
from trimtab.render.workspace import Workspace

_MOST = 512
"""Answers that are kept on disk."""
_RELEASE, _NAMESPACE = "\0release", "\0namespace"
"""Stand in a kept answer for the names that differ from release to release."""
_Objects: TypeAlias = Mapping[ObjectId, Plain]
_Names: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """What is kept of a leaf.

    Attributes:
        state: `drives`, `behind`, `silent` or `untried`.
        leaf: Which.
        fields: What it drives.
        says: Of each field, whether it says the leaf's value.
        switch: What it stands behind.
    """

    state: str
    leaf: Leaf
    fields: tuple[Driven, ...] = ()
    says: tuple[bool, ...] = ()
    switch: Leaf = ()


Lines: TypeAlias = tuple[Line, ...]
_LINES = TypeAdapter(Lines)


class Tracings:
    """Traces the charts of one repository, each shape of values once."""

    def __init__(self, workspace: Workspace, folder: Path | None) -> None:
        """Trace nothing yet.

        Args:
            workspace: Renders.
            folder: Where answers are kept from one run to the next; None where nowhere.
        """
        self._workspace = workspace
        self._folder = folder
        self._known: dict[str, Lines] = {}
        self.answers: dict[Target, Traced] = {}
        """What was told so far."""

    def of(self, target: Target) -> Traced | Unrendered:
        """Return what drives what in a chart, or why that cannot be told."""
        found = self.answers.get(target) or self._of(target)
        if isinstance(found, Traced):
            self.answers[target] = found
        return found

    def _of(self, target: Target) -> Traced | Unrendered:
        base, chart = self._workspace.render(target), self._workspace.chart_of(target)
        if isinstance(base, Unrendered):
            return base
        if isinstance(chart, Unrendered):
            return chart
        values = effective(target, self._workspace.tree, chart, self._workspace.helm)
        said = dict(leaves(values))
        told = (inline_values(target, self._workspace.tree).parameters, self._workspace.told(target))
        key = _key(chart, target, said, told)
        mine, any_release = (target.release or "release", target.namespace), (_RELEASE, _NAMESPACE)
        known = _renamed(self._known.get(key) or self._read(key), any_release, mine)
        if known and _fits(known, said, base.objects):
            self._known.setdefault(key, _renamed(known, mine, any_release))
            return _traced(known)
        found = trace(self._workspace, target)
        if isinstance(found, Traced) and found.is_whole:
            self._keep(key, _renamed(_lines(found, said, base.objects), mine, any_release))
        return found

    def _read(self, key: str) -> Lines:
        answer = read_answer(self._folder / f"{key[:32]}.json", key) if self._folder is not None else None
        try:
            return _LINES.validate_python(answer[0]) if answer else ()
        except ValidationError:
            return ()

    def _keep(self, key: str, lines: Lines) -> None:
        self._known.setdefault(key, lines)
        if self._folder is not None:
            write_answer(self._folder / f"{key[:32]}.json", key, [_LINES.dump_python(lines, mode="json")], _MOST)


_ALL: WeakKeyDictionary[Workspace, Tracings] = WeakKeyDictionary()


def tracings_of(workspace: Workspace) -> Tracings:
    """Return the traces of a repository's charts, the same ones for as long as the repository is at hand."""
    return _ALL.setdefault(workspace, Tracings(workspace, workspace.cache))


def _key(chart: Path, target: Target, said: Mapping[Leaf, Plain], more: object) -> str:
    """Return a digest of all that decides what drives what, but for names and figures."""
    asked = (bool(target.namespace), more, program_digest("render"))
    shape = sorted((repr(leaf), _kind(value)) for leaf, value in said.items())
    total = hashlib.sha256(repr((asked, shape)).encode(errors="surrogateescape"))
    for path, data in files_of_chart(chart, but="values.yaml"):
        total.update(f"\0{path}\0{hashlib.sha256(data).hexdigest()}".encode(errors="surrogateescape"))
    return total.hexdigest()


def _kind(value: Plain) -> str:
    """Return what of a value may choose what a chart becomes; the figure or name that it says is left out."""
    return repr(value) if isinstance(value, bool) or is_empty(value) else type(value).__name__


def _lines(traced: Traced, said: Mapping[Leaf, Plain], objects: _Objects) -> Lines:
    """Return what was found, with whether each field says its leaf."""
    found = [
        Line("drives", leaf, fields, tuple(_says(objects, one, said.get(leaf)) for one in fields))
        for leaf, fields in traced.drives.items()
    ]
    found += [Line("behind", leaf, one.fields, switch=one.switch) for leaf, one in traced.behind.items()]
    found += [Line("silent", leaf) for leaf in traced.silent]
    return (*found, *(Line("untried", leaf) for leaf in traced.untried))


def _fits(lines: Lines, said: Mapping[Leaf, Plain], objects: _Objects) -> bool:
    """Return whether every field that said its leaf says it here, too."""
    return all(
        _says(objects, field, said.get(line.leaf))
        for line in lines
        for field, says in zip(line.fields, line.says, strict=False)
        if says
    )


def _says(objects: _Objects, field: Driven, value: Plain) -> bool:
    here = objects.get(field.object)
    for part in field.pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(here, list):
            here = here[int(name)] if name.isdigit() and int(name) < len(here) else None
        else:
            here = here.get(name) if isinstance(here, dict) else None
    return here is not None and not isinstance(here, dict | list) and str(value) in str(here)


def _traced(lines: Lines) -> Traced:
    def those(state: str) -> Iterator[Line]:
        return (line for line in lines if line.state == state)

    return Traced(
        {line.leaf: line.fields for line in those("drives")},
        tuple(line.leaf for line in those("silent")),
        tuple(line.leaf for line in those("untried")),
        {line.leaf: Behind(line.switch, line.fields) for line in those("behind")},
    )


def _renamed(lines: Lines, old: _Names, new: _Names) -> Lines:
    """Return what was found with other names for the release and its namespace."""

    def one(key: ObjectId) -> ObjectId:
        namespace = new[1] if key.namespace == old[1] else key.namespace
        return replace(key, name=key.name.replace(old[0], new[0]), namespace=namespace)

    return tuple(
        replace(line, fields=tuple(replace(field, object=one(field.object)) for field in line.fields)) for line in lines
    )
