"""A workload as the estimate takes it, and what a GPU can run at all."""

from __future__ import annotations

import json
from dataclasses import replace

from trimtab.estimate import Deployment
from trimtab.fleet import GpuType, Model, Scalar, Sharing, Unknown, Workload

_MIN_CAPABILITY_BF16 = 8.0
_PARALLEL = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")
_OUTSIDE = frozenset(
    {
        "gpu_count", "gpu_resource", "gpu_product", "replicas", "min_replicas", "max_replicas", "cpu_request",
        "cpu_limit", "memory_request", "memory_limit", "shm_size", "priority_class", "topology_policy",
        "runtime_class",
    }
)  # fmt: skip
"""Words of the vocabulary that are about the pod, not about the engine in it."""
_HALF = frozenset({"half", "float16", "fp16"})


def whole_number(value: Scalar | None, otherwise: int) -> int:
    """Return a setting as a whole number of at least 1, or `otherwise` where it is none."""
    try:
        return max(1, int(float(value))) if value is not None else otherwise
    except (TypeError, ValueError, OverflowError):
        return otherwise


def tensor_parallel(workload: Workload) -> int:
    """Return over how many GPUs each layer is split; engines take 1 where nothing is said."""
    return whole_number(workload.settings.get("tensor_parallel_size"), 1)


def ranks(workload: Workload) -> int:
    """Return how many GPUs the engine of one replica uses: tensor x pipeline x data parallel."""
    tensor, pipeline, data = (whole_number(workload.settings.get(word), 1) for word in _PARALLEL)
    return tensor * pipeline * data


def only_tensor_parallel(workload: Workload) -> bool:
    """Return whether tensor parallelism alone spreads a replica, over all GPUs of its pod."""
    return ranks(workload) == tensor_parallel(workload) == workload.gpus_per_pod


def deployment_of(workload: Workload) -> Deployment | Unknown:
    """Return what runs, as the estimate takes it, or why nothing can be estimated of it."""
    if isinstance(workload.model, Unknown):
        return workload.model
    if isinstance(workload.gpu, Unknown):
        return workload.gpu
    if not workload.engine:
        return Unknown("which engine serves it is not known")
    if workload.gpus_per_pod > 1 and not any(word in workload.settings for word in _PARALLEL):
        return Unknown(f"how the engine splits the model over the {workload.gpus_per_pod} GPUs of a pod is not known")
    if ranks(workload) > workload.gpus_per_pod:
        return Unknown(f"one replica spans {ranks(workload)} GPUs, more than its pod's {workload.gpus_per_pod}")
    return Deployment(
        model=workload.model.value,
        gpu=workload.gpu.value,
        gpus=workload.gpus_per_pod,
        engine=workload.engine,
        engine_version=workload.engine_version,
        settings={word: value for word, value in workload.settings.items() if word not in _OUTSIDE},
    )


def with_settings(deployment: Deployment, **changes: Scalar) -> Deployment:
    """Return the deployment with some settings changed."""
    return replace(deployment, settings={**deployment.settings, **changes})


def unsupported(then: Deployment, now: Deployment) -> str:
    """Return why `then`'s GPU cannot compute in the precision that is served; empty where it can.

    bfloat16 needs compute capability 8.0 (vLLM 0.19, `vllm/platforms/cuda.py`, `check_if_supports_dtype`, raises
    otherwise unless `dtype` is half). FP8 without native support falls back to weight-only Marlin kernels, FP4 likewise
    (vLLM 0.19, docs/features/quantization), whose speed a GPU with support does not foretell.
    """
    gpu, config = then.gpu, _config(then.model)
    if 0 < gpu.compute_capability < _MIN_CAPABILITY_BF16 and _dtype(then, config) not in _HALF:
        return f"{gpu.name} has no bfloat16, and dtype is not set to half"
    served = _quantization(then, config)
    cache = str(then.settings.get("kv_cache_dtype", "")).lower()
    for precision in ("fp8", "fp4"):
        needed = precision in served or precision in cache
        older = gpu.compute_capability < now.gpu.compute_capability
        if needed and precision not in gpu.tflops and (older or precision in now.gpu.tflops):
            return f"{gpu.name} does not compute in {precision.upper()}, in which weights or KV cache are kept"
    return ""


def _dtype(deployment: Deployment, config: dict[str, object]) -> str:
    """Return the data type in which it computes: the setting, else the model's, else bfloat16."""
    setting = str(deployment.settings.get("dtype", "auto")).lower()
    if setting != "auto":
        return setting
    inner = config.get("text_config")
    nested = inner if isinstance(inner, dict) else {}
    found = config.get("torch_dtype") or config.get("dtype") or nested.get("torch_dtype") or "bfloat16"
    return str(found).lower().removeprefix("torch.")


def _quantization(deployment: Deployment, config: dict[str, object]) -> str:
    """Return the scheme in lower case, with `fp8` or `fp4` in it where weights are floats of that width."""
    scheme = json.dumps(config.get("quantization_config") or {})
    text = f"{deployment.settings.get('quantization', '')} {scheme}".lower()
    floats = '"type": "float"' in text
    return (
        text
        + (" fp8" if floats and '"num_bits": 8' in text else "")
        + (" fp4" if floats and '"num_bits": 4' in text else "")
    )


def _config(model: Model) -> dict[str, object]:
    try:
        config = json.loads(model.config_json)
    except (ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}


def is_slice(workload: Workload) -> bool:
    """Return whether it holds parts of GPUs: MIG slices or time-sliced shares."""
    return workload.sharing is not Sharing.WHOLE


def size(gpu: GpuType, gpus: int) -> float:
    """Return how much GPU that is, to tell larger from smaller: memory x bandwidth x number."""
    return gpu.memory_gib * gpu.bandwidth_gb_s * gpus
