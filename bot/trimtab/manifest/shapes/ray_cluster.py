"""RayCluster (ray.io) whose head, or whose workers, start an engine by their own command.

Clusters that train hold the same images; only a command that starts a server makes one a serving.
Source: https://github.com/ray-project/kuberay, ray-operator/apis/ray/v1/raycluster_types.go (v1.4).
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import PodSpec, pod_of_template
from trimtab.manifest.shapes.roles import Role, servings_of_roles
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each group that starts an engine."""
    spec = thing.at.get("spec")
    if spec is not None:
        yield from servings_of_roles(thing, context, groups(spec, None))


def groups(cluster: Cursor, counts: Cursor | None) -> Iterator[Role]:
    """Yield the head and the groups of workers of a cluster's spec; the head's workers change together with it."""
    workers = worker_groups(cluster)
    head = pod_of_template(cluster.get("headGroupSpec", "template"))
    if head is not None:
        yield Role("head", head, counts, tuple(pod for _, pod in workers), strict=True)
    for group, pod in workers:
        yield Role(group.word("groupName"), pod, group, strict=True)


def worker_groups(cluster: Cursor) -> list[tuple[Cursor, PodSpec]]:
    """Return the groups of workers of a cluster's spec with their pods."""
    items = cluster.items("workerGroupSpecs")
    return [(item, pod) for item in items if (pod := pod_of_template(item.get("template"))) is not None]


SHAPE = Shape(frozenset({("ray.io", "RayCluster")}), servings)
