"""VLLMRuntime of the production stack's operator (production-stack.vllm.ai).

Source: https://github.com/vllm-project/production-stack, operator/api/v1alpha1/vllmruntime_types.go: since 0.1.3 under
`vllmConfig` and `deploymentConfig`, before that in the spec itself; `gpuMemoryUtilization` is a string by its schema.
"""

from __future__ import annotations

from collections.abc import Iterator

from trimtab.manifest.container import Container, read_engine
from trimtab.manifest.context import Context
from trimtab.manifest.hit import Draft
from trimtab.manifest.keys import take_keys
from trimtab.manifest.objects import Thing
from trimtab.manifest.options import take_first_argument
from trimtab.manifest.pod import PodSpec, environment_of, labels_of, take_pod
from trimtab.manifest.scale import take_autoscaler, take_replicas
from trimtab.manifest.shapes.shape import Shape
from trimtab.manifest.source import Cursor

_MODEL = {
    "model": ("modelURL",),
    "max_model_len": ("maxModelLen",),
    "dtype": ("dtype",),
    "max_num_seqs": ("maxNumSeqs",),
}
_ENGINE = {
    "tensor_parallel_size": ("tensorParallelSize",),
    "gpu_memory_utilization": ("gpuMemoryUtilization",),
    "enable_prefix_caching": ("enablePrefixCaching",),
}
_HOST = {
    "gpu_count": ("gpu",),
    "gpu_resource": ("gpuType",),
    "cpu_request": ("cpu",),
    "memory_request": ("memory",),
}
_TEXT = frozenset({"gpu_memory_utilization", "gpu_count", "cpu_request"})


def servings(thing: Thing, context: Context) -> Iterator[Draft]:
    """Yield the one serving that a VLLMRuntime is."""
    spec = thing.at.get("spec")
    model = spec.get("model") if spec is not None else None
    if spec is None or model is None:
        return
    engine = spec.get("vllmConfig") or spec
    deployment = spec.get("deploymentConfig") or spec
    draft = Draft(thing.at, thing.api_version, thing.kind, thing.namespace, thing.name, "", "crd", "vllm")
    draft.annotations.update(labels_of(thing.at.get("metadata")))
    _take_engine(draft, engine, deployment, context)
    take_keys(draft, model, _MODEL)
    take_keys(draft, engine, _ENGINE, text=_TEXT)
    host = deployment.get("resources")
    if host is not None:
        take_keys(draft, host, _HOST, text=_TEXT)
    take_pod(draft, PodSpec(deployment), deployment)
    draft.add_selector = None
    for field in ("cpu_limit", "memory_limit"):
        draft.adders.pop(field, None)
        draft.refusals[field] = "the operator sets limits from the requests"
    take_replicas(draft, deployment)
    take_autoscaler(draft, context)
    yield draft


def _take_engine(draft: Draft, engine: Cursor, deployment: Cursor, context: Context) -> None:
    """Add the flags, the variables and the image's tag; a VLLMRuntime spells its variables in `env`."""
    extra = engine.get("extraArgs")
    named = deployment.get("image", "name")
    owner = deployment if deployment.get("env") is not None else engine
    environment = environment_of(owner, context, draft.namespace)
    image = named.string if named is not None else ""
    container = Container(engine, [extra] if extra is not None else [], environment, image, named, "vllm")
    settings = read_engine(container)
    draft.add(settings.hits)
    if extra is not None and extra.items():
        draft.adders.update(settings.adders)
    else:
        take_first_argument(draft, engine, "extraArgs", "vllm")


SHAPE = Shape(frozenset({("production-stack.vllm.ai", "VLLMRuntime")}), servings, speaks=True)
