"""Workloads that Git declares and no cluster shows: what manifests alone can tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from trimtab.fleet import (
    Found,
    Gap,
    GpuType,
    Health,
    Host,
    Measure,
    Model,
    ObjectRef,
    Place,
    Pool,
    Scalar,
    Scale,
    Serving,
    Sharing,
    Traffic,
    Unknown,
    Wishes,
    Workload,
)
from trimtab.fleet.quantity import quantity
from trimtab.join.hardware import WHOLE_SLICES, kind_of, mig_profile, parse_product
from trimtab.join.intent import infer_intent
from trimtab.join.readings import GIB
from trimtab.join.scale import declared_autoscaler, integer
from trimtab.join.settings import model_of, version_of
from trimtab.join.wishes import Source, join_wishes

_ON_GPUS = frozenset({"vllm", "sglang", "nim", "tensorrt-llm", "tgi", "dynamo"})


def declared_workload(
    cluster: str, serving: Serving, pools: Sequence[Pool], reason: str
) -> tuple[Workload, tuple[Gap, ...]]:
    """Return a workload from Git alone, with what is broken in its annotations.

    Args:
        cluster: The cluster that it is declared for.
        serving: What Git says.
        pools: The cluster's, where it answered: a single kind of GPU needs no selector.
        reason: Why nothing of it was seen.
    """
    settings = {name: one.value for name, one in sorted(serving.settings.items())}
    unseen = Unknown(reason)
    name = serving.live_names[0] if len(serving.live_names) == 1 else _own_name(serving)
    traffic = _no_traffic(unseen)
    model = model_of(settings, (), serving)
    wishes, gaps = _wishes(cluster, name, serving, model, traffic)
    gpu, resource = declared_gpu(settings, pools)
    return Workload(
        cluster=cluster,
        namespace=name.namespace,
        kind=name.kind,
        name=name.name,
        live=False,
        place=Found(Place(serving, "declared, not running", 1.0), f"{serving.repository}:{serving.path}"),
        settings=settings,
        engine=serving.engine,
        engine_version=version_of(settings),
        model=model,
        gpu=gpu,
        gpu_resource=resource,
        gpus_per_pod=declared_gpus(settings, serving.engine),
        share=gpu.value.slices / WHOLE_SLICES if isinstance(gpu, Found) else 1.0,
        sharing=_sharing(gpu, resource),
        scale=_scale(serving, settings, unseen),
        gpu_seen=(),
        traffic=traffic,
        host=_host(settings, unseen),
        health=Health(unseen, unseen, unseen, unseen),
        wishes=wishes,
        age_s=unseen,
        coverage=0.0,
    ), gaps


def _own_name(serving: Serving) -> ObjectRef:
    return ObjectRef(serving.kind, serving.namespace, serving.name)


def _wishes(
    cluster: str, name: ObjectRef, serving: Serving, model: Found[Model] | Unknown, traffic: Traffic
) -> tuple[Wishes, tuple[Gap, ...]]:
    """Return what its annotations ask for, with the intent that everything else suggests where they name none."""
    wishes, gaps = join_wishes(cluster, f"{name.namespace}/{name.name}", [Source(serving.path, serving.annotations)])
    if wishes.intent_declared:
        return wishes, gaps
    names = f"{serving.namespace} {serving.name} {serving.container}"
    return replace(wishes, intent=infer_intent(serving.kind, names, serving.engine, model, traffic)), gaps


def declared_gpu(settings: Mapping[str, Scalar], pools: Sequence[Pool]) -> tuple[Found[GpuType] | Unknown, str]:
    """Return the kind of GPU that Git selects, and the resource it asks for.

    Without a selector it is known only where the cluster offers a single kind of that resource.
    """
    resource = str(settings.get("gpu_resource", "nvidia.com/gpu"))
    product = str(settings.get("gpu_product", ""))
    if product:
        return kind_of(product, resource), resource
    kinds = {pool.gpu.name: pool.gpu for pool in pools if pool.resource == resource}
    if len(kinds) == 1:
        return Found(next(iter(kinds.values())), f"the only kind of {resource} in the cluster"), resource
    return Unknown("no selector in Git names the kind of GPU"), resource


def _sharing(gpu: Found[GpuType] | Unknown, resource: str) -> Sharing:
    profile = mig_profile(resource) or (parse_product(gpu.value.name).profile if isinstance(gpu, Found) else "")
    return Sharing.MIG if profile else Sharing.WHOLE


def _scale(serving: Serving, settings: Mapping[str, Scalar], unseen: Unknown) -> Scale:
    scaler, low, high = declared_autoscaler(serving)
    return Scale(integer(settings.get("replicas", 1), 1), unseen, unseen, scaler, low, high)


def declared_gpus(settings: Mapping[str, Scalar], engine: str) -> int:
    """Return the GPUs of one pod as Git asks for them, else as many as the model is split over."""
    if "gpu_count" in settings:
        return integer(settings["gpu_count"], 0)
    split = [integer(settings.get(name, 1), 1) for name in ("tensor_parallel_size", "pipeline_parallel_size")]
    count = split[0] * split[1] * integer(settings.get("data_parallel_size", 1), 1)
    return count if count > 1 or engine in _ON_GPUS else 0


def _no_traffic(unseen: Unknown) -> Traffic:
    return Traffic(
        requests_per_s_avg=unseen,
        requests_per_s_peak=unseen,
        prompt_tokens_per_s_peak=unseen,
        output_tokens_per_s_peak=unseen,
        output_tokens_per_s_avg=unseen,
        input_tokens_avg=unseen,
        input_tokens_p99=unseen,
        output_tokens_avg=unseen,
        running_avg=unseen,
        running_peak=unseen,
        waiting_max=unseen,
        waiting_p95=unseen,
        kv_usage_max=unseen,
        kv_usage_p95=unseen,
        preemptions=unseen,
        kv_cache_tokens=unseen,
        prefix_hit=unseen,
        ttft_p95_ms=unseen,
        tpot_p95_ms=unseen,
        ttft_avg_ms=unseen,
        tpot_avg_ms=unseen,
    )


def _host(settings: Mapping[str, Scalar], unseen: Unknown) -> Host:
    return Host(
        cpu_request_cores=_quantity(settings, "cpu_request"),
        cpu_limit_cores=_quantity(settings, "cpu_limit"),
        cpu_used_avg_cores=unseen,
        cpu_used_p95_cores=unseen,
        throttled=unseen,
        memory_request_gib=_quantity(settings, "memory_request", 1 / GIB),
        memory_limit_gib=_quantity(settings, "memory_limit", 1 / GIB),
        memory_used_max_gib=unseen,
    )


def _quantity(settings: Mapping[str, Scalar], name: str, factor: float = 1.0) -> Measure:
    value = quantity(settings.get(name, ""))
    return Unknown(f"{name} is not set in Git") if math.isnan(value) else Found(value * factor, "Git")
