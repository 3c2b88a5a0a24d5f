"""Builds one cluster from a short description, on which a rule's samples are judged.

A description is YAML. `workload` holds whatever differs from a quiet 8B chat model on one H100: any field of
`Workload`, `Traffic`, `Host`, `Health`, `Wishes` or `Scale` by its own name, a figure for a `Measure`, and `null` for
one that was not seen. An objective has `_objective` behind its name, an autoscaler's bounds `autoscaler_` before it.
`pools` and `nodes` are lists of the same kind; `gap` makes the cluster blind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from trimtab.catalog import find_gpu, find_model
from trimtab.fleet import (
    Cluster,
    Found,
    Gap,
    GpuObservation,
    Health,
    Host,
    Intent,
    Location,
    Measure,
    Node,
    Place,
    Pool,
    Scale,
    Serving,
    Setting,
    Sharing,
    Traffic,
    Unknown,
    Wishes,
    Workload,
)

Described = Mapping[str, object]

WINDOW_S = 7 * 86400
SELECTOR = "nvidia.com/gpu.product"

_PARTS = {"traffic": Traffic, "host": Host, "health": Health, "wishes": Wishes, "scale": Scale}
_SEEN: Described = {
    "requests_per_s_avg": 0.5, "requests_per_s_peak": 1.0, "prompt_tokens_per_s_peak": 800,
    "output_tokens_per_s_peak": 200, "output_tokens_per_s_avg": 100, "input_tokens_avg": 800, "input_tokens_p99": 2000,
    "output_tokens_avg": 200, "running_avg": 1.0, "running_peak": 4.0, "waiting_max": 0, "waiting_p95": 0,
    "kv_usage_max": 0.05, "kv_usage_p95": 0.02, "preemptions": 0, "kv_cache_tokens": 400_000, "prefix_hit": 0,
    "ttft_p95_ms": 70, "tpot_p95_ms": 9, "ttft_avg_ms": 45, "tpot_avg_ms": 7,
    "ttft_p95_least_ms": None, "tpot_p95_least_ms": None, "ttft_p95_ms_objective": 500, "tpot_p95_ms_objective": 40,
    "cpu_request_cores": 8, "cpu_limit_cores": None, "cpu_used_avg_cores": 1.5, "cpu_used_p95_cores": 2,
    "throttled": None, "memory_request_gib": 32, "memory_limit_gib": 64, "memory_used_max_gib": 20,
    "restarts": 0, "oom_kills": 0, "crash_exits": 0, "unschedulable_pods": 0,
    "ready_avg": None, "ready_min": None, "replicas": 1,
}  # fmt: skip
_GPU: Described = {
    "busy_avg": 0.3, "busy_p95": 0.4, "busy_max": 0.6, "memory_used_max_gib": 70, "tensor_avg": 0.1, "dram_avg": 0.15,
    "dram_p95": 0.2, "power_avg_w": 200,
}  # fmt: skip


def cluster_of(described: Described) -> Cluster:
    """Return the cluster that a sample describes."""
    workloads = (workload_of(_mapping(described.get("workload"))),) if "workload" in described else ()
    gap = described.get("gap")
    return Cluster(
        name="eu",
        provider="aws",
        region="us-east-1",
        window_s=WINDOW_S,
        nodes=tuple(_node(_mapping(node)) for node in _list(described.get("nodes"))),
        workloads=workloads,
        pools=tuple(_pool(_mapping(pool)) for pool in _list(described.get("pools"))),
        gaps=(Gap("eu", "prometheus", str(gap), blind=True),) if gap else (),
    )


def workload_of(described: Described) -> Workload:
    """Return the workload that a sample describes; unknown words are an error of the sample."""
    told = {**_SEEN, **described}
    floor, ceiling = told.get("autoscaler_min", 0), told.get("autoscaler_max", 0)
    given = {name: _part(kind, told) for name, kind in _PARTS.items()}
    given["scale"] = _part(Scale, {**told, "min_replicas": floor, "max_replicas": ceiling})
    settings = {"model": str(told.get("model", "")), **_mapping(told.get("settings"))}
    gpu = find_gpu(str(told.get("gpu", "NVIDIA-H100-80GB-HBM3"))) if told.get("gpu", True) else Unknown("no node tells")
    _refuse_unknown_words(described)
    count = int(str(told.get("gpus", 1)))
    return Workload(
        cluster="eu",
        namespace="llm",
        kind="Deployment",
        name="chat",
        live=bool(told.get("live", True)),
        place=_place(settings, float(str(told.get("sure", 1.0)))),
        settings=settings,  # type: ignore[arg-type]  # a sample's scalars
        engine=str(told.get("engine", "vllm")),
        engine_version=str(told.get("engine_version", "0.19.0")),
        model=find_model(str(told.get("model", "meta-llama/Llama-3.1-8B-Instruct"))),
        gpu=gpu,
        gpu_resource=str(told.get("resource", "nvidia.com/gpu")),
        gpus_per_pod=count,
        share=float(str(told.get("share", 1.0))),
        sharing=Sharing(str(told.get("sharing", "whole"))),
        gpu_seen=tuple(_gpu(index, told) for index in range(count)),
        age_s=_measure(told.get("age_s", 60 * 86400)),
        coverage=float(str(told.get("coverage", 1.0))),
        nodes=("node-a",),
        **given,  # type: ignore[arg-type]  # the parts by their own names, as `_PARTS` lists them
    )


_OWN_WORDS = frozenset(
    {
        "model", "settings", "gpu", "gpus", "live", "sure", "engine", "engine_version", "resource", "share", "sharing",
        "age_s", "coverage", "seen", "autoscaler_min", "autoscaler_max", "ttft_p95_ms_objective",
        "tpot_p95_ms_objective",
    }
)  # fmt: skip


def _refuse_unknown_words(described: Described) -> None:
    known = {field.name for kind in _PARTS.values() for field in fields(kind)} | _OWN_WORDS | set(_GPU)
    wrong = set(described) - known
    if wrong:
        raise ValueError(f"no such words: {', '.join(sorted(wrong))}")


def _part(kind: type, told: Described) -> object:
    """Return a part of a workload from the words that are its fields."""
    values: dict[str, object] = {}
    for field in fields(kind):
        if kind is Wishes and field.name in {"ttft_p95_ms", "tpot_p95_ms"}:
            values[field.name] = _measure(told[f"{field.name}_objective"])
        elif "Measure" in str(field.type):
            values[field.name] = _measure(told[field.name])
        elif field.name in told:
            value = told[field.name]
            value = Intent(str(value)) if field.name == "intent" else value
            values[field.name] = tuple(value) if isinstance(value, list) else value
    if kind is Scale and isinstance(values["ready_avg"], Unknown):
        values["ready_avg"] = Found(float(str(told["replicas"])), "count of pods")
    return kind(**values)


def _measure(value: object) -> Measure:
    return Unknown("it was not seen") if value is None else Found(float(str(value)), "the query")


def _gpu(index: int, told: Described) -> GpuObservation:
    figures: dict[str, object] = {
        name: _measure({**_GPU, **told}[name]) for name in _GPU if name != "memory_used_max_gib"
    }
    memory = _measure(_mapping(told.get("seen")).get("memory_used_max_gib", 70))
    return GpuObservation(f"GPU-{index}", "node-a", "", ("llm/chat-0",), memory_used_max_gib=memory, **figures)


def _place(settings: Described, sure: float) -> Found[Place] | Unknown:
    """Return a place in Git that sets what the workload runs with; none where it is unsure to the last."""
    if sure <= 0:
        return Unknown("no file declares it")
    where = Location("gitops", "chat.yaml", 0, 1, 0, 1)
    declared = {
        name: Setting(name, value, str(value), where, "flag")
        for name, value in settings.items()
        if isinstance(value, str | int | float | bool)
    }
    serving = Serving(
        subject="chat.yaml#Deployment/llm/chat/server", repository="gitops", path="chat.yaml", document=0,
        api_version="apps/v1", kind="Deployment", namespace="llm", name="chat", container="server", wrapper="plain",
        engine="vllm", settings=declared, selector_key=SELECTOR if "gpu_product" in declared else "",
    )  # fmt: skip
    return Found(Place(serving, "same kind, namespace and name", sure))


def _pool(described: Described) -> Pool:
    gpu = find_gpu(str(described["gpu"]))
    assert isinstance(gpu, Found), gpu
    free = float(str(described.get("free", 8)))
    return Pool(
        gpu=gpu.value,
        resource=str(described.get("resource", "nvidia.com/gpu")),
        free=free,
        largest_free=float(str(described.get("largest_free", free))),
        nodes=1,
        selector_key=SELECTOR,
        selector_value=gpu.value.name,
        capacity_known=bool(described.get("capacity_known", True)),
    )


def _node(described: Described) -> Node:
    plain = Node(
        cluster="eu", name="node-a", product=Found("NVIDIA-H100-80GB-HBM3", "label"), instance_type="p5.48xlarge",
        labels={"nvidia.com/gpu.count": "8"}, gpus=8, allocatable={"nvidia.com/gpu": 8.0},
        requested={"nvidia.com/gpu": 8.0},
        requested_avg=Found(8.0), cpu_cores=Found(192.0), cpu_requested=Found(64.0), cpu_busy_avg=Found(0.2),
        cpu_busy_p95=Found(0.3), age_s=Found(90 * 86400.0),
    )  # fmt: skip
    measures = {field.name for field in fields(Node) if "Measure" in str(field.type)}
    values = {name: _measure(value) if name in measures else value for name, value in described.items()}
    if "product" in values:
        values["product"] = Found(str(values["product"])) if values["product"] else Unknown("no label")
    if "sharing" in values:
        values["sharing"] = Sharing(str(values["sharing"]))
    return replace(plain, **values)  # type: ignore[arg-type]  # a sample's words are the node's fields


def _mapping(value: object) -> Described:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
