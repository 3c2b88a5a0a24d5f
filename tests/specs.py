"""What a described fleet is made of: nodes and workloads, each a handful of figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class NodeSpec:
    """A node with GPUs; `busy` is its CPU's share of time not idle."""

    name: str
    product: str
    gpus: int = 8
    cpu: float = 96.0
    purpose: str = ""
    busy: float = 0.2
    resource: str = "nvidia.com/gpu"
    age_days: float = 90.0
    region: str = ""


@dataclass(frozen=True)
class WorkloadSpec:
    """A Deployment of vLLM pods; figures are for one replica but for `requests_per_s`, which is the whole's."""

    name: str
    nodes: tuple[str, ...]
    namespace: str = "llm"
    kind: str = "Deployment"
    replicas: int = 1
    gpus: int = 1
    resource: str = "nvidia.com/gpu"
    model: str = "meta-llama/Llama-3.1-8B-Instruct"
    age_days: float = 60.0
    requests_per_s: float = 1.0
    night: float = 0.5
    """Share of the day's peak that remains at its quietest hour."""
    busy_hours: tuple[int, int] = (0, 24)
    """Hours of the day (UTC) with any traffic."""
    busy_days: tuple[int, ...] = ()
    """Days of the week (0 is Monday) with any traffic; all by default."""
    coarse: bool = False
    """Whether latencies are told in the wide buckets that vLLM has, of a log-normal spread, or in fine ones."""
    input_tokens: float = 800.0
    output_tokens: float = 200.0
    ttft_ms: float = 80.0
    tpot_ms: float = 10.0
    running: float = 4.0
    waiting: float = 0.0
    kv_usage: float = 0.1
    kv_tokens: int = 400_000
    preemptions: float = 0.0
    gpu_busy: float = 0.4
    dram: float = 0.2
    memory_used: float = 0.92
    memory_gib: float = 80.0
    cpu_request: float = 8.0
    cpu_limit: float = 0.0
    cpu_used: float = 2.0
    throttled: float = 0.0
    restarts: int = 0
    oom_killed: bool = False
    hpa: tuple[int, int] | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    engine_metrics: bool = True
    replaced_pod: bool = False
    """Whether each pod was replaced once in the middle of the window."""
