"""What a GPU costs, for the comparisons of `trimtab estimate`."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.catalog import cheapest_rate
from trimtab.estimate import Deployment
from trimtab.fleet import Found, Unknown
from trimtab.text.numbers import HOURS_A_MONTH

_SECONDS_AN_HOUR = 3600
_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class Market:
    """Where prices are looked for.

    Attributes:
        provider: Its name; empty for any.
        region: Its name; empty for any.
    """

    provider: str = ""
    region: str = ""

    def usd_per_hour(self, deployment: Deployment) -> Found[float] | Unknown:
        """Return what all GPUs of a deployment cost in an hour: their share of the cheapest instance that has them."""
        found = cheapest_rate(deployment.gpu.name, self.provider, self.region, deployment.gpus)
        return Found(found.value * deployment.gpus, found.source) if isinstance(found, Found) else found


def usd_per_month(usd_per_hour: float) -> float:
    """Return what a month of 730 hours costs."""
    return round(usd_per_hour * HOURS_A_MONTH, 2)


def usd_per_million(usd_per_hour: float, tokens_per_s: float) -> float | None:
    """Return what a million tokens cost at a steady rate; None where none come out."""
    if tokens_per_s <= 0:
        return None
    return round(usd_per_hour / tokens_per_s / _SECONDS_AN_HOUR * _TOKENS, 4)
