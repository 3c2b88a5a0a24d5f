"""A small scan: one proven edit, one advice about a node, one held back, two silences, one gap."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.propose import samples
from trimtab.fleet import Cluster, Found, Gap, GpuObservation, Node, Unknown, Workload
from trimtab.propose import wording
from trimtab.propose.told import Edited, Told
from trimtab.recommendation import Edit, Held, Plan, Priced, Proof, Proposal
from trimtab.report import RuleInfo, Scan
from trimtab.rule import Layer, Silence, SilenceKind, Subject

NODE = Subject("eu", "", "Node", "h100-b")
DIFF = "--- a/apps/chat.yaml\n+++ b/apps/chat.yaml\n@@ -13 +13 @@\n-  gpu: NVIDIA-H100-80GB-HBM3\n+  gpu: NVIDIA-L40S\n"
RULES = (
    RuleInfo("oversized-gpu", Layer.MODEL, "A GPU larger than the traffic.", "oversized-gpu\n\n## What it sees\n…"),
    RuleInfo("unallocated-gpu", Layer.NODE, "GPUs that nobody asked for.", "unallocated-gpu\n"),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one workload costs."""

    subject: Subject
    monthly: Decimal | Unknown


@dataclass(frozen=True, slots=True)
class Bill:
    """What the fleet costs."""

    workloads: tuple[Cost, ...]
    idle: Decimal | Unknown
    total: Decimal | Unknown


def proposal(priced: Priced, edited: Edited) -> Proposal:
    """Return a proposal for a priced finding."""
    told = Told(priced, samples.fleet(), edited)
    return Proposal(
        priced,
        "sha256:91c2f00d91c2f00d",
        edited.repository,
        "c0ffee" if edited.edits else "",
        {"apps/chat.yaml": b"x"} if edited.edits else {},
        edited.edits,
        edited.diff,
        edited.proof,
        edited.refused,
        wording.title(told),
        "body",
        "message",
        "f",
    )


def edited() -> Proposal:
    """Return the proven edit."""
    edit = Edit("gitops", "apps/chat.yaml", 13, "  gpu: NVIDIA-H100-80GB-HBM3", "  gpu: NVIDIA-L40S", "gpu_product")
    return proposal(samples.priced(), Edited("gitops", (edit,), DIFF, Proof("helm", "-  a\n+  b", 1, 1), ""))


def advice() -> Proposal:
    """Return the advice about a node whose price nobody knows."""
    priced = samples.priced(subject=NODE)
    finding = replace(priced.finding, rule="unallocated-gpu", risk="medium", advice="Give the node back.")
    option = replace(priced.option, changes=(), predictions=())
    unpriced = replace(priced, finding=finding, option=option, saving=Unknown("no price for it"), gpu_hours=2920.0)
    return proposal(unpriced, Edited("", (), "", Unknown("nothing is edited"), ""))


def scan(*proposals: Proposal) -> Scan:
    """Return the scan."""
    shown = proposals or (edited(), advice())
    fleet = samples.fleet(samples.workload(hourly=tuple(1 + math.sin(hour / 4) for hour in range(168))))
    held = Held(samples.priced(), "pool L40S has 1 free GPU of the 2 that are needed")
    silences = (
        Silence("idle-replica", samples.SUBJECT, SilenceKind.LOOK_ALIKE, "it answers requests"),
        Silence("idle-replica", NODE, SilenceKind.MISSING, "no samples of it"),
    )
    bill = Bill((Cost(samples.SUBJECT, Decimal("5022.40")),), Decimal("1000.00"), Decimal("40179.20"))
    cluster = replace(fleet.clusters[0], nodes=(node(),), workloads=(_seen(fleet.clusters[0]),))
    whole = replace(fleet, clusters=(cluster,), gaps=(Gap("", "gitops", "no such branch"),))
    return Scan(whole, bill, silences, Plan(tuple(one.priced for one in shown), (held,)), shown, RULES)


def node() -> Node:
    """Return a node of eight GPUs."""
    none = samples.NONE
    return Node("eu", "h100-a", Found(samples.H100), "p5", {}, 8, {}, {}, none, none, none, none, none)


def _seen(cluster: Cluster) -> Workload:
    busy = Found(0.34)
    none = samples.NONE
    pods = ("llm/chat-mistral-1",)
    one = GpuObservation("GPU-1", "h100-a", samples.H100, pods, busy, busy, busy, none, none, none, none, none)
    return replace(cluster.workloads[0], gpu_seen=(one,))
