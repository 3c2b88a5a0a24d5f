"""A container's variables, and where the text of each stands: in place, in a ConfigMap, or in a file of a generator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trimtab.manifest.source import Cursor
from trimtab.manifest.text import Text

_LINE = re.compile(r"^(?P<name>[A-Za-z_][\w.-]*)=(?P<value>[^\n\r]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Variable:
    """Where a variable's text stands.

    Attributes:
        text: Its decoded characters.
        holder: The scalar that holds them, or the reference where the text is in a `.env` file.
        path: The file.
        document: The document's index.
        via: `env`, `configmap` or `dotenv`.
        name: The variable's name in a `.env` file.
        locked: Why it cannot be edited.
    """

    text: Text
    holder: Cursor
    path: str
    document: int
    via: str
    name: str = ""
    locked: str = ""


Lookup = Callable[[str, str], Variable | None]
"""Finds a key of a ConfigMap: its name, the key."""


class Environment:
    """The variables of one container."""

    def __init__(
        self,
        env: Cursor | None,
        env_from: Cursor | None,
        configmap: Lookup,
        below: Cursor | None = None,
        put_in: Callable[[str], Variable | None] = lambda _name: None,
    ) -> None:
        """Read `env` (a list of names and values, or a mapping as charts have it) and `envFrom`.

        Args:
            env: The container's own.
            env_from: The container's own.
            configmap: Finds a key of a ConfigMap.
            below: Another `env` that the container's own wins over, such as a serving runtime's.
            put_in: Finds what is put in for `$(NAME)` before the container is made.
        """
        self._put_in = put_in
        self._found: dict[str, Cursor] = {}
        self._maps: list[str] = []
        self._opaque = False
        self._configmap = configmap
        self.listed = env
        for layer in (below, env):
            if layer is not None:
                self._found.update(dict(_listed(layer)) if layer.is_sequence else layer.entries())
        for source in env_from.items() if env_from is not None else ():
            name = source.word("configMapRef", "name")
            self._opaque = self._opaque or source.get("secretRef") is not None
            if name and not source.word("prefix"):
                self._maps.append(name)

    def names(self) -> tuple[str, ...]:
        """Return the names that `env` lists, in order."""
        return tuple(self._found)

    def may_set(self, name: str) -> bool:
        """Return whether the container may get a variable from a place that is not in the tree."""
        return name in self._found or self._opaque

    def find(self, name: str) -> Variable | None:
        """Return where a variable's text stands; None where nothing in Git says it."""
        place = self._found.get(name)
        if place is not None:
            return self._of(place)
        for configmap in reversed(self._maps):
            found = self._configmap(configmap, name)
            if found is not None:
                return found
        return None

    def referred(self, name: str) -> Variable | None:
        """Return where the text stands that `$(NAME)` becomes: what is put in before, else the variable's."""
        return self._put_in(name) or self.find(name)

    def _of(self, place: Cursor) -> Variable | None:
        """Return the text of an `env` entry: its own, or a ConfigMap's."""
        reference = place.get("valueFrom", "configMapKeyRef") or place.get("configMapKeyRef")
        if reference is not None:
            return self._configmap(reference.word("name"), reference.word("key"))
        scalar = place.get("value") if place.is_mapping else place
        text = scalar.text() if scalar is not None else None
        if scalar is None or text is None:
            return None
        return Variable(text, scalar, scalar.source.path, scalar.source.number, "env", "", scalar.why_locked)


def _listed(env: Cursor) -> Iterator[tuple[str, Cursor]]:
    for item in env.items():
        name = item.word("name")
        if name:
            yield name, item


def dotenv_value(data: str, name: str) -> Text | None:
    """Return the value of a variable in a file of `NAME=value` lines, the last one that says it."""
    found = None
    whole = Text.whole(data)
    for match in _LINE.finditer(data):
        if match["name"] == name:
            start, stop = match.span("value")
            found = whole.cut(start, start + len(data[start:stop].rstrip()))
    return found
