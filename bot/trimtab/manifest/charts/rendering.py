"""A chart's templates run over values: what each file says, as documents, and the value behind every character."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace

from trimtab.manifest.charts.chart import Chart
from trimtab.manifest.charts.functions import FUNCTIONS
from trimtab.manifest.charts.runner import Runner
from trimtab.manifest.charts.syntax import BadTemplateError
from trimtab.manifest.charts.values import Value
from trimtab.manifest.charts.words import Piece, Words
from trimtab.manifest.grafts import Graft
from trimtab.manifest.parse import BrokenYamlError, parse
from trimtab.manifest.paths import joined
from trimtab.manifest.source import Cursor, KeyPath, Source
from trimtab.manifest.speaking import speaks
from trimtab.manifest.text import Text

_CLUSTER: Value = {
    "KubeVersion": {"Version": "v1.33.0", "Major": "1", "Minor": "33", "GitVersion": "v1.33.0"},
    "HelmVersion": {"Version": "v3.18.0"},
}
"""What a chart is told of a cluster where nobody is there to be asked."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a template wrote.

    Attributes:
        path: The template, with the key of the chart below that it is of.
        text: All of it.
        pieces: Its characters by where they come from.
        starts: Where each of the pieces begins.
        opens: Collections of the values by where their characters begin, or would.
        documents: What it reads as.
    """

    path: str
    text: str
    pieces: tuple[Piece, ...]
    starts: tuple[int, ...]
    opens: tuple[tuple[int, Cursor], ...]
    documents: tuple[Source, ...]

    def piece(self, index: int) -> Piece:
        """Return the piece that a character belongs to."""
        return self.pieces[max(bisect.bisect_right(self.starts, index) - 1, 0)]

    @property
    def leaves(self) -> Iterator[Cursor]:
        """Yield the scalars of the values that stand in what was written, comments left out."""
        for piece, start in zip(self.pieces, self.starts, strict=True):
            before = self.text[self.text.rfind("\n", 0, start) + 1 : start]
            if piece.leaf is not None and not before.lstrip().startswith("#"):
                yield piece.leaf
            yield from piece.sources

    def start_of(self, index: int) -> int:
        """Return where the piece of a character begins."""
        return self.starts[max(bisect.bisect_right(self.starts, index) - 1, 0)]


@dataclass(frozen=True, slots=True)
class Rendering:
    """What a chart becomes.

    Attributes:
        written: What each template wrote, by path; one that fails wrote nothing.
        is_whole: Whether every template was followed to its end, and all that it calls is known.
        absent: Keys that a template of the chart itself asks for and its values do not have, with the file meant.
        judged: Scalars of the values that conditions were decided by.
    """

    written: tuple[Written, ...]
    is_whole: bool
    absent: tuple[tuple[str, KeyPath], ...] = ()
    judged: tuple[Cursor, ...] = ()


def render(chart: Chart, values: Cursor, release: str, namespace: str, within: str = "") -> Rendering:
    """Return what a chart becomes of values, those of the charts below it laid over their own.

    Args:
        chart: The chart.
        values: As it gets them, its own already beneath.
        release: The release's name.
        namespace: Where it is installed.
        within: The keys of the charts that it lies below, as one chart may be there twice.
    """
    runner = Runner(FUNCTIONS, chart.library.defined)
    root = _given(chart, values, release, namespace)
    found: list[Written] = []
    judged: list[Cursor] = []
    is_whole = chart.is_whole
    for path in chart.templates:
        place = f"{path}#{within}" if within else path
        about: Value = {"Name": path, "BasePath": joined(chart.folder, "templates")}
        one = _run(runner, chart, path, place, {**root, "Template": about})
        is_whole = is_whole and one is not None
        found += [one] if one is not None else []
    for below, theirs in _below(chart, values):
        inner = render(below, theirs, release, namespace, f"{within}.{below.key}".lstrip("."))
        found += inner.written
        judged += inner.judged
        is_whole = is_whole and inner.is_whole
    return Rendering(tuple(found), is_whole and not runner.missing, tuple(runner.absent), (*runner.judged, *judged))


def _run(runner: Runner, chart: Chart, path: str, place: str, given: dict[str, Value]) -> Written | None:
    """Return what a template writes; None where it fails. What stands around empty collections may be no YAML."""
    for opens in (True, False):
        runner.opens = opens
        try:
            return _read(place, runner.run(chart.library.template(path).body, given))
        except (BadTemplateError, BrokenYamlError, RecursionError):
            continue
    return None


def _given(chart: Chart, values: Cursor, release: str, namespace: str) -> dict[str, Value]:
    return {
        "Values": values,
        "Chart": {"Name": chart.name, "Version": "0.1.0", "AppVersion": chart.app_version},
        "Release": {
            "Name": release,
            "Namespace": namespace or "default",
            "Service": "Helm",
            "IsInstall": True,
            "IsUpgrade": False,
            "Revision": 1,
        },
        "Capabilities": _CLUSTER,
        "Files": None,
    }


def _below(chart: Chart, values: Cursor) -> Iterator[tuple[Chart, Cursor]]:
    """Yield the charts below that are on, each with its values: those of the chart above over its own."""
    for one in chart.below:
        if _is_off(one, values) or not _may_serve(one, values):
            continue
        own = [replace(one.values, is_default=True)] if one.values is not None else []
        said = values.get(one.key)
        if said is not None and said.is_mapping:
            given = replace(said, under=(*said.under, *own), whole=True)
        elif own:
            given = replace(own[0], whole=True)
        else:
            continue
        common = values.get("global")
        yield (
            one,
            replace(given, grafts=(*given.grafts, Graft("set", ("global",), common))) if common is not None else given,
        )


def _is_off(chart: Chart, values: Cursor) -> bool:
    for name in chart.condition.split(",") if chart.condition else ():
        found = values.get(*name.strip().split("."))
        if found is not None and isinstance(found.value, bool):
            return not found.value
    return False


def _may_serve(chart: Chart, values: Cursor) -> bool:
    """Return whether a chart below, or what is said to it, has a word of a serving."""
    said = values.get(chart.key)
    layers = (said, *said.under) if said is not None else ()
    texts = (one.source.text.value[one.real.start : one.real.end] for one in layers)
    return chart.hints or any(speaks(text.encode()) for text in texts)


def _read(path: str, words: Words) -> Written:
    text = words.text
    pieces: list[Piece] = []
    starts: list[int] = []
    opens: list[tuple[int, Cursor]] = []
    at = 0
    for piece in words.pieces:
        if piece.opens is not None:
            opens.append((at, piece.opens))
        if piece.text:
            pieces.append(piece)
            starts.append(at)
        at += len(piece.text)
    documents = tuple(Source(path, one, Text.whole(text)) for one in parse(text)) if text.strip() else ()
    return Written(path, text, tuple(pieces), tuple(starts), tuple(opens), documents)
