"""What an object that a chart writes may look up: among the chart's other objects first, then in the tree."""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.manifest.context import Context, value_of
from trimtab.manifest.environment import Variable
from trimtab.manifest.objects import Thing


class ChartContext(Context):
    """Looks things up among the objects of one release first."""

    def __init__(self, context: Context, things: Sequence[Thing]) -> None:
        """Look up in `things`, then where `context` looks."""
        super().__init__(context.tree, context.index)
        self._outer = context
        self._things = tuple(things)

    def things(self, word: str, name: str = "") -> tuple[Thing, ...]:
        """Return the chart's objects of a kind or group, else the tree's."""
        own = tuple(one for one in self._things if word in one.kind or word in one.api_version)
        return own or self._outer.things(word, name)

    def things_named(self, kind: str, name: str) -> tuple[Thing, ...]:
        """Return none of the tree's: what is not installed with the chart is not told by its name."""
        return tuple(one for one in self.built_with(kind) if one.name == name)

    def built_with(self, kind: str) -> tuple[Thing, ...]:
        """Return the chart's objects of a kind."""
        return tuple(one for one in self._things if one.kind == kind)

    def configmap_value(self, near: str, namespace: str, name: str, key: str) -> Variable | None:
        """Return where a ConfigMap's key has its text: the chart's own, else the tree's nearest."""
        own = next((one.at for one in self.built_with("ConfigMap") if one.name == name), None)
        if own is None:
            return self._outer.configmap_value(near, namespace, name, key)
        found = own.get("data", key)
        return value_of(found, key) if found is not None else None
