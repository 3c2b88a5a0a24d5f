"""NVIDIA Dynamo (nvidia.com): DynamoGraphDeployment, one serving for each worker, and DynamoComponentDeployment.

Source: https://github.com/ai-dynamo/dynamo, deploy/cloud/operator/api/v1alpha1 (v0.7) and api/dynamo/common: resources
name the GPU as `gpu`, without a vendor (`gpuType` gives the resource's name), and stand in the service, not in its
container.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from trimtab.manifest import resources, vocabulary
from trimtab.manifest.config_file import mounted_in, take_config
from trimtab.manifest.container import EngineSettings, field_hit, pod_container, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys
from trimtab.manifest.objects import Thing
from trimtab.manifest.pod import PodSpec, environment_of, labels_of, take_pod
from trimtab.manifest.resources import GpuSite
from trimtab.manifest.scale import take_replicas
from trimtab.manifest.shapes.dynamo_components import FRAMEWORKS, NO_WORKERS, components
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor

_GROUP = "nvidia.com"
_WORKERS = frozenset({"worker", "prefill", "decode"})
_KEYS = {"shm_size": ("sharedMemory", "size")}
_SCALE = {"min_replicas": ("autoscaling", "minReplicas"), "max_replicas": ("autoscaling", "maxReplicas")}


_BACKEND = re.compile(r"/backends/(\w+)/?$")
"""The folders of Dynamo's images that workers of a backend are started in."""


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield one serving for each worker."""
    spec = thing.at.get("spec")
    if spec is None:
        return
    yield from components(thing, spec, context)
    for name, service in _services(thing, spec):
        container = service.get("extraPodSpec", "mainContainer") or service
        environment = environment_of(container, context, thing.namespace, service.get("envs") or spec.get("envs"))
        folder = _BACKEND.search(container.word("workingDir"))
        framework = FRAMEWORKS.get(spec.word("backendFramework") or (folder[1] if folder else ""), "")
        settings = read_engine(replace(pod_container(container, environment), engine=framework))
        pod = service.get("extraPodSpec") or service
        take_config(settings, mounted_in(pod, container, context, thing.namespace))
        if _works(name, service, settings):
            yield _worker(thing, name, service, settings)


def _services(thing: Thing, spec: Cursor) -> Iterator[tuple[str, Cursor]]:
    if thing.kind == "DynamoComponentDeployment" and spec.get("podTemplate") is None:
        yield spec.word("serviceName") or thing.name, spec
        return
    yield from spec.entries("services").items()


def _works(name: str, service: Cursor, settings: EngineSettings) -> bool:
    """Return whether a service loads a model: it starts an engine, or it is declared a worker or asks for GPUs."""
    kind = service.word("componentType").lower()
    if settings.spoken:
        return kind not in NO_WORKERS
    if not settings.engine or kind in NO_WORKERS or name.lower() in NO_WORKERS:
        return False
    runs = settings.command.script is not None or bool(service.get("extraPodSpec", "mainContainer", "command"))
    return bool(_sites(service)) or (kind in _WORKERS and not runs)


_LEAST_NODES = 2
"""Source: https://github.com/ai-dynamo/dynamo, deploy/operator/api/v1beta1/common.go (0.8): `Minimum=2`."""


def _worker(thing: Thing, name: str, service: Cursor, settings: EngineSettings) -> Draft:
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, name, "crd", settings.engine)
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    draft.add(settings.hits)
    draft.adders.update(settings.adders)
    draft.devices, draft.nodes = settings.devices, settings.nodes
    draft.group_size, draft.group_least = service.get("multinode", "nodeCount"), _LEAST_NODES
    pod, container = service.get("extraPodSpec"), service.get("extraPodSpec", "mainContainer")
    resources.take_gpus(
        draft, _sites(service) or resources.gpu_sites(container.get("resources") if container else None)
    )
    kind = service.get("resources", "limits", "gpuType") or service.get("resources", "requests", "gpuType")
    draft.hits.pop("gpu_resource", None)
    draft.refusals["gpu_resource"] = "Dynamo names no resource here; set `gpuType` by hand"
    if kind is not None and kind.string:
        draft.add({"gpu_resource": field_hit("gpu_resource", vocabulary.read("gpu_resource", kind.string), kind)})
    resources.take_host(draft, service)
    if pod is not None:
        take_pod(draft, PodSpec(pod), container or pod)
    else:
        draft.add_selector = lambda key, value: (
            resources.add_path(service, ("extraPodSpec", "nodeSelector", key), value),
        )
    take_keys(draft, service, _KEYS)
    take_replicas(draft, service)
    if service.word("autoscaling", "enabled") == "true":
        take_keys(draft, service, _SCALE)
    return draft


def _sites(service: Cursor) -> tuple[GpuSite, ...]:
    """Return where a service asks for GPUs, limits first."""
    found = (service.get("resources", part, "gpu") for part in ("limits", "requests"))
    return tuple(GpuSite("gpu", at) for at in found if at is not None and at.string not in {"", "0"})


SHAPE = Shape(
    frozenset({(_GROUP, "DynamoGraphDeployment"), (_GROUP, "DynamoComponentDeployment")}), servings, speaks=True
)
