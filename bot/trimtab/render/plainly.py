"""Short ways into documents that hold anything: what is not of the kind asked for counts as empty."""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest import Plain


def below(document: dict[str, Plain], key: str) -> dict[str, Plain]:
    """Return the mapping under a key."""
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def mappings(document: dict[str, Plain], key: str) -> Iterator[dict[str, Plain]]:
    """Yield the mappings of the list under a key."""
    listed = document.get(key)
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict):
            yield item


def word(document: dict[str, Plain], key: str) -> str:
    """Return the scalar under a key as text."""
    found = document.get(key)
    return "" if found is None or isinstance(found, dict | list) else str(found)
