"""What `trimtab catalog show` prints: GPUs, models, instance types and prices, with their sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias

from trimtab.catalog import find_gpu, find_model
from trimtab.catalog.gpus import Card, cards
from trimtab.catalog.instances import instances
from trimtab.catalog.models import model_names
from trimtab.catalog.prices import origins, places, table_of
from trimtab.errors import UsageError
from trimtab.fleet import Found, Unknown
from trimtab.text.clean import visible

SCHEMA = "trimtab/catalog/v1"
Entry: TypeAlias = dict[str, object]
_NO_GCP = "GCP: none, for want of a list with a licence; give your own with `prices: {file: …}` in trimtab.yaml"


def show_document(kind: str, name: str, today: date) -> dict[str, object]:
    """Return the entries of a kind; with a name only the one that it means.

    Raises:
        UsageError: Nothing is known by that name.
    """
    entries = _KINDS[kind](name)
    found: dict[str, object] = {"schema": SCHEMA, "kind": kind, "entries": entries}
    if kind == "prices":
        found["sources"] = [
            {
                "provider": one.provider,
                "source": one.source,
                "date": one.date.isoformat(),
                "age_days": (today - one.date).days,
                "licence": one.licence,
            }
            for one in origins()
        ]
        found["missing"] = [_NO_GCP]
    return found


def _gpus(name: str) -> list[Entry]:
    if not name:
        return [_gpu(card) for card in cards()]
    found = find_gpu(name)
    if isinstance(found, Unknown):
        raise UsageError(visible(found.reason))
    whole = found.value.name.partition("-MIG-")[0]
    return [_gpu(card) for card in cards() if card.gpu.name == whole]


def _gpu(card: Card) -> Entry:
    one = card.gpu
    return {
        "name": one.name,
        "nominal_gb": card.nominal_gb,
        "memory_gib": one.memory_gib,
        "bandwidth_gb_s": one.bandwidth_gb_s,
        "dense_tflops": dict(one.tflops),
        "link_gb_s": one.link_gb_s,
        "compute_capability": one.compute_capability or None,
        "family": one.family,
        "mig_profiles": list(card.profiles),
        "aliases": list(card.aliases),
        "source": one.source,
        "unverified": list(card.unverified),
    }


def _models(name: str) -> list[Entry]:
    names = model_names() if not name else (name,)
    entries: list[Entry] = []
    for one in names:
        found = find_model(one)
        if isinstance(found, Unknown):
            raise UsageError(visible(found.reason))
        entries.append({"name": found.value.name, "source": found.value.source})
        if name:
            entries[-1]["config"] = found.value.config_json
    return entries


def _instances(name: str) -> list[Entry]:
    wanted = name.strip().casefold()
    gpu = find_gpu(name) if name and wanted not in instances() else Unknown("")
    product = gpu.value.name if isinstance(gpu, Found) else ""
    rows = [
        {"instance_type": kind, "gpu": held, "gpus": count}
        for kind, (held, count) in instances().items()
        if not name or wanted == kind or product == held
    ]
    if not rows:
        raise UsageError(f"no instance type {name[:80]!r}, and no GPU of that name in any")
    return [dict(row) for row in rows]


def _prices(name: str) -> list[Entry]:
    """Return prices by instance type and region; a name is a provider's, a region's, an instance type's or a GPU's."""
    wanted = name.strip().casefold()
    known = find_gpu(name) if name else Unknown("")
    product = known.value.name if isinstance(known, Found) else ""
    also = {other: one.provider for one in origins() for other in (one.provider, *one.also)}
    rows: list[Entry] = []
    for provider, region in places():
        for kind, usd in table_of(provider, region).items():
            gpu, count = instances()[kind]
            if not name or wanted in {region, kind} or also.get(wanted) == provider or product == gpu:
                rows.append(
                    {
                        "provider": provider,
                        "region": region,
                        "instance_type": kind,
                        "gpu": gpu,
                        "gpus": count,
                        "usd_per_hour": usd,
                        "usd_per_gpu_hour": round(usd / count, 4),
                    }
                )
    if not rows:
        raise UsageError(f"no price is known for {name[:80]!r}", "a provider, a region, an instance type or a GPU")
    return rows


_KINDS: Mapping[str, Callable[[str], list[Entry]]] = {
    "gpus": _gpus,
    "models": _models,
    "instances": _instances,
    "prices": _prices,
}
KINDS = tuple(_KINDS)
