"""What one GPU hour costs: the operator's file first, then the cluster's cost exporter, then the bundled prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab import catalog
from trimtab.config import Prices as PriceSettings
from trimtab.fleet import Cluster, Found, Node, Unknown, Workload
from trimtab.price.table import Prices, whole_product
from trimtab.text.numbers import HOURS_A_MONTH

_CENT = Decimal("0.01")
Rate = Found[Decimal] | Unknown


def cents(amount: Decimal) -> Decimal:
    """Return an amount rounded to cents."""
    return amount.quantize(_CENT)


def monthly(gpus: float, rate: Decimal) -> Decimal:
    """Return what so many GPUs cost a month of 730 hours, US dollars, not rounded."""
    return Decimal(str(round(gpus, 6))) * rate * Decimal(HOURS_A_MONTH)


@dataclass(frozen=True, slots=True)
class Rates:
    """The prices of one cluster."""

    cluster: Cluster
    prices: Prices
    settings: PriceSettings

    def of_product(self, product: str) -> Rate:
        """Return the rate of a product as the cluster's nodes hold it: the mean over those nodes."""
        wanted = whole_product(product)
        homes = [node for node in self.cluster.nodes if whole_product(_product(node)) == wanted]
        return _mean(
            [self._rate(product, instance) for instance in sorted(node.instance_type for node in homes) or [""]]
        )

    def of_node(self, node: Node) -> Rate:
        """Return the rate of a node's GPUs."""
        return self._rate(_product(node), node.instance_type) if _product(node) else Unknown(_reason(node))

    def of_workload(self, workload: Workload) -> Rate:
        """Return the rate of the GPUs that a workload runs on: the mean over its nodes."""
        names = set(workload.nodes)
        homes = [node for node in self.cluster.nodes if node.name in names and _product(node)]
        if homes:
            return _mean([self.of_node(node) for node in homes])
        return self.of_product(workload.gpu.value.name) if isinstance(workload.gpu, Found) else workload.gpu

    def _rate(self, product: str, instance_type: str) -> Rate:
        if not product:
            return Unknown("the kind of GPU is not known")
        stated = self.prices.find(self.cluster.provider, self.cluster.region, product)
        if isinstance(stated, Found):
            return stated
        measured = self._measured(product, instance_type)
        if isinstance(measured, Found) and self.settings.cost_exporter:
            return measured
        if not self.settings.catalogue:
            return Unknown(f"no price of {product} is given, and the bundled prices are turned off")
        return self._bundled(product, instance_type)

    def _measured(self, product: str, instance_type: str) -> Rate:
        costs = {whole_product(name): usd for name, usd in self.cluster.usd_per_gpu_hour.items()}
        for key in (instance_type.casefold(), whole_product(product)):
            if key and costs.get(key, 0.0) > 0:
                return Found(Decimal(str(round(costs[key], 6))), f"the cost exporter of {self.cluster.name}")
        return Unknown("no cost exporter tells")

    def _bundled(self, product: str, instance_type: str) -> Rate:
        whole = catalog.bare_product(product)
        rate = catalog.rate(self.cluster.provider, self.cluster.region, whole, instance_type)
        return Found(Decimal(str(round(rate.value, 6))), rate.source) if isinstance(rate, Found) else rate


def _product(node: Node) -> str:
    return node.product.value if isinstance(node.product, Found) else ""


def _reason(node: Node) -> str:
    return node.product.reason if isinstance(node.product, Unknown) else "the kind of GPU is not known"


def _mean(rates: Sequence[Rate]) -> Rate:
    """Return the mean; Unknown where one of them is."""
    known = [rate for rate in rates if isinstance(rate, Found)]
    if len(known) < len(rates):
        return next(rate for rate in rates if isinstance(rate, Unknown))
    sources = sorted({rate.source for rate in known})
    mean = sum((rate.value for rate in known), Decimal(0)) / len(known)
    return Found(mean, "; ".join(sources))
