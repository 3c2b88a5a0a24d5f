"""unallocated-gpu

## What it sees
GPUs of a ready node that no pod asks for now and none asked for on average over the window.

## Why it costs
A node is paid for by the hour with all its GPUs, asked for or not.

## What it changes
Nothing by itself: a node pool's size stands outside the manifests. It says which node, how many, and what a person
can do.

## When it stays silent
- The node is labelled `trimtab.dev/purpose: headroom`: kept free on purpose.
- It is not ready, or younger than the window.
- Some pod asked for the GPUs during part of the window, though none does now.
- Shares or slices are free, but other shares or slices of the same GPUs are in use.

## How sure it is
0.9 where the whole node is empty; 0.75 where other GPUs of it are in use, since the node then has to be emptied first;
0.25 less where the node's labels cannot be seen.

## Sources
- Allocatable and requested: kube-state-metrics 2.20, docs/metrics (node and pod).
- MIG resource names: https://docs.nvidia.com/datacenter/cloud-native/kubernetes/latest/index.html
- Time-slicing multiplies what a node offers: https://github.com/NVIDIA/k8s-device-plugin (Shared Access to GPUs)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import ClassVar

from trimtab import demand
from trimtab.fleet import Cluster, Found, Node, Sharing
from trimtab.rule import (
    Finding,
    Footprint,
    Layer,
    NodeRule,
    Option,
    RuleSettings,
    Silence,
    SilenceKind,
    Verdict,
    subject_of,
)

_SLICES = re.compile(r"/mig-(\d+)g\.")
_NOISE = 0.05
"""Mean units requested below which a short visit is rounding, not use."""
_UNLABELLED = 0.25
"""How much less sure it is where a label could say that the node is kept free, and none can be seen."""


class Limits(RuleSettings):
    """Nothing to set but `enabled`."""


class UnallocatedGpu:
    """Judges what a node offers against what was asked of it."""

    name: ClassVar[str] = "unallocated-gpu"
    layer: ClassVar[Layer] = Layer.NODE
    since: ClassVar[str] = "0.1"
    needs: ClassVar[tuple[str, ...]] = ("requested_avg",)
    observes: ClassVar[bool] = True
    Settings = Limits

    def judge_node(self, node: Node, cluster: Cluster, settings: Limits) -> Iterator[Verdict]:
        """Yield a finding for GPUs that nobody asked for, or why free ones are no waste."""
        del settings
        free_now = _gpus(node, {resource: node.free(resource) for resource in node.allocatable})
        unasked = _unasked(node)
        if free_now <= 0 or not node.ready:
            return
        if node.purpose == "headroom":
            yield self._silence(node, SilenceKind.DECLARED, "it is kept free: trimtab.dev/purpose is headroom")
        elif unasked <= 0:
            reason = "GPUs are free now, but pods asked for them, or for other parts of the same GPUs, in the window"
            yield self._silence(node, SilenceKind.LOOK_ALIKE, reason)
        else:
            yield _finding(node, cluster, unasked)

    def _silence(self, node: Node, kind: SilenceKind, reason: str) -> Silence:
        return Silence(self.name, subject_of(node), kind, reason)


def _unasked(node: Node) -> float:
    """Return whole-GPU equivalents that were free now and on average over the window."""
    requested_now = sum(node.requested.get(resource, 0.0) for resource in node.allocatable)
    average = demand.number(node.requested_avg, math.inf)
    more_before = max(0.0, math.ceil(average - _NOISE) - requested_now)
    if node.sharing is Sharing.TIME_SLICED:
        return max(0.0, node.gpus - requested_now - more_before)
    free = {resource: node.free(resource) for resource in node.allocatable}
    if len([units for units in free.values() if units > 0]) > 1 and more_before > 0:
        return 0.0
    return _gpus(node, {resource: max(0.0, units - more_before) for resource, units in free.items()})


def _gpus(node: Node, units: dict[str, float]) -> float:
    """Return whole-GPU equivalents: a MIG slice is its sevenths, a time-sliced share its part."""
    total = 0.0
    for resource, count in units.items():
        profile = _SLICES.search(resource)
        total += count * (int(profile[1]) / 7 if profile else 1 / max(1, node.replicas_per_gpu))
    return round(total, 4)


def _finding(node: Node, cluster: Cluster, unasked: float) -> Finding:
    product = node.product.value if isinstance(node.product, Found) else ""
    shown = product or "GPUs"
    empty = unasked >= node.gpus - _NOISE
    named = f" ({node.instance_type})" if node.instance_type else ""
    doubts = () if empty else ("other GPUs of the node are in use, so it cannot simply go",)
    option = Option(
        changes=(),
        after=Footprint(demand.product_of(product), 0.0),
        places_needed=0.0,
        resource="",
        predictions=(),
        confidence=round((0.9 if empty else 0.75) - (0.0 if node.labels else _UNLABELLED), 2),
        doubts=doubts if node.labels else (*doubts, "its labels cannot be seen, so it may be headroom"),
    )
    act = f"Remove the node{named} from its pool" if empty else f"Move its pods and remove the node{named}"
    return Finding(
        rule=UnallocatedGpu.name,
        layer=UnallocatedGpu.layer,
        subject=subject_of(node),
        diagnosis=f"{unasked:g} of {node.gpus} {shown} here were asked for by no pod in {demand.window(cluster)}.",
        evidence=(
            *demand.evidence(cluster, ("GPU units requested, mean", node.requested_avg, "count")),
            demand.derived("GPUs that nobody asks for", unasked, "count", "allocatable less requested"),
        ),
        risk="low",
        before=Footprint(demand.product_of(product), unasked),
        options=(option,),
        otherwise="The node goes on being paid for with GPUs that nobody can use unless a pod asks for them.",
        more_gpus="There are more GPUs than pods ask for already.",
        advice=f"{act}, or label it trimtab.dev/purpose: headroom if it is kept free on purpose.",
    )


rule: NodeRule[Limits] = UnallocatedGpu()
