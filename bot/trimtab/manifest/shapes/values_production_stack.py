"""The values of vLLM's production-stack chart: `servingEngineSpec.modelSpec[]`.

Source: https://github.com/vllm-project/production-stack/tree/main/helm, values.yaml and deployment-vllm-multi.yaml
(chart 0.1.x): flags from `vllmConfig`, others from `vllmConfig.extraArgs`, GPUs from `requestGPU` of `requestGPUType`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from trimtab.fleet import Scalar
from trimtab.manifest import vocabulary
from trimtab.manifest.container import Container, field_hit, read_engine
from trimtab.manifest.flags import flag_for, switch_for
from trimtab.manifest.hit import Draft, Writer
from trimtab.manifest.items import add_items
from trimtab.manifest.keys import take_keys
from trimtab.manifest.resources import add_path
from trimtab.manifest.selector import selector_terms, take_selector
from trimtab.manifest.shapes.owner import Owner
from trimtab.manifest.source import Cursor
from trimtab.manifest.splice import New, Splice
from trimtab.manifest.write import add_pair

_KEYS = {
    "model": ("modelURL",),
    "max_model_len": ("vllmConfig", "maxModelLen"),
    "dtype": ("vllmConfig", "dtype"),
    "max_num_seqs": ("vllmConfig", "maxNumSeqs"),
    "gpu_memory_utilization": ("vllmConfig", "gpuMemoryUtilization"),
    "tensor_parallel_size": ("vllmConfig", "tensorParallelSize"),
    "pipeline_parallel_size": ("vllmConfig", "pipelineParallelSize"),
    "enable_prefix_caching": ("vllmConfig", "enablePrefixCaching"),
    "engine_version": ("tag",),
    "gpu_count": ("requestGPU",),
    "replicas": ("replicaCount",),
    "cpu_request": ("requestCPU",),
    "cpu_limit": ("limitCPU",),
    "memory_request": ("requestMemory",),
    "memory_limit": ("limitMemory",),
    "shm_size": ("shmSize",),
    "min_replicas": ("keda", "minReplicaCount"),
    "max_replicas": ("keda", "maxReplicaCount"),
}
_SCALER = ("min_replicas", "max_replicas")


def read(values: Cursor, owner: Owner) -> Iterator[Draft]:
    """Yield one serving for each model of the list; charts that hold this one under a key count too."""
    below = [values, *(cursor for cursor in values.entries().values() if cursor.is_mapping)]
    for at in below:
        spec = at.get("servingEngineSpec", "modelSpec")
        if spec is not None:
            for item in spec.items():
                if item.word("modelURL") or item.word("name"):
                    yield _model(item, at, owner)
            return


def _model(item: Cursor, values: Cursor, owner: Owner) -> Draft:
    name = item.word("name") or item.word("modelURL")
    extra = item.get("vllmConfig", "extraArgs")
    container = Container(
        item, [extra] if extra is not None else [], owner.environment(item.get("env")), "", None, "vllm"
    )
    settings = read_engine(container)
    draft = owner.draft(name, "vllm")
    draft.name = owner.name if owner.kind else name
    draft.add(settings.hits)
    draft.adders.update({field: _extra_adder(item, field) for field in settings.adders})
    take_keys(draft, item, _KEYS)
    _take_resource(draft, item)
    terms = item.get("nodeSelectorTerms")
    pinned = item.get("nodeName") is not None or item.get("affinity") is not None
    take_selector(draft, tuple(selector_terms(terms)), None, "")
    if terms is None and not pinned:
        draft.add_selector = _selector_adder(item)
    runtime_class = values.get("servingEngineSpec", "runtimeClassName")
    if runtime_class is not None and runtime_class.string:
        draft.add({"runtime_class": field_hit("runtime_class", runtime_class.string, runtime_class)})
    if item.get("keda", "enabled") is None:
        for field in _SCALER:
            draft.adders.pop(field, None)
            draft.refusals[field] = "no autoscaler is set for this model"
    elif item.word("keda", "enabled") == "true":
        draft.refusals["replicas"] = "KEDA owns the number of replicas"
    return draft


def _take_resource(draft: Draft, item: Cursor) -> None:
    found = item.get("requestGPUType")
    if found is not None and found.string:
        draft.add({"gpu_resource": field_hit("gpu_resource", vocabulary.read("gpu_resource", found.string), found)})
    else:
        draft.adders["gpu_resource"] = lambda value: (add_pair(item, "requestGPUType", value),)


def _extra_adder(item: Cursor, field: str) -> Writer:
    """Return the writer of a flag that only `extraArgs` can say."""

    def add(value: Scalar) -> tuple[Splice, ...]:
        word = switch_for(field, value, "vllm") if isinstance(value, bool) else f"{flag_for(field, 'vllm')}={value}"
        extra = item.get("vllmConfig", "extraArgs")
        if extra is None or not extra.items():
            return (add_path(item, ("vllmConfig", "extraArgs"), [word]),)
        last = extra.items()[-1].scalar
        return add_items(extra, [(word, last.style if last is not None else "")])

    return add


def _selector_adder(item: Cursor) -> Callable[[str, str], tuple[Splice, ...]]:
    def add(label: str, value: str) -> tuple[Splice, ...]:
        expression: New = {"key": label, "operator": "In", "values": [value]}
        return (add_pair(item, "nodeSelectorTerms", [{"matchExpressions": [expression]}]),)

    return add
