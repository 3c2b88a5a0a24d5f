"""Charts that were downloaded before rendering, kept by where they came from: found again by digest, or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from trimtab.render.fence import Tools
from trimtab.render.shelf import Shelved, find

_SUFFIX = ".tgz"


@dataclass(frozen=True, slots=True, order=True)
class Wanted:
    """A chart that lies elsewhere.

    Attributes:
        origin: The repository's address: http, https or oci.
        name: The chart's.
        version: As declared.
    """

    origin: str
    name: str
    version: str


def have(tools: Tools, chart: Wanted) -> Shelved | None:
    """Return a chart that lies elsewhere from the operator's folder, else a downloaded one; None where neither is."""
    found = find(tools.charts, chart.name, chart.version)
    if found is not None:
        return found
    place = kept(tools.fetched, chart)
    return Shelved(chart.name, chart.version, place) if place is not None else None


def folder_of(store: Path, chart: Wanted) -> Path:
    """Return the folder that holds one chart of one repository and version."""
    key = "\0".join((chart.origin.rstrip("/"), chart.name, chart.version.removeprefix("v")))
    return store / hashlib.sha256(key.encode()).hexdigest()[:32]


def kept(store: str, chart: Wanted) -> Path | None:
    """Return a downloaded chart whose bytes are still the ones that its name is the digest of."""
    if not store or not chart.origin:
        return None
    for place in sorted(folder_of(Path(store), chart).glob(f"*{_SUFFIX}")):
        if hashlib.sha256(place.read_bytes()).hexdigest() == place.stem:
            return place
    return None


def keep(store: Path, chart: Wanted, data: bytes) -> Path:
    """Keep a chart's package under its digest, for this user alone.

    Raises:
        OSError: It cannot be written.
    """
    place = folder_of(store, chart) / f"{hashlib.sha256(data).hexdigest()}{_SUFFIX}"
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    spare = place.with_suffix(".new")
    spare.touch(mode=0o600)
    spare.write_bytes(data)
    spare.replace(place)
    return place
