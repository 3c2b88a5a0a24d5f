"""What the fleet's GPUs cost a month: each workload's, and those that nobody asked for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trimtab.config import Config
from trimtab.fleet import Cluster, Fleet, Found, Node, Unknown, Workload
from trimtab.price.rates import Rate, Rates, cents, monthly
from trimtab.price.table import Prices
from trimtab.rule import Subject, subject_of


@dataclass(frozen=True, slots=True)
class WorkloadCost:
    """What one workload, or the idle GPUs of one node, cost a month of 730 hours, US dollars.

    Attributes:
        subject: The workload or the node.
        monthly: Rounded to cents; Unknown where the price or the GPUs are.
        gpus: Whole-GPU equivalents, mean over the window.
        source: Where the price is from; empty where it is not known.
    """

    subject: Subject
    monthly: Decimal | Unknown
    gpus: float = 0.0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """What the fleet's GPUs cost a month of 730 hours, US dollars.

    Attributes:
        workloads: One for each workload, in the fleet's order.
        nodes: The idle GPUs of each node that has any, in the fleet's order.
        idle: GPUs that no pod asked for; Unknown where there are some and no price of any is known.
        total: Workloads and idle GPUs together, as far as their prices are known; Unknown where none is.
    """

    workloads: tuple[WorkloadCost, ...]
    nodes: tuple[WorkloadCost, ...]
    idle: Decimal | Unknown
    total: Decimal | Unknown

    def of(self, subject: Subject) -> Decimal | Unknown:
        """Return what a workload costs, or the idle GPUs of a node."""
        found = (cost.monthly for cost in (*self.workloads, *self.nodes) if cost.subject == subject)
        return next(found, Unknown("not on the bill"))


def bill(fleet: Fleet, prices: Prices, config: Config) -> Bill:
    """Return the bill of a fleet by the mean of what was held over the window."""
    desks = [(cluster, Rates(cluster, prices, config.prices)) for cluster in fleet.clusters]
    workloads = tuple(workload_cost(one, rates, cluster) for cluster, rates in desks for one in cluster.workloads)
    nodes = tuple(node_cost(node, rates) for cluster, rates in desks for node in cluster.nodes if idle_gpus(node) > 0)
    return Bill(workloads, nodes, _sum(nodes), _sum((*workloads, *nodes)))


def workload_cost(workload: Workload, rates: Rates, cluster: Cluster) -> WorkloadCost:
    """Return what a workload's GPUs cost; nothing where Git declares it and the cluster that was read has it not."""
    subject = subject_of(workload)
    if not workload.live:
        blind = any(gap.blind for gap in cluster.gaps)
        return WorkloadCost(subject, Unknown("the cluster was not read") if blind else cents(Decimal(0)))
    gpus = held_gpus(workload)
    return _cost(subject, gpus, rates.of_workload(workload) if gpus > 0 else Found(Decimal(0)))


def held_gpus(workload: Workload) -> float:
    """Return whole-GPU equivalents held, mean over the window; by the replica count where pods were not counted."""
    ready = workload.scale.ready_avg
    pods = ready.value if isinstance(ready, Found) else float(workload.scale.replicas)
    return max(0.0, pods) * workload.gpus_per_pod * workload.share


def node_cost(node: Node, rates: Rates) -> WorkloadCost:
    """Return what the GPUs of a node cost that no pod asked for."""
    return _cost(subject_of(node), idle_gpus(node), rates.of_node(node))


def idle_gpus(node: Node) -> float:
    """Return physical GPUs of a node that no pod asked for, mean over the window; now where that was not read.

    With slices and shares it is the part of what the node offers that nobody asked for, of its physical GPUs.
    """
    offered = sum(node.allocatable.values())
    if offered <= 0:
        return 0.0
    now = sum(min(node.requested.get(name, 0.0), count) for name, count in node.allocatable.items())
    asked = node.requested_avg.value if isinstance(node.requested_avg, Found) else now
    return node.gpus * max(0.0, 1.0 - asked / offered)


def _cost(subject: Subject, gpus: float, rate: Rate) -> WorkloadCost:
    if isinstance(rate, Unknown):
        return WorkloadCost(subject, rate, gpus)
    return WorkloadCost(subject, cents(monthly(gpus, rate.value)), gpus, rate.source)


def _sum(costs: tuple[WorkloadCost, ...]) -> Decimal | Unknown:
    known = [cost.monthly for cost in costs if isinstance(cost.monthly, Decimal)]
    if costs and not known:
        return next(cost.monthly for cost in costs)
    return sum(known, cents(Decimal(0)))
