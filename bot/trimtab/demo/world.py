"""The demo's fleet as a table: its machines, what runs on them, and what is asked of it.

Nothing here was measured on a cluster. Machines are real instance types with their published sizes; how many requests
come, and how much CPU an engine's host process needs, are chosen so that each workload shows one thing.
"""

from __future__ import annotations

from dataclasses import dataclass

CLUSTER = "prod"
PROVIDER = "aws"
REGION = "us-east-1"
ENDED_AT_S = 1_794_787_200
"""End of the recorded week: 2026-11-16 00:00 UTC."""
WEEK_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Machine:
    """A node.

    Attributes:
        name: The node's name.
        instance_type: The cloud's.
        product: The label `nvidia.com/gpu.product`.
        dcgm_model: The same GPU as the driver calls it.
        gpus: How many.
        gpu_memory_mib: Framebuffer of one GPU, MiB.
        idle_w: Power of an idle GPU, W.
        full_w: Power of a busy GPU, W.
        cpu_cores: Allocatable.
        purpose: The label `trimtab.dev/purpose`; empty where there is none.
    """

    name: str
    instance_type: str
    product: str
    dcgm_model: str
    gpus: int
    gpu_memory_mib: int
    idle_w: float
    full_w: float
    cpu_cores: float
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """What users ask of all replicas together.

    Attributes:
        shape: How traffic rises and falls; a shape of `traffic.json`.
        lengths: How long requests are; lengths of `traffic.json`.
        requests_per_s: Mean of the recorded week.
        prefix_hit: Share of prompt tokens found in the prefix cache, 0 to 1.
    """

    shape: str
    lengths: str
    requests_per_s: float
    prefix_hit: float = 0.0


@dataclass(frozen=True, slots=True)
class Scaler:
    """A HorizontalPodAutoscaler and the replicas it wants now."""

    minimum: int
    maximum: int
    wanted: int


@dataclass(frozen=True, slots=True)
class App:
    """A workload.

    Attributes:
        path: The file that declares it in the sample repository.
        kind: Of the live object.
        namespace: Of the live object.
        name: Of the live object.
        container: Of its pods.
        demand: What is asked of it; None where nothing is.
        cpu_need_cores: CPU that the engine's host process takes to keep its GPUs busy without a pause.
        host_memory_gib: Resident memory of a pod.
        model: Where the manifest only says it indirectly.
        served_as: The model's name in requests; the model itself by default.
        scaler: What decides the replicas; None where Git does.
        held: Not deployed until it would start.
    """

    path: str
    kind: str
    namespace: str
    name: str
    container: str
    demand: Demand | None
    cpu_need_cores: float
    host_memory_gib: float
    model: str = ""
    served_as: str = ""
    scaler: Scaler | None = None
    held: bool = False


_H100 = ("NVIDIA-H100-80GB-HBM3", "NVIDIA H100 80GB HBM3")
_L40S = ("NVIDIA-L40S", "NVIDIA L40S")
_L4 = ("NVIDIA-L4", "NVIDIA L4")

MACHINES = (
    Machine("h100-1", "p5.48xlarge", *_H100, 8, 81_559, 70, 690, 191.4),
    Machine("l4-1", "g6.12xlarge", *_L4, 4, 23_034, 13, 71, 47.6),
    Machine("l4-2", "g6.12xlarge", *_L4, 4, 23_034, 13, 71, 47.6),
    Machine("l40s-1", "g6e.12xlarge", *_L40S, 4, 46_068, 34, 340, 47.6),
    Machine("l40s-2", "g6e.12xlarge", *_L40S, 4, 46_068, 34, 340, 47.6),
    Machine("l40s-3", "g6e.12xlarge", *_L40S, 4, 46_068, 34, 340, 47.6, purpose="headroom"),
)
"""Sizes and memory as the driver reports them; power as the makers' data sheets give idle and board limits."""

APPS = (
    # Oversized: a small model, short requests, on the largest GPU.
    App(
        "apps/support-chat/deployment.yaml",
        "Deployment",
        "chat",
        "support-chat",
        "vllm",
        Demand("diurnal", "conversation", 1.2),
        cpu_need_cores=3.0,
        host_memory_gib=14,
    ),
    # Its look-alike: the same model, whose long contexts fill the same GPU.
    App(
        "apps/long-reader/statefulset.yaml",
        "StatefulSet",
        "research",
        "long-reader",
        "server",
        Demand("evening", "documents", 0.3),
        cpu_need_cores=3.5,
        host_memory_gib=22,
    ),
    # Two at 34 % GPU utilisation. This one waits for its CPU …
    App(
        "apps/coder-agent/deployment.yaml",
        "Deployment",
        "agents",
        "coder-agent",
        "engine",
        Demand("steady", "code", 0.9),
        cpu_need_cores=5.8,
        host_memory_gib=15,
        served_as="coder",
    ),
    # … and this one works from the evening on, and has CPU to spare.
    App(
        "apps/nightly-summaries/overlays/prod/kustomization.yaml",
        "Deployment",
        "batch",
        "nightly-summaries",
        "vllm",
        Demand("evening", "conversation", 0.22),
        cpu_need_cores=3.0,
        host_memory_gib=16,
    ),
    # Five replicas where fewer hold the busiest hour.
    App(
        "argocd/writing-stack.yaml",
        "Deployment",
        "writing",
        "writing-qwen8b-deployment-vllm",
        "vllm",
        Demand("wavy", "conversation", 1.5),
        cpu_need_cores=3.0,
        host_memory_gib=15,
    ),
    # Sharded over two GPUs, and one is enough.
    App(
        "flux/planner.yaml",
        "Deployment",
        "travel",
        "planner",
        "vllm",
        Demand("plateau", "conversation", 0.8),
        cpu_need_cores=4.0,
        host_memory_gib=24,
    ),
    # Its KV cache is full every office day.
    App(
        "apps/mail-triage/deployment.yaml",
        "Deployment",
        "office",
        "mail-triage",
        "vllm",
        Demand("office", "conversation", 0.98),
        cpu_need_cores=3.0,
        host_memory_gib=17,
    ),
    # Nobody asks it anything.
    App(
        "apps/faq-bot/values.yaml",
        "Deployment",
        "office",
        "faq-bot",
        "vllm",
        None,
        cpu_need_cores=2.0,
        host_memory_gib=7,
    ),
    # Nobody asks this one either, on purpose.
    App(
        "apps/failover-chat/deployment.yaml",
        "Deployment",
        "chat",
        "failover-chat",
        "vllm",
        None,
        cpu_need_cores=3.0,
        host_memory_gib=14,
    ),
    # Its replicas belong to an autoscaler.
    App(
        "kserve/translator.yaml",
        "Deployment",
        "translate",
        "translator-predictor",
        "kserve-container",
        Demand("office", "conversation", 1.6),
        cpu_need_cores=2.5,
        host_memory_gib=9,
        model="Qwen/Qwen3-1.7B",
        scaler=Scaler(1, 4, 2),
    ),
    # Parked: no pod at all.
    App(
        "apps/experiments/deployment.yaml",
        "Deployment",
        "research",
        "experiments",
        "vllm",
        None,
        cpu_need_cores=2.0,
        host_memory_gib=7,
    ),
    # Declared, not deployed yet: it would not start.
    App(
        "apps/contract-review/deployment.yaml",
        "Deployment",
        "legal",
        "contract-review",
        "vllm",
        Demand("office", "conversation", 0.1),
        cpu_need_cores=3.0,
        host_memory_gib=18,
        held=True,
    ),
)
