"""On-demand prices of GPUs, by provider and region. A price that is not in the tables is unknown, never guessed."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from trimtab.catalog.gpus import find_gpu
from trimtab.catalog.instances import instances
from trimtab.fleet import Found, GpuType, Unknown

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one provider's prices are from.

    Attributes:
        provider: Its name.
        source: Who published them, and where.
        date: When they held.
        licence: Of the publication.
        also: The provider's other names.
    """

    provider: str
    source: str
    date: date
    licence: str
    also: tuple[str, ...]


def rate(provider: str, region: str, gpu: str, instance_type: str = "") -> Found[float] | Unknown:
    """Return US dollars for one GPU and hour: the instance's price, shared equally by its GPUs.

    Where several instance types carry the GPU and none is named, the cheapest for one GPU is meant; `source` names it.
    A MIG slice costs its compute slices of seven. Another region's price is never taken.
    """
    known = find_gpu(gpu)
    if isinstance(known, Unknown):
        return known
    who = _provider(provider)
    table = _prices().get((who, region.strip().casefold()))
    if table is None:
        return Unknown(f"no prices of {provider or 'an unnamed provider'} in region {region!r} are in the catalogue")
    return _cheapest(who, table, known.value, instance_type)


def cheapest_rate(gpu: str, provider: str = "", region: str = "", together: int = 1) -> Found[float] | Unknown:
    """Return the lowest rate for one GPU and hour where a provider, a region or both may be left open.

    `source` names the instance type, the provider and the region. See `rate`.

    Args:
        gpu: The GPU, or a slice of one.
        provider: Its name; empty for any.
        region: The provider's region; empty for any.
        together: How many of the GPU one instance must have at least.
    """
    known = find_gpu(gpu)
    if isinstance(known, Unknown):
        return known
    who, where = _provider(provider), region.strip().casefold()
    asked = " ".join(filter(None, (provider, region))) or "any provider"
    places = [place for place in _prices() if who in {"", place[0]} and where in {"", place[1]}]
    if not places:
        return Unknown(f"no prices of {asked} are in the catalogue")
    rates = ((_cheapest(place[0], _prices()[place], known.value, "", together), *place) for place in places)
    found = [(one, name, at) for one, name, at in rates if isinstance(one, Found)]
    if not found:
        of = f"an instance with {together} of {gpu}" if together > 1 else gpu
        return Unknown(f"no price of {of} is in the catalogue for {asked}")
    best, name, at = min(found, key=lambda one: (one[0].value, one[1], one[2]))
    return Found(best.value, f"{best.source}, {name} {at}")


def _cheapest(
    who: str, table: Mapping[str, float], gpu: GpuType, instance_type: str, together: int = 1
) -> Found[float] | Unknown:
    product = gpu.name.split("-MIG-")[0]
    wanted = instance_type.strip().casefold()
    offers = sorted(
        (usd / instances()[name][1], name)
        for name, usd in table.items()
        if instances()[name][0] == product and wanted in {"", name} and instances()[name][1] >= together
    )
    if not offers:
        return Unknown(f"no price of {gpu.name} {f'in {instance_type} ' if wanted else ''}is known in this region")
    usd, name = offers[0]
    return Found(usd * gpu.slices / 7, f"{name}, on demand, {_said()[who]}")


def _provider(name: str) -> str:
    return _also().get(name.strip().casefold(), name.strip().casefold())


@cache
def _prices() -> Mapping[tuple[str, str], Mapping[str, float]]:
    """Return the price of an instance type's hour by provider and region."""
    tables: dict[tuple[str, str], dict[str, float]] = {}
    with (_DATA / "prices.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            table = tables.setdefault((row["provider"], row["region"].casefold()), {})
            table[row["instance_type"].casefold()] = float(row["usd_per_hour"])
    return tables


@cache
def origins() -> tuple[Origin, ...]:
    """Return where each provider's prices are from."""
    with (_DATA / "prices.toml").open("rb") as file:
        return tuple(
            Origin(name, of["source"], date.fromisoformat(of["date"]), of["licence"], tuple(of["also"]))
            for name, of in tomllib.load(file).items()
        )


def places() -> tuple[tuple[str, str], ...]:
    """Return every provider and region that prices are known of, sorted."""
    return tuple(sorted(_prices()))


def table_of(provider: str, region: str) -> Mapping[str, float]:
    """Return US dollars an hour by instance type; empty where none are known."""
    return _prices().get((_provider(provider), region.strip().casefold()), {})


@cache
def _said() -> Mapping[str, str]:
    """Return source, date and licence of each provider's prices in words."""
    return {of.provider: f"{of.source}, {of.date}, {of.licence}" for of in origins()}


@cache
def _also() -> Mapping[str, str]:
    """Return a provider's name by its other names."""
    return {other: of.provider for of in origins() for other in of.also}
