"""The vocabulary from a running container's own command, as the Kubernetes API shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from trimtab.fleet import Scalar
from trimtab.manifest.container import pod_container, read_engine
from trimtab.manifest.environment import Environment
from trimtab.manifest.parse import BrokenYamlError, parse
from trimtab.manifest.source import Source
from trimtab.manifest.text import Text


def engine_settings(
    command: Sequence[str], args: Sequence[str], env: Mapping[str, str], image: str
) -> Mapping[str, Scalar]:
    """Return the engine's settings by the vocabulary's words; empty where no engine is recognised.

    What a variable's text does not tell is left out. `engine` is among them.

    Args:
        command: The container's `command`, empty where the image's own runs.
        args: Its `args`.
        env: Its variables that have a value in place.
        image: Its image.
    """
    parts: dict[str, object] = {"image": image, "env": dict(env)}
    parts.update({key: list(words) for key, words in (("command", command), ("args", args)) if words})
    text = json.dumps(parts, ensure_ascii=False)
    try:
        root = Source("", parse(text)[0], Text.whole(text)).root()
    except BrokenYamlError:
        return {}
    if root is None:
        return {}
    found = read_engine(pod_container(root, Environment(root.get("env"), None, lambda _name, _key: None)))
    if not found.engine:
        return {}
    said = {field: hit.value for field, hit in sorted(found.hits.items()) if not hit.locked}
    return {"engine": found.engine, **said}
