"""`trimtab estimate --compare`: which GPUs hold a model, how many of them it takes, how fast it is, what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from trimtab.catalog import all_gpus
from trimtab.cli.estimate_ask import PARALLEL, Answer, Ask, gpu_of, on_gpu, tried
from trimtab.cli.estimate_document import figures, load_document
from trimtab.cli.estimate_prices import Market, usd_per_million, usd_per_month
from trimtab.errors import UsageError
from trimtab.estimate import Deployment, Impossible, Load, Speed
from trimtab.fleet import Found, GpuType
from trimtab.text.clean import visible

SCHEMA = "trimtab/estimate-compare/v1"
COUNTS = (1, 2, 4, 8)
"""GPUs of one replica that are tried where none are asked for: those of one machine."""


@dataclass(frozen=True, slots=True)
class Row:
    """One GPU of a comparison: the fewest of it that hold the model, else the most that were tried."""

    gpu: GpuType
    gpus: int
    found: Answer | Impossible


def compared_gpus(names: str) -> tuple[GpuType, ...]:
    """Return the GPUs that are named, by comma; all of the catalogue for `all`.

    Raises:
        UsageError: One is unknown, or none is named.
    """
    if names.strip().casefold() == "all":
        return all_gpus()
    gpus = tuple(gpu_of(name.strip(), 0.0) for name in names.split(",") if name.strip())
    if not gpus:
        raise UsageError("--compare names no GPU", "--compare H100,A100,L40S,L4, or --compare all")
    return gpus


def compare(ask: Ask, gpus: tuple[GpuType, ...]) -> tuple[Row, ...]:
    """Return one row for each GPU.

    Raises:
        UsageError: The model is unknown, or on no GPU is there anything to estimate.
    """
    base = on_gpu(ask, gpus[0])
    rows = tuple(_row(base, ask, gpu) for gpu in gpus)
    if all(isinstance(row.found, Impossible) for row in rows):
        first = rows[0].found
        raise UsageError(visible(first.reason if isinstance(first, Impossible) else ""), "correct the flag")
    return rows


def sizes(ask: Ask) -> tuple[int, ...]:
    """Return the numbers of GPUs to try: the one that the flags or `--gpus` ask for, else those of one machine."""
    return () if ask.gpus or any(word in ask.flags.settings for word in PARALLEL) else COUNTS


def variants(base: Deployment, gpu: GpuType, counts: tuple[int, ...]) -> Iterator[Deployment]:
    """Give the deployment on a GPU with each number of it; a slice of a GPU works alone."""
    for count in counts or (base.gpus,):
        if count == 1 or "-MIG-" not in gpu.name:
            yield replace(base, gpu=gpu, gpus=count)


def _row(base: Deployment, ask: Ask, gpu: GpuType) -> Row:
    best: Row | None = None
    for deployment in variants(base, gpu, sizes(ask)):
        found = tried(deployment, ask.load)
        if isinstance(found, Answer) or best is None:
            best = Row(gpu, deployment.gpus, found)
        if isinstance(found, Answer) and found.memory.fits:
            break
    return best or Row(gpu, base.gpus, Impossible(f"a slice of a GPU works alone, and {base.gpus} are asked for"))


def compare_document(ask: Ask, names: str, market: Market) -> dict[str, object]:
    """Return the document of a comparison.

    Raises:
        UsageError: A GPU or the model is unknown, or nothing can be estimated.
    """
    rows = compare(ask, compared_gpus(names))
    model = next(row.found.deployment.model for row in rows if isinstance(row.found, Answer))
    return {
        "schema": SCHEMA,
        "model": model.name,
        "engine": ask.engine,
        "unknown_flags": list(ask.flags.unknown),
        "load": load_document(ask.load),
        "rows": [_row_document(row, market, ask.load) for row in rows],
    }


def _row_document(row: Row, market: Market, load: Load) -> dict[str, object]:
    about: dict[str, object] = {"gpu": row.gpu.name, "gpus": row.gpus}
    if isinstance(row.found, Impossible):
        return {**about, "fits": False, "outcome": None, "reason": row.found.reason}
    price = market.usd_per_hour(row.found.deployment)
    usd = price.value if isinstance(price, Found) else None
    speed = row.found.speed
    flow = speed.output_tokens_per_s.value if isinstance(speed, Speed) else 0.0
    through = flow * (1 + load.input_tokens / load.output_tokens)
    return {
        **about,
        **figures(row.found),
        "usd_per_month": None if usd is None else usd_per_month(usd),
        "usd_per_million_output_tokens": None if usd is None else usd_per_million(usd, flow),
        "usd_per_million_tokens": None if usd is None else usd_per_million(usd, through),
        "price": price.source if isinstance(price, Found) else price.reason,
    }
