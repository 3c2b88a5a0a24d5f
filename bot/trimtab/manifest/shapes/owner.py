"""What deploys a tree of Helm values, and what every reader of values needs."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.manifest.context import Context
from trimtab.manifest.environment import Environment, Variable
from trimtab.manifest.hit import Draft
from trimtab.manifest.source import Cursor


@dataclass(frozen=True, slots=True)
class Owner:
    """What deploys a tree of values.

    Attributes:
        at: The object, or the document of a values file.
        api_version: Empty for a values file.
        kind: Empty for a values file.
        namespace: Where it is installed, empty where nothing tells.
        name: The release's, empty where nothing tells.
        wrapper: As in `fleet.Serving`.
        context: Where to look things up.
    """

    at: Cursor
    api_version: str
    kind: str
    namespace: str
    name: str
    wrapper: str
    context: Context

    def draft(self, item: str, engine: str) -> Draft:
        """Return a serving of these values that has no settings yet."""
        name = self.name or item
        return Draft(self.at, self.api_version, self.kind, self.namespace, name, item, self.wrapper, engine)

    def environment(self, env: Cursor | None, env_from: Cursor | None = None) -> Environment:
        """Return the variables of a container in the values."""

        def lookup(name: str, key: str) -> Variable | None:
            return self.context.configmap_value(self.at.source.path, self.namespace, name, key)

        return Environment(env, env_from, lookup)


def image_of(at: Cursor | None) -> tuple[str, Cursor | None]:
    """Return an image's whole name and the scalar with its tag: one text, or `repository` with `tag`."""
    if at is None:
        return "", None
    if at.scalar is not None:
        return at.string, at
    parts = [part for part in (at.word("registry"), at.word("repository") or at.word("name")) if part]
    return "/".join(parts), at.get("tag")
