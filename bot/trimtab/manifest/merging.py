"""Differences of an object as a strategic merge, written into a patch that stands: keys of mappings, items by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trimtab.errors import RefusedError
from trimtab.manifest.differences import Difference
from trimtab.manifest.source import MERGE_KEYS, Cursor
from trimtab.manifest.splice import New, Splice
from trimtab.manifest.write import add_pair


class _Items(list[New]):
    """Items that are merged by name into those that stand."""


def merged_into(patch: Cursor, before: New, found: Sequence[Difference], *, by_name: bool) -> tuple[Splice, ...]:
    """Return the splices that have a strategic merge make an object differ so.

    Args:
        patch: The merge, a mapping.
        before: What the object says beneath all later patches.
        found: The differences.
        by_name: Whether items of a pod's lists are merged by name, as in Kubernetes' own kinds.

    Raises:
        RefusedError: A list that is replaced whole would have to change, or the patch says something else there.
    """
    merge: dict[str, New] = {}
    for one in found:
        _put(merge, before, one, by_name=by_name)
    return tuple(_laid_into(patch, merge))


def _put(merge: dict[str, New], before: New, found: Difference, *, by_name: bool) -> None:
    """Add a difference to a merge."""
    here, place, listed = before, merge, ""
    for key in found.keys[:-1]:
        if isinstance(here, list):
            merge_key = MERGE_KEYS.get(listed, "") if by_name else ""
            here = here[int(key)]
            place = _item(place, listed, merge_key, here.get(merge_key) if isinstance(here, dict) else None)
        elif isinstance(here, dict):
            here, listed = here[key], key
            place = place if isinstance(here, list) else _mapping(place, key)
    if not isinstance(here, dict):
        raise _not_said(found.pointer)
    place[found.keys[-1]] = found.new


def _mapping(place: dict[str, New], key: str) -> dict[str, New]:
    below = place.setdefault(key, {})
    if not isinstance(below, dict):
        raise _not_said(key)
    return below


def _item(place: dict[str, New], listed: str, merge_key: str, name: New | None) -> dict[str, New]:
    """Return the item of a list that is merged into the one of a name."""
    items = place.setdefault(listed, _Items())
    if not merge_key or not isinstance(name, str) or not isinstance(items, _Items):
        raise _not_said(listed)
    named = [item for item in items if isinstance(item, dict) and item.get(merge_key) == name]
    if not named:
        named = [{merge_key: name}]
        items += named
    return named[0]


def _laid_into(patch: Cursor, merge: dict[str, New]) -> Iterator[Splice]:
    """Yield the splices that lay a merge into what a patch says."""
    if patch.directive:
        raise _not_said("$patch")
    for key, value in merge.items():
        found = patch.get(key)
        if found is None and not _has_items(value) and all(name.value != key for name, _ in patch.pairs()):
            yield add_pair(patch, key, value)
        elif found is not None and isinstance(value, dict) and found.is_mapping:
            yield from _laid_into(found, value)
        elif found is not None and isinstance(value, _Items) and found.is_sequence:
            yield from _items_into(found, value)
        else:
            raise _not_said(key)


def _items_into(listed: Cursor, items: _Items) -> Iterator[Splice]:
    merge_key = MERGE_KEYS[listed.key.value if listed.key is not None else ""]
    for item in items:
        merge = dict(item) if isinstance(item, dict) else {}
        name = merge.pop(merge_key, "")
        found = next((one for one in listed.items() if one.word(merge_key) == name), None)
        if found is None:
            raise _not_said(f"{merge_key} {name}")
        yield from _laid_into(found, merge)


def _has_items(value: New) -> bool:
    """Return whether items are merged somewhere in a value: those that a patch does not name yet would come first."""
    return isinstance(value, _Items) or (isinstance(value, dict) and any(map(_has_items, value.values())))


def _not_said(where: str) -> RefusedError:
    return RefusedError(f"a strategic merge cannot say this at {where}", "write a JSON patch")
