"""Room for moves: free GPUs of each node, taken one recommendation after the other."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from trimtab.catalog import whole_product
from trimtab.fleet import Fleet, Found, Node, Unknown, Workload
from trimtab.recommendation import Priced
from trimtab.rule import Subject, subject_of


@dataclass(slots=True)
class _Home:
    """A node with what is still free on it, by GPU resource."""

    node: Node
    free: dict[str, float]
    touched: bool = False


@dataclass(frozen=True, slots=True)
class _Need:
    """So many pods of so many units, all of them on nodes of one product."""

    cluster: str
    product: str
    resource: str
    pods: int
    units: float


class Capacity:
    """The free GPUs of a fleet's ready nodes, as recommendations take them."""

    def __init__(self, fleet: Fleet, wanted: Collection[Subject]) -> None:
        """Note what is free; nodes in `wanted`, whose emptiness is itself a finding, are filled last."""
        self._homes = [
            _Home(node, {resource: node.free(resource) for resource in node.allocatable})
            for cluster in fleet.clusters
            for node in cluster.nodes
            if node.ready
        ]
        self._wanted = frozenset(wanted)

    def take(self, moves: Sequence[tuple[Priced, Workload | Unknown]]) -> str:
        """Take the room that moves need which go together; return why there is none, empty where all was taken."""
        chosen: list[tuple[_Home, _Need]] = []
        for priced, workload in moves:
            if priced.option.places_needed <= 0:
                continue
            need = _need(priced, workload)
            placed = self._place(need)
            chosen += [(home, need) for home in placed]
            if len(placed) < need.pods:
                for home, taken in chosen:
                    home.free[taken.resource] += taken.units
                return (
                    f"waits for room: {need.pods} pods of {need.units:g} {need.product} are to be placed, and "
                    f"{len(placed)} fit after what is proposed before it"
                )
        for home, _ in chosen:
            home.touched = True
        return ""

    def _place(self, need: _Need) -> list[_Home]:
        """Return the node of each pod that finds one, its units taken."""
        homes = [home for home in self._homes if _fits_kind(home, need)]
        placed: list[_Home] = []
        for _ in range(need.pods):
            fitting = [home for home in homes if home.free.get(need.resource, 0.0) >= need.units]
            if not fitting:
                break
            home = min(fitting, key=lambda one: self._rank(one, need.resource))
            home.free[need.resource] -= need.units
            placed.append(home)
        return placed

    def filled(self, subject: Subject) -> bool:
        """Return whether something was placed on a node."""
        return any(home.touched and subject_of(home.node) == subject for home in self._homes)

    def _rank(self, home: _Home, resource: str) -> tuple[bool, bool, float, str]:
        """Return the order of nodes to place on: kept for it, then nobody's finding, then the tightest fit."""
        wanted = subject_of(home.node) in self._wanted and not home.touched
        return (wanted, home.node.purpose != "headroom", home.free[resource], home.node.name)


def _need(priced: Priced, workload: Workload | Unknown) -> _Need:
    option = priced.option
    changed = next((change.after for change in option.changes if change.field == "gpu_count"), None)
    units = float(changed) if isinstance(changed, int | float) else 0.0
    if units <= 0:
        units = float(workload.gpus_per_pod) if isinstance(workload, Workload) else 0.0
    units = units if 0 < units <= option.places_needed else option.places_needed
    pods = math.ceil(option.places_needed / units)
    return _Need(priced.finding.subject.cluster, whole_product(option.after.product), option.resource, pods, units)


def _fits_kind(home: _Home, need: _Need) -> bool:
    product = home.node.product
    same = isinstance(product, Found) and whole_product(product.value) == need.product
    return same and home.node.cluster == need.cluster and need.resource in home.node.allocatable
