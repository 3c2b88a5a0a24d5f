"""Pools: where a pod could be placed, all nodes of one kind of GPU together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from trimtab.fleet import Found, GpuType, Node, Pool, Sharing
from trimtab.join.hardware import PRODUCT_LABELS, kind_of, sharing_of
from trimtab.join.readings import Readings


def join_pools(readings: Readings, nodes: Sequence[Node]) -> tuple[Pool, ...]:
    """Return the pools of a cluster, ordered by GPU, resource and selector; nodes that are not ready are left out.

    A time-sliced GPU is no pool: its shares have no memory of their own, so nothing can be moved there by proof.
    """
    members: defaultdict[tuple[str, str, str, str], list[Node]] = defaultdict(list)
    kinds: dict[str, GpuType] = {}
    for node in nodes:
        for resource, count in node.allocatable.items():
            kind = kind_of(node.product.value, resource) if isinstance(node.product, Found) else node.product
            if (
                node.ready
                and count > 0
                and isinstance(kind, Found)
                and sharing_of(node, resource) != Sharing.TIME_SLICED
            ):
                kinds[kind.value.name] = kind.value
                members[(kind.value.name, resource, *_selector(node))].append(node)
    counted = readings.has("pod_gpu_request") or readings.has("pod_now")
    return tuple(
        Pool(
            gpu=kinds[name],
            resource=resource,
            free=sum(node.free(resource) for node in found),
            largest_free=max(node.free(resource) for node in found),
            nodes=len(found),
            selector_key=key,
            selector_value=value,
            capacity_known=counted,
        )
        for (name, resource, key, value), found in sorted(members.items())
    )


def _selector(node: Node) -> tuple[str, str]:
    """Return the label that names the product on this node, key and value; both empty where none does."""
    return next(((key, node.labels[key]) for key in PRODUCT_LABELS if node.labels.get(key)), ("", ""))
