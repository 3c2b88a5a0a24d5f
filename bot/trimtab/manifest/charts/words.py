"""Text of which every part knows the value that said it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from trimtab.manifest.source import Cursor


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters that come from one place.

    Attributes:
        text: The characters; none for a mark.
        leaf: The scalar of the values, or the key, that says them; None for what the templates say.
        start: Where in the scalar's decoded text they begin.
        computed: Whether they are worked out, so that no place says them.
        sources: The scalars of the values that they are worked out of, as far as that is known.
        opens: For a mark: the collection of the values that is written from here on.
        switch: The scalar that alone decides whether these characters stand here.
        item: The item of a list or mapping of values that this is written for.
    """

    text: str
    leaf: Cursor | None = None
    start: int = 0
    computed: bool = False
    opens: Cursor | None = None
    switch: Cursor | None = None
    item: Cursor | None = None
    sources: tuple[Cursor, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """A text in pieces."""

    pieces: tuple[Piece, ...] = ()

    @staticmethod
    def plain(text: str) -> Words:
        """Return a text that the templates say."""
        return Words((Piece(text),))

    @staticmethod
    def computed(text: str, *sources: Cursor) -> Words:
        """Return a text that is worked out."""
        return Words((Piece(text, computed=True, sources=sources),))

    @staticmethod
    def of(leaf: Cursor) -> Words:
        """Return what a scalar of the values says."""
        return Words((Piece(leaf.string, leaf),))

    @property
    def text(self) -> str:
        """Return the characters."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def leaves(self) -> tuple[Cursor, ...]:
        """Return the scalars of the values that say the characters, or that they are worked out of."""
        return tuple(leaf for one in self.pieces for leaf in ((one.leaf,) if one.leaf is not None else one.sources))

    def changed(self, text: str) -> Words:
        """Return what a function made of this text: the same where it changed nothing, else worked out."""
        if text == self.text:
            return self
        if not any(one.leaf or one.computed for one in self.pieces):
            return Words.plain(text)
        return Words.computed(text, *self.leaves)

    def cut(self, start: int, stop: int) -> Words:
        """Return the part from `start` to `stop`."""
        found: list[Piece] = []
        at = 0
        for piece in self.pieces:
            first, last = max(start - at, 0), min(stop - at, len(piece.text))
            if (first, last) == (0, len(piece.text)):
                found += [piece] if first < last or start <= at <= stop else []
            elif first < last:
                found.append(replace(piece, text=piece.text[first:last], start=piece.start + first))
            at += len(piece.text)
        return Words(tuple(found))

    def stripped(self, chars: str | None = None) -> Words:
        """Return the text without what surrounds it: white space, or any of `chars`."""
        text = self.text
        start = len(text) - len(text.lstrip(chars))
        return self.cut(start, max(start, len(text.rstrip(chars))))

    def lines(self) -> list[Words]:
        """Return the lines, without their breaks."""
        found: list[list[Piece]] = [[]]
        for piece in self.pieces:
            at = 0
            for line in piece.text.split("\n"):
                if at:
                    found.append([])
                if line or not piece.text:
                    whole = len(line) == len(piece.text)
                    found[-1].append(piece if whole else replace(piece, text=line, start=piece.start + at))
                at += len(line) + 1
        return [Words(tuple(line)) for line in found]

    def indented(self, columns: int) -> Words:
        """Return the text with every line further to the right."""
        pad = Words.plain(" " * columns)
        return joined([joined((pad, line)) for line in self.lines()], "\n")


def joined(words: Iterable[Words], between: str = "") -> Words:
    """Return texts one after the other."""
    parts: Sequence[Words] = tuple(words)
    found: list[Piece] = []
    for at, one in enumerate(parts):
        if at and between:
            found.append(Piece(between))
        found.extend(one.pieces)
    return Words(tuple(found))
