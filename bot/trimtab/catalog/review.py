"""What is wrong with the catalogue's data, or with an operator's own: form, ranges, doubles, age."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from trimtab.catalog.folder import read_model, read_text
from trimtab.catalog.gpus import cards, find_gpu, find_mig
from trimtab.catalog.instances import instances
from trimtab.catalog.models import find_model, model_names
from trimtab.catalog.prices import origins, places, table_of
from trimtab.fleet import Found, Unknown

PRICE_COLUMNS = ("provider", "region", "gpu", "usd_per_gpu_hour")
_MOST_USD = 10_000
_LEAST_SHARE, _MOST_SHARE = 0.85, 1.0
"""Usable memory as a share of the nominal size."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        where: The file with its line, or the entry.
        what: What is wrong with it.
    """

    where: str
    what: str


def review(today: date, most_days: int) -> tuple[Problem, ...]:
    """Return what is wrong with the bundled data; prices older than `most_days` on `today` are stale."""
    return (*_gpus(), *_models(), *_instances(), *_prices(today, most_days))


def _gpus() -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for card in cards():
        one = card.gpu
        if not _LEAST_SHARE * card.nominal_gb < one.memory_gib <= _MOST_SHARE * card.nominal_gb:
            yield Problem(one.name, f"{one.memory_gib} GiB usable of {card.nominal_gb} GB")
        if not (one.bandwidth_gb_s > 0 and one.tflops and all(peak > 0 for peak in one.tflops.values())):
            yield Problem(one.name, "a figure that is not above 0")
        for name in (one.name, *card.aliases):
            key = "".join(filter(str.isalnum, name.casefold()))
            if owners.setdefault(key, one.name) != one.name:
                yield Problem(one.name, f"{name} also names {owners[key]}")
        for profile in card.profiles:
            if isinstance(find_mig(one, profile), Unknown):
                yield Problem(one.name, f"the profile {profile} cannot be read")


def _models() -> Iterator[Problem]:
    for name in model_names():
        found = find_model(name)
        if isinstance(found, Unknown):
            yield Problem(name, found.reason)
        elif not isinstance(json.loads(found.value.config_json), dict):
            yield Problem(name, "its configuration is no JSON object")


def _instances() -> Iterator[Problem]:
    for name, (gpu, count) in instances().items():
        known = find_gpu(gpu)
        if isinstance(known, Unknown) or known.value.name != gpu:
            yield Problem(name, f"its GPU {gpu} is not in the catalogue under this name")
        if count < 1:
            yield Problem(name, f"{count} GPUs")


def _prices(today: date, most_days: int) -> Iterator[Problem]:
    for origin in origins():
        days = (today - origin.date).days
        if days > most_days:
            yield Problem(f"prices of {origin.provider}", f"{days} days old ({origin.date}), more than {most_days}")
    for provider, region in places():
        for name, usd in table_of(provider, region).items():
            if name not in instances():
                yield Problem(f"{provider} {region} {name}", "a price of an instance type without known GPUs")
            if not 0 < usd <= _MOST_USD:
                yield Problem(f"{provider} {region} {name}", f"{usd} US dollars an hour")


# ------------------------------------------------------------------------------------------------ the operator's own


def review_file(path: Path) -> tuple[Problem, ...]:
    """Return what is wrong with an operator's price file (`.csv`), or with a model's `config.json` or folder."""
    if path.suffix.casefold() == ".csv":
        text = read_text(path)
        if isinstance(text, Unknown):
            return (Problem(str(path), text.reason.removeprefix(f"{path}: ")),)
        return tuple(_price_file(str(path), text.value))
    model = read_model(path)
    return (Problem(str(path), model.reason.removeprefix(f"{path}: ")),) if isinstance(model, Unknown) else ()


def _price_file(name: str, text: str) -> Iterator[Problem]:
    rows = csv.DictReader(io.StringIO(text))
    try:
        header: Sequence[str] = rows.fieldnames or ()
        missing = [column for column in PRICE_COLUMNS if column not in header]
        if missing:
            yield Problem(
                f"{name}:1", f"no column {', '.join(missing)}; the first line names {','.join(PRICE_COLUMNS)}"
            )
            return
        seen: dict[tuple[str, ...], int] = {}
        for row in rows:
            where = f"{name}:{rows.line_num}"
            yield from (Problem(where, what) for what in _row(row))
            key = tuple(str(row[column] or "").strip().casefold() for column in PRICE_COLUMNS[:3])
            if key in seen:
                yield Problem(where, f"the same price as in line {seen[key]}")
            seen.setdefault(key, rows.line_num)
    except csv.Error as error:
        yield Problem(f"{name}:{rows.line_num}", f"no CSV: {error}")


def _row(row: Mapping[str, str | None]) -> Iterator[str]:
    gpu = (row["gpu"] or "").strip()
    known = find_gpu(gpu)
    if isinstance(known, Unknown):
        yield known.reason
    try:
        usd = float(row["usd_per_gpu_hour"] or "")
    except ValueError:
        usd = math.nan
    if not 0 <= usd <= _MOST_USD:
        yield f"usd_per_gpu_hour is {str(row['usd_per_gpu_hour'])[:40]!r}, not from 0 to {_MOST_USD}"
    if isinstance(known, Found) and "-MIG-" in known.value.name:
        yield f"{gpu} is a part of a GPU; a slice costs its part of the whole, so give the whole GPU's price"
