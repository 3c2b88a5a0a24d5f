"""A chart that lies in the tree: its templates, its own values, and the charts below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from trimtab.manifest.charts.parser import parse_template
from trimtab.manifest.charts.syntax import BadTemplateError, Part, Template
from trimtab.manifest.context import Context
from trimtab.manifest.parse import BrokenYamlError, decode
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor
from trimtab.manifest.speaking import speaks

_MOST_TEMPLATES = 300
_MOST_BYTES = 400_000
_MOST_NESTED = 4
_KIND = re.compile(rb"^kind:[ \t]*[\"']?([^\s\"']+)", re.MULTILINE)
_QUIET = frozenset(
    {
        *(
            b"Service",
            b"ServiceAccount",
            b"Ingress",
            b"Route",
            b"HTTPRoute",
            b"Gateway",
            b"NetworkPolicy",
            b"Namespace",
        ),
        *(b"Role", b"RoleBinding", b"ClusterRole", b"ClusterRoleBinding", b"PodDisruptionBudget", b"Secret"),
        *(b"PersistentVolume", b"PersistentVolumeClaim", b"ServiceMonitor", b"PodMonitor", b"PrometheusRule"),
        *(b"CustomResourceDefinition", b"Certificate", b"Issuer", b"VirtualService", b"DestinationRule"),
    }
)
"""Kinds of objects that neither serve nor say anything of one that does."""
_WORD = re.compile(rb"[A-Za-z_][\w.-]*")
_DEFINED = re.compile(rb"\{\{-?\s*(?:define|block)\s+\"([^\"]+)\"")
_ACTION = re.compile(rb"\{\{.*?\}\}", re.DOTALL)


class Library:
    """The files of templates of a chart and of those below it, parsed when they are asked for."""

    def __init__(self, context: Context) -> None:
        """Know of no file yet."""
        self._context = context
        self._parsed: dict[str, Template] = {}
        self.places: dict[str, str] = {}

    def add(self, path: str, data: bytes) -> None:
        """Take the names that a file defines; the last that defines one has it."""
        self.places.update((name.decode(errors="replace"), path) for name in _DEFINED.findall(data))

    def template(self, path: str) -> Template:
        """Return a file's parts.

        Raises:
            BadTemplateError: It is no template, or larger than any.
        """
        if path not in self._parsed:
            data = self._context.tree[path]
            if len(data) > _MOST_BYTES:
                raise BadTemplateError("larger than any template")
            try:
                self._parsed[path] = parse_template(decode(data))
            except BrokenYamlError as error:
                raise BadTemplateError(error.reason) from None
        return self._parsed[path]

    def defined(self, name: str) -> tuple[Part, ...] | None:
        """Return a named template; None where there is none.

        Raises:
            BadTemplateError: The file that defines it is no template.
        """
        path = self.places.get(name)
        return self.template(path).defined.get(name) if path is not None else None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its templates.

    Attributes:
        folder: Where it lies.
        name: Its own.
        app_version: What it says that it installs.
        library: All files of templates.
        templates: The paths of those that write something which may matter.
        values: Its own values; None where it has none.
        below: Charts below it that are at hand.
        key: Under which key of the chart above its values stand; empty for one that is installed itself.
        condition: The names of the values that switch it on; empty where nothing does.
        is_whole: Whether every chart below it is at hand.
        hints: Whether a file of its own, or of a chart below, has a word of a serving.
        said: The words that its actions hold; a value of which no action names a key is read by none.
    """

    folder: str
    name: str
    app_version: str
    library: Library
    templates: tuple[str, ...]
    values: Cursor | None
    below: tuple[Chart, ...] = ()
    key: str = ""
    condition: str = ""
    is_whole: bool = True
    hints: bool = False
    said: frozenset[str] = frozenset()


def load(folder: str, context: Context) -> Chart | None:
    """Return the chart in a folder; None where there is none with templates that read its values."""
    chart = _load(folder, context, Library(context), 0)
    return None if chart is None or _is_left_out(chart) else chart


def _is_left_out(chart: Chart) -> bool:
    """Return whether no template reads a value: those that do were not brought along."""
    return "Values" not in chart.said


def _load(folder: str, context: Context, library: Library, depth: int) -> Chart | None:
    about = _root(joined(folder, "Chart.yaml"), context)
    paths = context.index.templates_in(folder)
    if about is None or depth > _MOST_NESTED or len(paths) > _MOST_TEMPLATES:
        return None
    below, all_there = _below(folder, about, context, library, depth)
    if not paths and not below:
        return None
    said: set[str] = set().union(*(one.said for one in below))
    for path in paths:
        library.add(path, context.tree[path])
        said |= words_in_actions(context.tree[path])
    own = any(speaks(context.tree.get(path, b"")) for path in (*paths, joined(folder, "values.yaml")))
    return Chart(
        folder,
        about.word("name"),
        about.word("appVersion"),
        library,
        tuple(path for path in paths if _writes(path, folder, context)),
        _root(joined(folder, "values.yaml"), context),
        below,
        is_whole=all_there and all(one.is_whole for one in below),
        hints=own or any(one.hints for one in below),
        said=frozenset(said),
    )


def _root(path: str, context: Context) -> Cursor | None:
    return next((root for one in context.tree.readable(path) if (root := one.root()) is not None), None)


def _writes(path: str, folder: str, context: Context) -> bool:
    """Return whether a file of templates writes objects of which some may matter."""
    name = path.rpartition("/")[2]
    is_test = path.startswith(joined(folder, "templates/tests/"))
    if not name.endswith((".yaml", ".yml")) or name.startswith("_") or is_test:
        return False
    data = context.tree[path]
    kinds = set(_KIND.findall(data))
    return not kinds or not kinds <= _QUIET or b"serving.knative.dev" in data


def words_in_actions(data: bytes) -> set[str]:
    """Return the words that a template's actions hold, dotted ones and their parts."""
    words = {word for action in _ACTION.findall(data) for word in _WORD.findall(action)}
    return {part.decode() for word in words for part in (word, *word.split(b".")) if part}


def _below(
    folder: str, about: Cursor, context: Context, library: Library, depth: int
) -> tuple[tuple[Chart, ...], bool]:
    """Return the charts below a chart, and whether every one is at hand."""
    found: dict[str, Chart] = {}
    all_there = True
    for item in about.items("dependencies"):
        name, place = item.word("name"), item.word("repository")
        at = (
            joined(folder, place.removeprefix("file://"))
            if place.startswith("file://")
            else joined(folder, f"charts/{name}")
        )
        one = _load(at, context, library, depth + 1)
        all_there = all_there and one is not None
        if one is not None:
            key = item.word("alias") or name
            found[key] = replace(one, name=key, key=key, condition=item.word("condition"))
    for key, one in _unpacked(folder, context, library, depth):
        if all(known.folder != one.folder for known in found.values()):
            found.setdefault(key, replace(one, key=key))
    return tuple(found.values()), all_there


def _unpacked(folder: str, context: Context, library: Library, depth: int) -> Iterator[tuple[str, Chart]]:
    """Yield the charts that lie unpacked below a chart."""
    for name in context.index.charts_in(joined(folder, "charts")):
        one = _load(joined(folder, f"charts/{name}"), context, library, depth + 1)
        if one is not None:
            yield one.name or name, one
