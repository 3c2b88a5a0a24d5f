"""The geometry of the HTML report's charts; the template draws it as inline SVG. Lengths are SVG user units."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.fleet import Cluster, Found, GpuObservation, Node, Unknown, Workload
from trimtab.recommendation import Proposal, Saving
from trimtab.report.scan import Scan
from trimtab.report.summary import ZERO, totals, who
from trimtab.text.names import gpu
from trimtab.text.numbers import money, percent

SPARK_WIDTH = 120.0
SPARK_HEIGHT = 24.0
_SPARK_POINTS = 56
_STEPS = 10
_BARS = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: `share` of its whole, starting at `start`, both 0 to 100."""

    label: str
    amount: str
    css: str
    start: float
    share: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One of several bars: `share` of the longest, and the range's ends, 0 to 100."""

    label: str
    anchor: str
    amount: str
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One GPU: how busy it was in tenths, -1 where nobody knows, and what a pointer over it is told."""

    step: int
    told: str


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One node with its GPUs."""

    cluster: str
    name: str
    product: str
    cells: tuple[Cell, ...]


def bill_parts(scan: Scan) -> tuple[Part, ...]:
    """Return the bill as what stays and what can be saved; empty where either is not known or nothing is saved."""
    sums = totals(scan)
    if isinstance(sums.cost, Unknown) or sums.cost <= 0 or not ZERO < sums.saving <= sums.cost:
        return ()
    saved = round(float(sums.saving / sums.cost) * 100, 2)
    return (
        Part("stays", money(sums.cost - sums.saving), "kept", 0.0, round(100 - saved, 2)),
        Part("can be saved", money(sums.saving), "saved", round(100 - saved, 2), saved),
    )


def saving_bars(scan: Scan) -> tuple[Bar, ...]:
    """Return the largest savings, longest first."""
    found = [(one, one.priced.saving) for one in scan.proposals if isinstance(one.priced.saving, Saving)]
    largest = sorted(
        ((one, saving) for one, saving in found if saving.monthly > 0), key=lambda pair: (-pair[1].monthly, pair[0].id)
    )[:_BARS]
    top = max((saving.high for _, saving in largest), default=ZERO)
    return tuple(_bar(scan, one, saving, top) for one, saving in largest)


def _bar(scan: Scan, one: Proposal, saving: Saving, top: Decimal) -> Bar:
    shares = [round(float(max(ZERO, amount) / top) * 100, 2) for amount in (saving.monthly, saving.low, saving.high)]
    return Bar(who(scan, one.priced.finding.subject), f"r-{one.id}", money(saving.monthly), *shares)


def node_rows(scan: Scan) -> tuple[NodeRow, ...]:
    """Return every node with its GPUs by how busy they were over the window."""
    seen = [(cluster, _by_node(cluster)) for cluster in scan.fleet.clusters]
    return tuple(
        _node_row(cluster, node, found.get(node.name, {})) for cluster, found in seen for node in cluster.nodes
    )


def _by_node(cluster: Cluster) -> Mapping[str, Mapping[str, GpuObservation]]:
    """Return the GPUs that pods ran on, by node and device."""
    found: dict[str, dict[str, GpuObservation]] = {}
    for one in (one for workload in cluster.workloads for one in workload.gpu_seen):
        found.setdefault(one.node, {})[one.uuid] = one
    return found


def _node_row(cluster: Cluster, node: Node, seen: Mapping[str, GpuObservation]) -> NodeRow:
    cells = [_cell(seen[uuid]) for uuid in sorted(seen)]
    empty = [Cell(-1, "no pod's GPU was seen here")] * max(0, node.gpus - len(cells))
    product = gpu(node.product.value) if isinstance(node.product, Found) else "kind not known"
    return NodeRow(cluster.name, node.name, product, (*cells, *empty))


def _cell(one: GpuObservation) -> Cell:
    pods = ", ".join(one.pods[:3])
    if isinstance(one.busy_avg, Unknown):
        return Cell(-1, f"{pods}: {one.busy_avg.reason}")
    step = min(_STEPS - 1, max(0, int(one.busy_avg.value * _STEPS)))
    return Cell(step, f"{pods}: busy {percent(one.busy_avg.value)} on average")


def sparkline(workload: Workload) -> str:
    """Return an SVG path of the hourly load, scaled to its own peak; empty where none was recorded."""
    traffic = workload.traffic
    hourly = traffic.hourly_requests_per_s or traffic.hourly_output_tokens_per_s or traffic.hourly_running
    points = _means(hourly)
    top = max((point for point in points if not math.isnan(point)), default=0.0)
    if top <= 0 or len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    across = SPARK_WIDTH / (len(points) - 1)
    path, pen_up = [], True
    for index, point in enumerate(points):
        if math.isnan(point):
            pen_up = True
            continue
        height = SPARK_HEIGHT - 1 - point / top * (SPARK_HEIGHT - 2)
        path.append(f"{'M' if pen_up else 'L'}{index * across:.1f} {height:.1f}")
        pen_up = False
    return "".join(path)


def _means(hourly: Sequence[float]) -> list[float]:
    """Return the mean of each block of hours; NaN where a whole block was not recorded."""
    width = max(1, math.ceil(len(hourly) / _SPARK_POINTS))
    blocks = [
        [value for value in hourly[start : start + width] if not math.isnan(value)]
        for start in range(0, len(hourly), width)
    ]
    return [sum(block) / len(block) if block else math.nan for block in blocks]
