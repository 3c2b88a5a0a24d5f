"""The files that app-template mounts into a container from `configMaps` and `persistence` of its values.

Source: https://github.com/bjw-s-labs/helm-charts/blob/main/charts/library/common/values.yaml (common 4.x).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.manifest.config_file import Mounted, config_entries, path_below
from trimtab.manifest.flags import field_of
from trimtab.manifest.shapes.owner import Owner
from trimtab.manifest.source import Cursor

_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Spot:
    """A container of app-template's values: all values, those of app-template, and the keys of the container."""

    root: Cursor
    values: Cursor
    controller: str
    container: str


def mounted_in(spot: Spot, owner: Owner) -> Mounted:
    """Return what finds the files that are mounted into a container."""

    def find(path: str) -> Cursor | None:
        for volume, mount in _mounts(spot):
            key = path_below(path, mount.word("path"), mount.word("subPath"))
            found = _in_configmap(spot, volume, key, owner) if key else None
            if found is not None:
                return found
        return _listed_flags(spot.root)

    return find


def _mounts(spot: Spot) -> Iterator[tuple[Cursor, Cursor]]:
    """Yield the volumes made of ConfigMaps with each mount into the container."""
    for volume in spot.values.entries("persistence").values():
        if volume.word("type") != "configMap" or volume.word("enabled") == "false":
            continue
        for keys in (("advancedMounts", spot.controller, spot.container), ("globalMounts",)):
            yield from ((volume, mount) for mount in volume.items(*keys))


def _in_configmap(spot: Spot, volume: Cursor, key: str, owner: Owner) -> Cursor | None:
    """Return the YAML under a key of the values' own ConfigMap, or of one beside the release."""
    own = spot.values.get("configMaps", volume.word("identifier"), "data", key) if volume.word("identifier") else None
    if own is not None:
        return own.inner()
    name = volume.word("name")
    return owner.context.configmap_file(owner.at.source.path, owner.namespace, name, key) if name else None


def _listed_flags(root: Cursor) -> Cursor | None:
    """Return the one list of flags, as keys and values, that a chart around app-template makes the file of."""
    lists = [at for at in root.entries().values() if _flags_in(at) >= _FEWEST]
    return lists[0] if len(lists) == 1 else None


def _flags_in(at: Cursor) -> int:
    return sum(bool(field_of(f"--{key}", "vllm")) for key, _ in config_entries(at)) if at.is_sequence else 0
