"""AIBrix (orchestration.aibrix.ai): StormService and RoleSet with roles, PodSet, and fleets of Ray clusters.

Source: https://github.com/vllm-project/aibrix, api/orchestration/v1alpha1 (v0.5).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import pod_of_template
from trimtab.manifest.scale import take_autoscaler
from trimtab.manifest.shapes.ray_cluster import groups
from trimtab.manifest.shapes.roles import Role, servings_of_roles
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor

_GROUP = "orchestration.aibrix.ai"
_FLEETS = ("RayClusterFleet", "RayClusterReplicaSet")


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each role, or for the head of a fleet's cluster."""
    spec = thing.at.get("spec")
    if spec is None:
        return
    for draft in servings_of_roles(thing, context, _roles(thing.kind, spec)):
        take_autoscaler(draft, context)
        yield draft


def _roles(kind: str, spec: Cursor) -> Iterator[Role]:
    if kind in _FLEETS:
        cluster = spec.get("template", "spec")
        yield from groups(cluster, spec) if cluster is not None else ()
        return
    if kind == "PodSet":
        pod = pod_of_template(spec.get("template"))
        yield from [Role("", pod, None, size=spec.get("podGroupSize"))] if pod is not None else []
        return
    above = ("template", "spec") if kind == "StormService" else ()
    for role in spec.items(*above, "roles"):
        pod = pod_of_template(role.get("template"))
        if pod is not None:
            yield Role(role.word("name"), pod, role, size=role.get("podGroupSize"))


SHAPE = Shape(frozenset({(_GROUP, kind) for kind in ("StormService", "RoleSet", "PodSet", *_FLEETS)}), servings)
