"""Text that knows where each of its characters stands in the file.

A flag may stand in a shell string inside a double-quoted scalar inside YAML text inside a block scalar. Each layer is a
`Text`: the decoded characters, and for each the place in the file that wrote it. So a value is found at any depth, and
what replaces it is encoded layer by layer on its way out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trimtab.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Layer:
    """One encoding between the file and a decoded text.

    Attributes:
        style: YAML's `plain`, `single`, `double`, `literal`, `folded`; the shell's `word`, `shell-single`,
            `shell-double`; `dotenv`; or a JSON pointer's `pointer`.
        line: What a new line of a block scalar is written as: the file's line break and the block's indentation.
    """

    style: str
    line: str = "\n"


STEP = Layer("pointer")
"""How a key is written as a step of a JSON pointer (RFC 6901)."""


@dataclass(frozen=True, slots=True)
class Text:
    """Decoded characters and their places.

    Attributes:
        value: The decoded characters.
        starts: For each character, the index in the file where what wrote it begins.
        ends: For each character, the index after it.
        at: Where an empty text stands.
        layers: The encodings it went through, the file's first.
    """

    value: str
    starts: Sequence[int]
    ends: Sequence[int]
    at: int = 0
    layers: tuple[Layer, ...] = ()

    @staticmethod
    def whole(value: str, offset: int = 0) -> Text:
        """Return a text that is written as it reads, from `offset` on."""
        stop = offset + len(value)
        return Text(value, range(offset, stop), range(offset + 1, stop + 1), offset)

    def cut(self, start: int, stop: int, *layers: Layer) -> Text:
        """Return the part from `start` to `stop`, one encoding deeper where layers are given."""
        at = self.starts[start] if start < len(self.starts) else (self.ends[-1] if len(self.ends) else self.at)
        inside = (*self.layers, *layers)
        return Text(self.value[start:stop], self.starts[start:stop], self.ends[start:stop], at, inside)

    def span(self) -> tuple[int, int]:
        """Return the half-open span in the file of all its characters."""
        return (self.starts[0], self.ends[-1]) if self.value else (self.at, self.at)

    def encode(self, replacement: str) -> str:
        """Return how `replacement` is written in the file where this text stands.

        Raises:
            RefusedError: A layer cannot carry it.
        """
        for layer in reversed(self.layers):
            replacement = encode(replacement, layer)
        return replacement


def join(parts: Sequence[Text]) -> Text:
    """Return parts one after the other; their layers are the first's."""
    if len(parts) == 1:
        return parts[0]
    starts = [index for part in parts for index in part.starts]
    ends = [index for part in parts for index in part.ends]
    return Text("".join(part.value for part in parts), starts, ends, parts[0].at, parts[0].layers)


_WORD_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-")
_WRITTEN = {"single": (("'", "''"),), "pointer": (("~", "~0"), ("/", "~1"))}


def encode(value: str, layer: Layer) -> str:
    """Return `value` as one layer writes it; a plain scalar is not checked here, but by parsing the result.

    Raises:
        RefusedError: The layer cannot carry it.
    """
    for plain, written in _WRITTEN.get(layer.style, ()):
        value = value.replace(plain, written)
    if layer.style == "double":
        return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    if layer.style in {"literal", "folded"}:
        return value.replace("\n", layer.line)
    if layer.style == "word" and not _WORD_SAFE.issuperset(value):
        return "'" + value.replace("'", "'\\''") + "'"
    if layer.style == "shell-single" and "'" in value:
        raise RefusedError(f"{value!r} holds a quote and would stand in a quoted word of the shell")
    if layer.style == "shell-double":
        return "".join(f"\\{char}" if char in '\\"$`' else char for char in value)
    return value
