"""Other places in the cluster, and whether there is room in them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from trimtab.demand.peak import held_replicas
from trimtab.demand.setup import size
from trimtab.estimate import Deployment
from trimtab.fleet import Cluster, Pool, Sharing, Unknown, Workload


@dataclass(frozen=True, slots=True)
class Move:
    """A pool with the number of its GPUs that one pod would take; `own` is the pool that the pods are on already."""

    pool: Pool
    gpus: int
    own: bool = False

    @property
    def title(self) -> str:
        """Return it in words: `NVIDIA-L40S`, `2 x NVIDIA-L40S`."""
        return self.pool.gpu.name if self.gpus == 1 else f"{self.gpus} x {self.pool.gpu.name}"

    @property
    def size(self) -> float:
        """Return how much GPU it is: memory x bandwidth x number."""
        return size(self.pool.gpu, self.gpus)

    def of(self, now: Deployment) -> Deployment:
        """Return the deployment on this pool, split over its GPUs by tensor parallelism where their number changes."""
        moved = replace(now, gpu=self.pool.gpu, gpus=self.gpus)
        if self.gpus == now.gpus:
            return moved
        return replace(moved, settings={**now.settings, "tensor_parallel_size": self.gpus})


def moves(workload: Workload, cluster: Cluster, counts: tuple[int, ...]) -> Iterator[Move]:
    """Yield every other kind of whole GPU under the same resource, with each of `counts`, smallest first."""
    if isinstance(workload.gpu, Unknown):
        return
    own = workload.gpu.value.name
    if workload.sharing is not Sharing.WHOLE:
        counts = (workload.gpus_per_pod,)  # MIG slices cannot exchange, so nothing is split over them
    pools = [pool for pool in cluster.pools if _alike(pool, workload) and pool.gpu.name != own]
    found = [Move(pool, count) for pool in pools if not is_shared(pool, cluster) for count in counts]
    yield from sorted(found, key=lambda move: (move.size, move.pool.gpu.name, move.gpus))


def own_moves(workload: Workload, cluster: Cluster, counts: tuple[int, ...]) -> Iterator[Move]:
    """Yield the workload's own kind of GPU with each of `counts`, where the cluster has it and a pod can be split."""
    pool = own_pool(workload, cluster)
    if isinstance(pool, Pool) and not is_shared(pool, cluster) and workload.sharing is Sharing.WHOLE:
        yield from (Move(pool, count, own=True) for count in counts)


def _alike(pool: Pool, workload: Workload) -> bool:
    return pool.resource == workload.gpu_resource and pool.gpu.slices == workload_slices(workload)


def workload_slices(workload: Workload) -> int:
    """Return the compute slices out of 7 of what it runs on; 7 for a whole GPU."""
    return 7 if isinstance(workload.gpu, Unknown) else workload.gpu.value.slices


def is_shared(pool: Pool, cluster: Cluster) -> bool:
    """Return whether the pool's nodes divide their GPUs, so that one unit is not a whole GPU."""
    if pool.selector_value.upper().endswith("-SHARED"):
        return True
    names = {pool.gpu.name, pool.selector_value}
    return any(
        node.sharing is not Sharing.WHOLE and not isinstance(node.product, Unknown) and node.product.value in names
        for node in cluster.nodes
    )


def own_pool(workload: Workload, cluster: Cluster) -> Pool | Unknown:
    """Return the pool that the workload's pods are on."""
    if isinstance(workload.gpu, Unknown):
        return workload.gpu
    for pool in cluster.pools:
        if _alike(pool, workload) and pool.gpu.name == workload.gpu.value.name:
            return pool
    return Unknown(f"no node of the cluster shows {workload.gpu.value.name}")


def most_replicas(workload: Workload) -> int:
    """Return how many replicas there can be: the autoscaler's maximum where one decides."""
    return max(workload.scale.replicas, workload.scale.max_replicas, math.ceil(held_replicas(workload)))


def places_needed(workload: Workload, move: Move) -> int:
    """Return the free units that the move takes: all of another pool; of the own one, what is added and one pod's."""
    replicas = most_replicas(workload)
    if move.own:
        return max(move.gpus, replicas * (move.gpus - workload.gpus_per_pod) + workload.gpus_per_pod)
    return replicas * move.gpus


def lacks_room(workload: Workload, move: Move) -> str:
    """Return why the pods cannot be placed in the pool now; empty where they can."""
    pool, needed = move.pool, places_needed(workload, move)
    astray = "" if move.own else _unselectable(workload, pool)
    if astray:
        return astray
    if not pool.capacity_known:
        return "how many of its GPUs are free is not known"
    if pool.largest_free < move.gpus:
        return f"no node has {move.gpus} of them free, the most is {pool.largest_free:.0f}"
    if pool.free < needed:
        return f"{pool.free:.0f} of them are free, {needed} are needed"
    return ""


def _unselectable(workload: Workload, pool: Pool) -> str:
    """Return why a pod cannot be directed to the pool by its GPU label; empty where it can."""
    key = "" if isinstance(workload.place, Unknown) else workload.place.value.serving.selector_key
    if key and pool.selector_key and key != pool.selector_key:
        return f"Git selects GPUs by {key}, and these nodes are known by {pool.selector_key}"
    return ""
