"""Makes the node signals that need arithmetic over several answers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from trimtab.facts import Series
from trimtab.read.ask_host import NODE_LABELS
from trimtab.read.nodes import NodeNames
from trimtab.read.query import Row

_PERCENTILE = 0.95


def node_cpu(answers: Mapping[str, tuple[Row, ...]], nodes: NodeNames) -> Iterator[Series]:
    """Yield how busy each node's CPUs were, from one figure an hour.

    The first hour of a node that appeared inside the window is left out: what was not recorded is not work.
    """
    by_node: dict[str, list[tuple[float, ...]]] = {}
    for row in answers.get("_node_cpu_hourly", ()):
        name = nodes.resolve([row.labels.get(label, "") for label in NODE_LABELS])
        by_node.setdefault(name, []).append(row.values)
    for name, rows in by_node.items():
        hours = [_mean(figures) for figures in zip(*rows, strict=True)]
        seen = [index for index, figure in enumerate(hours) if not math.isnan(figure)]
        kept = [min(1.0, max(0.0, hours[index])) for index in (seen if seen[:1] == [0] else seen[1:])]
        if kept:
            yield Series("node_cpu_busy_avg", (("node", name),), (sum(kept) / len(kept),))
            yield Series("node_cpu_busy_p95", (("node", name),), (_percentile(kept),))


def _mean(figures: Sequence[float]) -> float:
    """Return the mean of the figures that are there, NaN where none is."""
    there = [figure for figure in figures if not math.isnan(figure)]
    return sum(there) / len(there) if there else math.nan


def _percentile(figures: Sequence[float]) -> float:
    """Return the 95th percentile, interpolated as `quantile_over_time` does."""
    ordered = sorted(figures)
    rank = _PERCENTILE * (len(ordered) - 1)
    low, high = math.floor(rank), math.ceil(rank)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def gpu_requested(answers: Mapping[str, tuple[Row, ...]], alive: Mapping[tuple[str, str], float]) -> Iterator[Series]:
    """Yield the mean of GPU units requested on each node, zero where a node had no such pod.

    Args:
        answers: With unit samples by pod and node, and samples by node.
        alive: By namespace and pod, the share of its samples before it ended: afterwards it holds nothing.
    """
    if "_gpu_unit_samples" not in answers or "_node_samples" not in answers:
        return
    units: dict[str, float] = {}
    for row in answers["_gpu_unit_samples"]:
        pod = (row.labels.get("namespace", ""), row.labels.get("pod", ""))
        node = row.labels.get("node", "")
        units[node] = units.get(node, 0.0) + row.value * alive.get(pod, 1.0)
    for row in answers["_node_samples"]:
        node = row.labels.get("node", "")
        yield Series("node_gpu_requested_avg", (("node", node),), (units.get(node, 0.0) / row.value,))
