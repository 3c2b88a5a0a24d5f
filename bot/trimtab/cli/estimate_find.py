"""`trimtab estimate --find cheapest`: the least that keeps a latency objective at a request rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from trimtab.catalog import find_mig, mig_profiles
from trimtab.cli.estimate_ask import Ask, on_gpu
from trimtab.cli.estimate_compare import compared_gpus, sizes, variants
from trimtab.cli.estimate_document import load_document, rounded
from trimtab.cli.estimate_prices import Market, usd_per_million, usd_per_month
from trimtab.estimate import Deployment, Impossible, Load, Objective, Rate, largest_rate, memory
from trimtab.fleet import Found, GpuType, Unknown

SCHEMA = "trimtab/estimate-find/v1"
_MOST_REPLICAS = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the deployment must do.

    Attributes:
        objective: The latencies to keep.
        rate_per_s: Requests a second, all replicas together.
        slices: Whether slices of GPUs are looked at too.
    """

    objective: Objective
    rate_per_s: float
    slices: bool


@dataclass(frozen=True, slots=True)
class Option:
    """A deployment that does it.

    Attributes:
        deployment: One replica.
        replicas: As many as the rate needs where each is as slow as its band allows.
        usd_per_hour: Of all replicas.
        rate: What one replica takes.
        price: Where the price is from.
    """

    deployment: Deployment
    replicas: int
    usd_per_hour: float
    rate: Rate
    price: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A deployment that does not, and why."""

    gpu: str
    gpus: int
    reason: str


def find(ask: Ask, names: str, wanted: Wanted, market: Market) -> tuple[list[Option], list[Rejected]]:
    """Return what does it, the cheapest first, and what does not.

    Raises:
        UsageError: A GPU or the model is unknown.
    """
    options: list[Option] = []
    rejected: list[Rejected] = []
    whole = compared_gpus(names)
    base = on_gpu(ask, whole[0])
    for gpu in _with_slices(whole) if wanted.slices else whole:
        for deployment in variants(base, gpu, sizes(ask)):
            one = _judge(deployment, ask.load, wanted, market)
            if isinstance(one, Option):
                options.append(one)
            else:
                rejected.append(one)
    options.sort(key=lambda one: (one.usd_per_hour, one.replicas * one.deployment.gpus, one.deployment.gpu.name))
    return options, rejected


def _with_slices(whole: tuple[GpuType, ...]) -> Iterator[GpuType]:
    for gpu in whole:
        yield gpu
        for profile in mig_profiles(gpu)[:-1]:
            found = find_mig(gpu, profile)
            if isinstance(found, Found):
                yield found.value


def _judge(deployment: Deployment, load: Load, wanted: Wanted, market: Market) -> Option | Rejected:
    """Return the deployment as an option; the checks that cost least come first."""
    price = market.usd_per_hour(deployment)
    if isinstance(price, Unknown):
        return _rejected(deployment, price.reason)
    held = memory(deployment)
    if isinstance(held, Impossible) or not held.fits:
        return _rejected(deployment, held.reason)
    rate = largest_rate(deployment, load, wanted.objective)
    if isinstance(rate, Impossible):
        return _rejected(deployment, rate.reason)
    surely = rate.requests_per_s.low
    if surely <= 0:
        return _rejected(deployment, _too_slow(rate, wanted.objective))
    replicas = math.ceil(wanted.rate_per_s / surely)
    if replicas > _MOST_REPLICAS:
        return _rejected(deployment, f"{replicas:,} replicas would be needed")
    return Option(deployment, replicas, price.value * replicas, rate, price.source)


def _rejected(deployment: Deployment, reason: str) -> Rejected:
    return Rejected(deployment.gpu.name, deployment.gpus, reason)


def _too_slow(rate: Rate, objective: Objective) -> str:
    """Return which latency is missed, by the slow end of the band, which is what an objective is held against."""
    ttft, tpot = rate.ttft_p95_ms.high, rate.tpot_p95_ms.high
    if rate.requests_per_s.value <= 0 and ttft > objective.ttft_p95_ms:
        return (
            f"one request alone may wait {ttft:,.0f} ms for its first token (p95), {objective.ttft_p95_ms:g} are asked"
        )
    if rate.requests_per_s.value <= 0 and tpot > objective.tpot_p95_ms:
        return f"one request alone may take {tpot:,.1f} ms a token (p95), {objective.tpot_p95_ms:g} are asked"
    return "by its mean it keeps the objective, by the slow end of its band it does not"


def find_document(ask: Ask, names: str, wanted: Wanted, market: Market) -> dict[str, object]:
    """Return the document of a search; `cheapest` is null where nothing does it.

    Raises:
        UsageError: A GPU or the model is unknown.
    """
    options, rejected = find(ask, names, wanted, market)
    tokens_per_s = wanted.rate_per_s * ask.load.output_tokens
    listed = [_option_document(option, tokens_per_s) for option in options]
    return {
        "schema": SCHEMA,
        "model": options[0].deployment.model.name if options else ask.model,
        "engine": ask.engine,
        "unknown_flags": list(ask.flags.unknown),
        "load": {key: value for key, value in load_document(ask.load).items() if key != "concurrency"},
        "objective": {
            "ttft_p95_ms": wanted.objective.ttft_p95_ms,
            "tpot_p95_ms": wanted.objective.tpot_p95_ms,
            "requests_per_s": wanted.rate_per_s,
        },
        "cheapest": listed[0] if listed else None,
        "options": listed,
        "rejected": [{"gpu": one.gpu, "gpus": one.gpus, "reason": one.reason} for one in rejected],
    }


def _option_document(option: Option, tokens_per_s: float) -> dict[str, object]:
    rate, deployment = option.rate, option.deployment
    return {
        "gpu": deployment.gpu.name,
        "gpus": deployment.gpus,
        "replicas": option.replicas,
        "usd_per_month": usd_per_month(option.usd_per_hour),
        "usd_per_million_output_tokens": usd_per_million(option.usd_per_hour, tokens_per_s),
        "requests_per_s_per_replica": rounded(rate.requests_per_s.value),
        "sure_requests_per_s_per_replica": rounded(rate.requests_per_s.low),
        "concurrency_per_replica": rounded(rate.concurrency),
        "ttft_p95_ms": rounded(rate.ttft_p95_ms.value),
        "tpot_p95_ms": rounded(rate.tpot_p95_ms.value),
        "low": {"requests_per_s_per_replica": rounded(rate.requests_per_s.low)},
        "high": {"requests_per_s_per_replica": rounded(rate.requests_per_s.high)},
        "price": option.price,
    }
