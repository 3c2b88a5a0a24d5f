"""Which files of a tree hold a word, a name or a template: looked up once for all that look at it."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from trimtab.manifest.near import Nearby
from trimtab.manifest.paths import folder_of
from trimtab.manifest.seen import Memo, Seen, asked
from trimtab.manifest.tree import Tree

if TYPE_CHECKING:
    from trimtab.manifest.charts.chart import Chart

_CHARTS = 8
"""Of how many charts the templates are kept; a file of values asks for one, and those beside it for the same."""
_NAMES = re.compile(rb"""(?:\bname["']?\s*:\s*(?:[&!]\S{1,99}\s+){0,3}|&\S{1,99}\s+)["']?([^\s"',}\]]{1,300})""")
"""A name in the bytes of a file, or what an anchor may hold one for."""


class FileIndex:
    """Answers which files there are of a kind.

    Attributes:
        alone: Of files of values, whether they are servings by themselves.
        speaking: Of files, whether they have a word of a serving.
        charts: Charts whose templates were read, by their `Chart.yaml`.
    """

    def __init__(self, tree: Tree) -> None:
        """Look at no file before the first question."""
        self._tree = tree
        self.alone: Memo[str, bool] = Memo(tree.seen)
        self.speaking: Memo[str, bool] = Memo(tree.seen)
        self.charts: Memo[str, Chart | None] = Memo(tree.seen, _CHARTS, "charts")
        self._near_by_word: dict[str, Nearby[str]] = {}
        self._by_name: dict[str, dict[str, dict[str, None]]] = {}

    @property
    def seen(self) -> Seen:
        """Return where notes are taken."""
        return self._tree.seen

    @asked
    def held(self, word: str) -> tuple[str, ...]:
        """Return the files that hold a word."""
        return self._tree.holding(word)

    @asked
    def near(self, word: str, path: str) -> tuple[str, ...]:
        """Return the files that hold a word within a few folders of a file, the nearest first."""
        if word not in self._near_by_word:
            self._near_by_word[word] = Nearby((found, found) for found in self._tree.holding(word))
        return self._near_by_word[word].of(path)

    @asked
    def named(self, word: str, name: str) -> tuple[str, ...]:
        """Return the files that hold a word, such as a kind, in which something has a name."""
        if word not in self._by_name:
            found: dict[str, dict[str, None]] = {}
            for path in self._tree.holding(word):
                for one in _NAMES.findall(self._tree[path]):
                    found.setdefault(one.decode(errors="replace"), {})[path] = None
            self._by_name[word] = found
        return tuple(self._by_name[word].get(name, ()))

    @asked
    def called(self, name: str) -> tuple[str, ...]:
        """Return the files of a name, or of a folder's and their own, whatever folder they lie in."""
        paths, last = self._tree.all_paths(), name.rpartition("/")[2]
        first, end = (cut(self._by_last, last, key=lambda at: _last(paths[at])) for cut in (bisect_left, bisect_right))
        found = (paths[at] for at in self._by_last[first:end])
        return tuple(path for path in found if f"/{path}".endswith(f"/{name}"))

    @cached_property
    def _by_last(self) -> array[int]:
        """Return the numbers of the files in the order of the last parts of their paths."""
        paths = self._tree.all_paths()
        return array("L", sorted(range(len(paths)), key=lambda at: _last(paths[at])))

    @asked
    def templates_in(self, chart: str) -> tuple[str, ...]:
        """Return the files of templates of the chart in a folder, by path."""
        return tuple(self._templates.get(chart, ()))

    @cached_property
    def _templates(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for path in self._tree.all_paths():
            for chart in _charts_above(path):
                found.setdefault(chart, []).append(path)
        return found

    @asked
    def charts_in(self, folder: str) -> tuple[str, ...]:
        """Return the names of the folders directly below one that hold a chart."""
        return tuple(self._charts.get(folder, ()))

    @cached_property
    def _charts(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for path in self._tree.all_paths():
            if path.endswith("/Chart.yaml"):
                above, _, name = folder_of(path).rpartition("/")
                found.setdefault(above, []).append(name)
        return found


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _charts_above(path: str) -> Iterator[str]:
    """Yield the folders of the charts that a file may be a template of."""
    chart, inside, _ = path.rpartition("/templates/") if not path.startswith("templates/") else ("", path, "")
    while inside:
        yield chart
        chart, inside, _ = chart.rpartition("/templates/")
