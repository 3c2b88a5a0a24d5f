"""LeaderWorkerSet (leaderworkerset.x-k8s.io): a group of pods serves as one; its leader starts the engine."""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import draft_of, pod_of_template, serving_containers, take_pod
from trimtab.manifest.scale import take_autoscaler, take_replicas
from trimtab.manifest.shapes.shape import Shape


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for the group."""
    spec = thing.at.get("spec")
    group = spec.get("leaderWorkerTemplate") if spec is not None else None
    if spec is None or group is None:
        return
    worker = pod_of_template(group.get("workerTemplate"))
    leader = pod_of_template(group.get("leaderTemplate")) or worker
    if leader is None:
        return
    others = (worker,) if worker is not None and worker is not leader else ()
    for container, settings in serving_containers(leader, context, thing.namespace):
        draft = draft_of(thing, container, settings, "crd")
        take_pod(draft, leader, container, others)
        draft.group_size = group.get("size")
        take_replicas(draft, spec)
        take_autoscaler(draft, context)
        yield draft
        return


SHAPE = Shape(frozenset({("leaderworkerset.x-k8s.io", "LeaderWorkerSet")}), servings)
