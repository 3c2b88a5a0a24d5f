"""A small fleet to tell of: one chat workload on an H100, a pool of L40S beside it."""

from __future__ import annotations

import math
from decimal import Decimal

from trimtab.fleet import (
    Cluster,
    Fleet,
    Found,
    GpuType,
    Health,
    Host,
    Location,
    Measure,
    Model,
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
from trimtab.recommendation import Priced, Saving
from trimtab.rule import Change, Considered, Evidence, Finding, Footprint, Layer, Option, Prediction, Subject

H100 = "NVIDIA-H100-80GB-HBM3"
L40S = "NVIDIA-L40S"
ENDED_AT_S = 1_794_614_400
NONE: Measure = Unknown("no samples")
SUBJECT = Subject("eu", "llm", "Deployment", "chat-mistral")
QUERY = 'max_over_time(vllm:kv_cache_usage_perc{namespace="llm"}[7d])'
MANIFEST = b"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: chat-mistral
  namespace: llm
spec:
  replicas: 1
  selector: {matchLabels: {app: chat}}
  template:
    metadata: {labels: {app: chat}}
    spec:
      nodeSelector:
        nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3 # keep in step with the pool
      containers:
        - name: server
          image: vllm/vllm-openai:v0.19.0
          args: [--model=mistralai/Mistral-7B-Instruct-v0.3, --max-model-len=8192]
          resources:
            limits: {nvidia.com/gpu: 1}
"""


def gpu(name: str, memory_gib: float = 79.19) -> GpuType:
    """Return a kind of GPU."""
    return GpuType(name, memory_gib, 3350.0, {"bf16": 989.0}, 450.0, 9.0, "hopper")


def traffic(hourly: tuple[float, ...] = ()) -> Traffic:
    """Return traffic of which only the hours are known."""
    return Traffic(*(NONE,) * 21, hourly_output_tokens_per_s=hourly)


def setting(field: str, value: str, start: int) -> Setting:
    """Return a setting as it stands in the manifest."""
    where = Location("gitops", "apps/chat.yaml", 0, MANIFEST[:start].count(b"\n") + 1, start, start + len(value))
    return Setting(field, value, value, where, "selector")


def serving(subject: str = "apps/chat.yaml#Deployment/llm/chat-mistral/server") -> Serving:
    """Return the declaration of the chat workload."""
    return Serving(
        subject,
        "gitops",
        "apps/chat.yaml",
        0,
        "apps/v1",
        "Deployment",
        "llm",
        "chat-mistral",
        "server",
        "plain",
        "vllm",
        {"gpu_product": setting("gpu_product", H100, MANIFEST.index(H100.encode()))},
        selector_key="nvidia.com/gpu.product",
    )


def workload(place: Found[Place] | Unknown | None = None, hourly: tuple[float, ...] = ()) -> Workload:
    """Return the chat workload."""
    return Workload(
        cluster="eu",
        namespace="llm",
        kind="Deployment",
        name="chat-mistral",
        live=True,
        place=place or Found(Place(serving(), "same kind, namespace and name", 0.99), "apps/chat.yaml:2"),
        settings={},
        engine="vllm",
        engine_version="0.19.0",
        model=Found(Model("mistralai/Mistral-7B-Instruct-v0.3", "{}")),
        gpu=Found(gpu(H100)),
        gpu_resource="nvidia.com/gpu",
        gpus_per_pod=1,
        share=1.0,
        sharing=Sharing.WHOLE,
        scale=Scale(1, Found(1.0), Found(1.0)),
        gpu_seen=(),
        traffic=traffic(hourly),
        host=Host(*(NONE,) * 8),
        health=Health(*(NONE,) * 4),
        wishes=Wishes(),
        age_s=Found(4e6),
        coverage=1.0,
        nodes=("h100-a",),
    )


def fleet(*workloads: Workload) -> Fleet:
    """Return a fleet of one cluster."""
    pool = Pool(gpu(L40S, 44.7), "nvidia.com/gpu", 6.0, 4.0, 2, "nvidia.com/gpu.product", L40S, capacity_known=True)
    cluster = Cluster("eu", "aws", "eu-west-1", 604_800, (), workloads or (workload(),), (pool,), ())
    return Fleet((cluster,), (), "sha256:91c2f00d91c2f00d", ENDED_AT_S)


def option(*changes: Change, selector_key: str = "") -> Option:
    """Return a way to act: by default the cheaper GPU."""
    latency = Prediction("time per token, p95", "ms", 8.0, 21.0, 18.0, 25.0, 40.0, "calibrated")
    room = Prediction("KV cache room", "tokens", 441_000.0, 189_000.0, 182_000.0, 193_000.0, math.nan, "arithmetic")
    return Option(
        changes or (Change("gpu_product", H100, L40S),),
        Footprint(L40S, 1.0),
        1.0,
        "nvidia.com/gpu",
        (room, latency),
        0.94,
        selector_key,
        ("no latency objective is declared",),
    )


def finding(chosen: Option, diagnosis: str = "", subject: Subject = SUBJECT) -> Finding:
    """Return the finding that the GPU is larger than the traffic."""
    said = "mistralai/Mistral-7B-Instruct-v0.3 uses a sixth of the H100 that it runs on."
    return Finding(
        "oversized-gpu",
        Layer.MODEL,
        subject,
        diagnosis or said,
        (
            Evidence("KV cache in use, max", 0.27, "ratio", 0.6, "below", "7d", QUERY),
            Evidence("requests waiting, max", 0.0, "requests", 0.0, "context", "7d", QUERY),
            Evidence("context length", 8192.0, "tokens", 8192.0, "context", "now", "apps/chat.yaml:17"),
        ),
        "low",
        Footprint(H100, 1.0),
        (chosen,),
        "The GPU stays larger than the traffic.",
        "The cost doubles and latency stays as it is.",
        (Considered("NVIDIA-L4", "its KV cache is 75 % short at the peak"),),
    )


def priced(*changes: Change, diagnosis: str = "", subject: Subject = SUBJECT, selector_key: str = "") -> Priced:
    """Return the finding with its worth."""
    chosen = option(*changes, selector_key=selector_key)
    found = finding(chosen, diagnosis, subject)
    saving = Saving(Decimal("3664.60"), Decimal("3510.00"), Decimal("3700.00"))
    source = "prices.csv: aws eu-west-1"
    return Priced(found, chosen, saving, 0.0, source, found.considered, Decimal("5022.40"), Decimal("1357.80"))
