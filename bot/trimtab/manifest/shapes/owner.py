"""What deploys a tree of Helm values, and what every reader of values needs."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.manifest.context import Context
from trimtab.manifest.engines import image_tag
from trimtab.manifest.environment import Environment, Variable
from trimtab.manifest.hit import Draft
from trimtab.manifest.paths import folder_of, joined
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
        chart: The chart's name, empty where nothing tells.
        defaults: The chart's own values, where a file of values is laid over them.
        folder: The chart's folder.
        has_chart: Whether the chart lies in the tree.
    """

    at: Cursor
    api_version: str
    kind: str
    namespace: str
    name: str
    wrapper: str
    context: Context
    chart: str = ""
    defaults: Cursor | None = None
    folder: str = ""
    has_chart: bool = False

    def name_of(self, values: Cursor) -> str:
        """Return what values as a whole are called: their own override, else the folder or file they stand in."""
        named = self.name or values.word("fullnameOverride") or values.word("nameOverride")
        parts = self.at.source.path.rsplit("/", 2)
        stem = parts[-1].rsplit(".", 1)[0]
        return named or (parts[-2] if stem == "values" and len(parts) > 1 else stem)

    def draft(self, item: str, engine: str) -> Draft:
        """Return a serving of these values that has no settings yet."""
        name = self.name or item
        return Draft(self.at, self.api_version, self.kind, self.namespace, name, item, self.wrapper, engine)

    def chart_of(self, part: str) -> str:
        """Return the chart that a part of a values file configures: the dependency of that alias, else of that name."""
        path = joined(folder_of(self.at.source.path), "Chart.yaml")
        for source in self.context.tree.readable(path) if not self.kind else ():
            root = source.root()
            for item in root.items("dependencies") if root is not None else ():
                if item.word("alias") == part and item.word("name"):
                    return item.word("name")
        return part

    def environment(self, env: Cursor | None, env_from: Cursor | None = None) -> Environment:
        """Return the variables of a container in the values."""

        def lookup(name: str, key: str) -> Variable | None:
            return self.context.configmap_value(self.at.source.path, self.namespace, name, key)

        return Environment(env, env_from, lookup)


_REPOSITORIES = ("repository", "containerImage", "imageName", "name", "image")
_TAGS = ("tag", "version", "imageTag")


def image_of(at: Cursor | None) -> tuple[str, Cursor | None]:
    """Return an image's whole name and the scalar with its tag: one text, or a repository and a tag under their keys.

    Charts differ in how they name the two; where the tag's key holds a whole image, that is it.
    """
    if at is None:
        return "", None
    if at.scalar is not None:
        return at.string, at
    tag = next((found for key in _TAGS if (found := at.get(key)) is not None and found.string), at.get("tag"))
    if tag is not None and "/" in tag.string:
        return tag.string, tag
    named = next((found for key in _REPOSITORIES if (found := at.get(key)) is not None and found.string), None)
    parts = [part for part in (at.word("registry"), named.string if named is not None else "") if part]
    whole = named if named is not None and len(parts) == 1 and image_tag(named.string) else None
    return "/".join(parts), tag or whole
