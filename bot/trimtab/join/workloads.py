"""One live workload, from its pods, its readings and its declaration."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from trimtab.facts import LiveObject
from trimtab.fleet import Found, Gap, GpuType, Node, Place, Pool, Scalar, Serving, Sharing, Unknown, Wishes, Workload
from trimtab.join.declared import declared_gpu, declared_gpus
from trimtab.join.devices import Devices
from trimtab.join.hardware import WHOLE_SLICES, kind_of, mig_profile, share_of, sharing_of, slices_of
from trimtab.join.host import join_health, join_host
from trimtab.join.intent import infer_intent
from trimtab.join.measures import Measures
from trimtab.join.places import LiveName, find_place
from trimtab.join.pods import Group, units_per_replica
from trimtab.join.readings import Key, Readings, label
from trimtab.join.scale import Presence, join_scale
from trimtab.join.settings import effective, engine_of, filled, model_of, served, version_of
from trimtab.join.traffic import join_traffic
from trimtab.join.wishes import Source, join_wishes


@dataclass(frozen=True, slots=True)
class Scene:
    """What a cluster's workloads share while they are joined."""

    readings: Readings
    nodes: Mapping[str, Node]
    pools: Sequence[Pool]
    devices: Devices
    rivals: Mapping[Key, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Hardware:
    """What GPUs one replica holds."""

    gpu: Found[GpuType] | Unknown
    resource: str
    per_replica: int
    share: float
    sharing: Sharing


def place_of(scene: Scene, group: Group, servings: Sequence[Serving]) -> Found[Place] | Unknown:
    """Return where Git declares the workload."""
    settings = _live_settings(scene, group)
    models = [label(row, "model_name") for row in served(_measures(scene, group, math.nan))]
    known = tuple(name for name in (str(settings.get("model", "")), *models) if name)
    live_name = LiveName(
        group.kind, group.namespace, group.name, _written(scene, group), known, scene.readings.facts.cluster
    )
    return find_place(live_name, servings)


def join_workload(scene: Scene, group: Group, place: Found[Place] | Unknown) -> tuple[Workload, tuple[Gap, ...]]:
    """Return the workload, and what is broken in its annotations."""
    serving = place.value.serving if isinstance(place, Found) else Unknown("no declaration")
    presence = Presence(scene.readings, group, told_apart=not _rivals(scene, group))
    ready = presence.ready_avg()
    measures = _measures(scene, group, ready.value if isinstance(ready, Found) else math.nan)
    both = effective(measures, serving, _live_settings(scene, group))
    engine = engine_of(measures, serving)
    hardware = _hardware(scene, group, both.settings, engine)
    traffic = join_traffic(measures)
    model = model_of(both.settings, [label(row, "model_name") for row in served(measures)], serving)
    asked, gaps = _wishes(scene, group, serving)
    names = " ".join((group.namespace, group.name, str(both.settings.get("model", ""))))
    intent = asked.intent if asked.intent_declared else infer_intent(group.kind, names, engine, model, traffic)
    return Workload(
        cluster=scene.readings.facts.cluster,
        namespace=group.namespace,
        kind=group.kind,
        name=group.name,
        live=True,
        place=place,
        settings=both.settings,
        engine=engine,
        engine_version=version_of(both.settings),
        model=model,
        gpu=hardware.gpu,
        gpu_resource=hardware.resource,
        gpus_per_pod=hardware.per_replica,
        share=hardware.share,
        sharing=hardware.sharing,
        scale=join_scale(presence, group, both.settings, serving),
        gpu_seen=scene.devices.observe(pod.key for pod in group.pods),
        traffic=traffic,
        host=filled(join_host(measures), both.settings),
        health=join_health(measures),
        wishes=replace(asked, intent=intent),
        age_s=presence.age_s(),
        coverage=presence.coverage(),
        nodes=tuple(sorted({pod.node for pod in group.current if pod.node})),
        live_fields=both.live_fields,
    ), gaps


def _measures(scene: Scene, group: Group, replicas: float) -> Measures:
    return Measures(scene.readings, group, _rivals(scene, group), replicas)


def _rivals(scene: Scene, group: Group) -> dict[Key, tuple[str, ...]]:
    """Return who else has pods of this workload's stems."""
    own = f"{group.kind} {group.namespace}/{group.name}"
    return {
        stem: tuple(name for name in scene.rivals[stem] if name != own) for stem in group.stems if stem in scene.rivals
    }


def _object(scene: Scene, group: Group) -> LiveObject | None:
    live = scene.readings.live(group.kind, group.namespace, group.name)
    return live if isinstance(live, LiveObject) else None


def _live_settings(scene: Scene, group: Group) -> Mapping[str, Scalar]:
    live = _object(scene, group)
    return live.settings if live else {}


def _written(scene: Scene, group: Group) -> Mapping[str, str]:
    """Return annotations and labels of the live object: the API's, else kube-state-metrics' sanitised ones."""
    key = (group.namespace, group.kind, group.name)
    rows = scene.readings.by("workload_annotations", "namespace", "kind", "name").get(key, ())
    sanitised = {name: value for row in rows for name, value in row.labels}
    live = _object(scene, group)
    return {**sanitised, **live.labels, **live.annotations} if live else sanitised


def _wishes(scene: Scene, group: Group, serving: Serving | Unknown) -> tuple[Wishes, tuple[Gap, ...]]:
    git = () if isinstance(serving, Unknown) else (Source(serving.path, serving.annotations),)
    sources = (*git, Source("the live object", _written(scene, group)))
    return join_wishes(scene.readings.facts.cluster, f"{group.namespace}/{group.name}", sources)


def _hardware(scene: Scene, group: Group, settings: Mapping[str, Scalar], engine: str) -> Hardware:
    """Return the GPUs of one replica: as asked for, else as DCGM sees them held, else as Git says."""
    resource, asked = units_per_replica(group)
    homes = [scene.nodes[pod.node] for pod in group.current if pod.node in scene.nodes]
    declared, declared_resource = declared_gpu(settings, scene.pools)
    resource = resource or declared_resource
    profile = mig_profile(resource)
    return Hardware(
        gpu=_kind(homes, resource, declared),
        resource=resource,
        per_replica=int(asked) if math.isfinite(asked) else _unasked(scene, group, settings, engine),
        share=share_of(homes[0], resource) if homes else slices_of(profile) / WHOLE_SLICES,
        sharing=sharing_of(homes[0], resource) if homes else Sharing.MIG if profile else Sharing.WHOLE,
    )


def _kind(homes: Sequence[Node], resource: str, declared: Found[GpuType] | Unknown) -> Found[GpuType] | Unknown:
    """Return the one kind of GPU that the pods' nodes have; Git's where no node tells; Unknown where they differ."""
    products = sorted({home.product.value for home in homes if isinstance(home.product, Found)})
    kinds = {_name(kind): kind for kind in (kind_of(product, resource) for product in products)}
    if len(kinds) > 1:
        return Unknown(f"its pods run on several kinds of GPU: {', '.join(products)}")
    return next(iter(kinds.values()), declared)


def _name(kind: Found[GpuType] | Unknown) -> str:
    return kind.value.name if isinstance(kind, Found) else kind.reason


def _unasked(scene: Scene, group: Group, settings: Mapping[str, Scalar], engine: str) -> int:
    """Return GPUs of a replica whose pods do not ask for any by name: seen, or declared."""
    seen = max((scene.devices.count(pod.key) for pod in group.current), default=0)
    blind = not (scene.readings.has("pod_gpu_request") and scene.readings.has("gpu_samples"))
    return seen or (declared_gpus(settings, engine) if blind or "gpu_count" in settings or not group.pods else 0)
