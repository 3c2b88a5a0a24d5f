"""What a kustomization says to have a generated ConfigMap hold other variables than its bases say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trimtab.manifest.generators import Generated
from trimtab.manifest.items import add_items
from trimtab.manifest.overlay_lists import Entry, Piece
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import New
from trimtab.manifest.write import add_pair


def literals(at: Cursor, generated: Generated, variables: Mapping[str, str]) -> Iterator[Piece]:
    """Yield what has a ConfigMap hold variables: a generator merged over those of its bases.

    A generator's own options win over those it is merged with, so that a name without a hash is said again.

    Args:
        at: The kustomization.
        generated: The ConfigMap as it is.
        variables: What it is to hold, by name.
    """
    texts = [f"{name}={value}" for name, value in variables.items()]
    own = next((item for item in at.items("configMapGenerator") if item.word("name") in generated.names), None)
    listed = own.get("literals") if own is not None else None
    if own is None:
        first = generated.generators[0]
        spaced: dict[str, New] = {"namespace": first.at.word("namespace")} if first.at.word("namespace") else {}
        plain = first.is_unhashed and at.word("generatorOptions", "disableNameSuffixHash") != "true"
        options: dict[str, New] = {"options": {"disableNameSuffixHash": True}} if plain else {}
        head: dict[str, New] = {"name": generated.names[-1], **spaced, "behavior": "merge"}
        yield Entry("configMapGenerator", {**head, "literals": list[New](texts), **options})
    elif listed is not None and listed.items():
        yield from add_items(listed, [(text, "") for text in texts])
    else:
        yield add_pair(own, "literals", list[New](texts))
