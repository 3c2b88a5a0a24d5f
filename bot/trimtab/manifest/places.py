"""Turns settings and their characters into what is said of them: bytes, lines, and whether they may be edited."""

from __future__ import annotations

import bisect
import codecs
import itertools

from trimtab.fleet import Location, Serving, Setting
from trimtab.manifest.hit import Draft, Hit
from trimtab.manifest.parse import decode
from trimtab.manifest.refuse import why_not
from trimtab.manifest.seen import Memo
from trimtab.manifest.source import Cursor
from trimtab.manifest.tree import Tree

_KEPT = 16
"""How many files' characters are kept; the settings of a serving stand in a few."""


class _Characters:
    """A file's characters, and where each stands among its bytes."""

    def __init__(self, data: bytes) -> None:
        """Look at every line once, so that no setting has to."""
        self.text = decode(data)
        self._mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
        lines = self.text.split("\n")
        self._starts = (0, *itertools.accumulate(len(line) + 1 for line in lines))
        plain = self.text.isascii()
        self._bytes = self._starts if plain else (0, *itertools.accumulate(len(line.encode()) + 1 for line in lines))
        self._is_plain = plain

    def line(self, index: int) -> int:
        """Return the line of a character, from 1."""
        return bisect.bisect_right(self._starts, index)

    def byte(self, index: int) -> int:
        """Return where a character begins among the file's bytes."""
        if self._is_plain:
            return self._mark + index
        line = self.line(index) - 1
        return self._mark + self._bytes[line] + len(self.text[self._starts[line] : index].encode())


class Places:
    """Turns characters of a tree's files into bytes and lines."""

    def __init__(self, tree: Tree, repository: str) -> None:
        """Look at no file yet."""
        self._tree = tree
        self._repository = repository
        self._texts: Memo[str, _Characters] = Memo(tree.seen, _KEPT)
        self._reasons: Memo[str, str] = Memo(tree.seen)

    def of(self, hit: Hit) -> Location:
        """Return where a setting stands."""
        at = self._characters(hit.path)
        start, end = hit.text.span()
        return Location(self._repository, hit.path, hit.document, at.line(start), at.byte(start), at.byte(end))

    def raw(self, hit: Hit) -> str:
        """Return a setting as it is written."""
        start, end = hit.text.span()
        return self._characters(hit.path).text[start:end]

    def why_not(self, path: str) -> str:
        """Return why a file must not be edited; empty where it may."""
        return self._reasons.get(path, lambda: why_not(self._tree, path))

    def _characters(self, path: str) -> _Characters:
        return self._texts.get(path, lambda: _Characters(self._tree[path]))


def serving_of(draft: Draft, places: Places, repository: str) -> Serving:
    """Return a serving with the places of its settings."""
    return Serving(
        subject=draft.subject,
        repository=repository,
        path=draft.source.source.path,
        document=draft.source.source.number,
        api_version=draft.api_version,
        kind=draft.kind,
        namespace=draft.namespace,
        name=draft.name,
        container=draft.container,
        wrapper=draft.wrapper,
        engine=draft.engine,
        settings={field: _setting(draft.hits[field], places) for field in sorted(draft.hits)},
        annotations=dict(sorted(draft.annotations.items())),
        selector_key=draft.selector_key,
    )


def _setting(hit: Hit, places: Places) -> Setting:
    locked = hit.locked or places.why_not(hit.patched_in or hit.path)
    return Setting(hit.field, hit.value, places.raw(hit), places.of(hit), hit.via, not locked, locked)


def setting_at(tree: Tree, at: Cursor, setting: Setting, repository: str = "") -> Setting | None:
    """Return a setting as the scalar that carries it says it; None where its characters cannot be told.

    Args:
        tree: The files.
        at: The scalar.
        setting: What it says, known from elsewhere.
        repository: The repository's name, for the location.
    """
    text = at.text()
    if text is None:
        return None
    hit = Hit(setting.field, setting.value, at.source.path, at.source.number, text, "field", locked=at.why_locked)
    return _setting(hit, Places(tree, repository))
