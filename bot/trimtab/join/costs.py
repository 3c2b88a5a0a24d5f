"""What the cluster's own cost exporter says a GPU costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

from trimtab.fleet import Found, Gap, Node
from trimtab.join.hardware import canonical
from trimtab.join.readings import Readings, label

OPENCOST_DEFAULT_USD = 0.95
"""OpenCost's `GPU` of `configs/default.json`: a placeholder for machines it knows no price of, whatever the GPU.

Source: github.com/opencost/opencost v1.113 configs/default.json.
"""


def join_costs(readings: Readings, nodes: Sequence[Node]) -> tuple[Mapping[str, float], tuple[Gap, ...]]:
    """Return US dollars per GPU hour by instance type and by product (mean over nodes), and what was not believed."""
    products = {node.name: canonical(node.product.value) for node in nodes if isinstance(node.product, Found)}
    prices: defaultdict[str, list[float]] = defaultdict(list)
    placeholders = set()
    for row in readings.rows("gpu_hourly_cost"):
        node, price = label(row, "node"), row.values[0]
        if price <= 0:
            continue
        if price == OPENCOST_DEFAULT_USD:
            placeholders.add(node)
            continue
        for key in {label(row, "instance_type"), products.get(node, "")} - {""}:
            prices[key].append(price)
    gaps: tuple[Gap, ...] = ()
    if placeholders:
        reason = (
            f"OpenCost gives its built-in {OPENCOST_DEFAULT_USD} USD for {len(placeholders)} nodes, which is no price; "
            "give a price file (`prices.file`)"
        )
        gaps = (Gap(readings.facts.cluster, "gpu_hourly_cost", reason),)
    return {key: fmean(found) for key, found in sorted(prices.items())}, gaps
