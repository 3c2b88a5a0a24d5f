"""What a kustomization says to have a generated ConfigMap hold other variables than its bases say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trimtab.errors import RefusedError
from trimtab.manifest.generators import Generated
from trimtab.manifest.items import add_items
from trimtab.manifest.overlay_lists import Entry, Piece
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import New
from trimtab.manifest.write import add_pair

_SWITCHES = ("disableNameSuffixHash", "immutable")


def literals(at: Cursor, generated: Generated, variables: Mapping[str, str]) -> Iterator[Piece]:
    """Yield what has a ConfigMap hold variables: a generator merged over those of its bases.

    Args:
        at: The kustomization.
        generated: The ConfigMap as it is.
        variables: What it is to hold, by name.

    Raises:
        RefusedError: A generator here would change something else of it.
    """
    texts = [f"{name}={value}" for name, value in variables.items()]
    own = next((item for item in at.items("configMapGenerator") if item.word("name") in generated.names), None)
    listed = own.get("literals") if own is not None else None
    if own is None:
        first = generated.generators[0]
        spaced: dict[str, New] = {"namespace": first.at.word("namespace")} if first.at.word("namespace") else {}
        options = _options(at, generated)
        head: dict[str, New] = {"name": generated.names[-1], **spaced, "behavior": "merge"}
        yield Entry("configMapGenerator", {**head, "literals": list[New](texts), **options})
    elif listed is not None and listed.items():
        yield from add_items(listed, [(text, "") for text in texts])
    else:
        yield add_pair(own, "literals", list[New](texts))


def _options(at: Cursor, generated: Generated) -> dict[str, New]:
    """Return the options that are said again: the last generator alone decides whether the ConfigMap is immutable.

    Raises:
        RefusedError: The kustomization's `generatorOptions` say otherwise.
    """
    said = at.get("generatorOptions")
    ours = {option for option in _SWITCHES if said is not None and said.word(option) == "true"}
    now = {option for option in _SWITCHES if generated.generators[-1].is_told(option)}
    if ours - now or (said is not None and (said.get("labels") or said.get("annotations"))):
        raise RefusedError(f"`generatorOptions` would change more of {generated.names[-1]}", "merge it by hand")
    return {"options": {option: True for option in _SWITCHES if option in now - ours}} if now - ours else {}
