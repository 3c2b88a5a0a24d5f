"""GPUs, nodes, and the models that run on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from trimtab.fleet.found import Found, Measure, Unknown


@dataclass(frozen=True, slots=True)
class GpuType:
    """One kind of GPU, or one MIG slice of it.

    Attributes:
        name: The node's `nvidia.com/gpu.product`, such as `NVIDIA-H100-80GB-HBM3`.
        memory_gib: Usable memory as the runtime reports it (79.19 for an "80 GB" H100).
        bandwidth_gb_s: Peak memory bandwidth, 10^9 bytes a second.
        tflops: Dense peak by precision: `fp32`, `bf16`, `fp16`, `fp8`, `int8`, `fp4`; absent where unsupported.
        link_gb_s: GPU to GPU bandwidth inside a node, one direction, 10^9 bytes a second; 0 where unknown.
        compute_capability: CUDA's, such as 9.0; 0 for other makers.
        family: `turing`, `volta`, `ampere`, `ada`, `hopper`, `blackwell`, `cdna3` …
        slices: Compute slices out of 7 for a MIG profile; 7 for a whole GPU.
        source: Where the figures are from.
    """

    name: str
    memory_gib: float
    bandwidth_gb_s: float
    tflops: Mapping[str, float]
    link_gb_s: float
    compute_capability: float
    family: str
    slices: int = 7
    source: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model by name, with its shape.

    Attributes:
        name: The Hugging Face id where it is known, else the name as given.
        config_json: The text of its `config.json`, parsed by `trimtab.estimate`.
        source: Where the configuration is from.
        checkpoint_bytes: Bytes of all tensors by the checkpoint's index; 0 where it is not at hand.
        tensors_json: The safetensors headers as `{"name": ["BF16", [4096, 4096]], …}`; empty where not at hand.
    """

    name: str
    config_json: str
    source: str = ""
    checkpoint_bytes: int = 0
    tensors_json: str = ""


class Sharing(StrEnum):
    """How one GPU is divided among pods."""

    WHOLE = "whole"
    MIG = "mig"
    TIME_SLICED = "time-sliced"


@dataclass(frozen=True, slots=True)
class GpuObservation:
    """One GPU, or one MIG instance, over the window.

    Attributes:
        uuid: The device's; with MIG followed by `/` and the instance's number.
        node: The node that holds it.
        product: The node's label value where known, else derived from `modelName`.
        pods: Namespaced names (`ns/pod`) seen on it in the window.
        busy_avg: Mean share of time that the graphics engine was active, 0 to 1.
        busy_p95: Its 95th percentile.
        busy_max: Its maximum.
        memory_used_max_gib: Largest framebuffer use; says nothing of need where the engine preallocates.
        tensor_avg: Mean tensor pipe activity, 0 to 1.
        dram_avg: Mean memory interface activity, 0 to 1.
        dram_p95: Its 95th percentile.
        power_avg_w: Mean power, watts.
        mig_profile: `1g.10gb` …; empty for a whole GPU.
    """

    uuid: str
    node: str
    product: str
    pods: tuple[str, ...]
    busy_avg: Measure
    busy_p95: Measure
    busy_max: Measure
    memory_used_max_gib: Measure
    tensor_avg: Measure
    dram_avg: Measure
    dram_p95: Measure
    power_avg_w: Measure
    mig_profile: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A node with GPUs.

    Attributes:
        cluster: Its cluster.
        name: Its name.
        product: `nvidia.com/gpu.product`; Unknown where neither labels nor DCGM tell.
        instance_type: The cloud's; empty where unknown.
        labels: All that are known, with their real keys where the API gave them.
        gpus: Physical GPUs.
        allocatable: Allocatable by GPU resource name (`nvidia.com/gpu`, `nvidia.com/mig-1g.10gb` …), now.
        requested: Requested by running and pending pods placed here, by GPU resource name, now.
        requested_avg: Mean over the window of what was requested, all GPU resources together.
        cpu_cores: Allocatable CPU, cores.
        cpu_requested: Requested by placed pods, cores.
        cpu_busy_avg: Mean share of CPU time not idle, 0 to 1.
        cpu_busy_p95: Its 95th percentile.
        sharing: How its GPUs are divided.
        replicas_per_gpu: Time-slicing replicas of one GPU; 1 where whole.
        purpose: Label `trimtab.dev/purpose`; `headroom` is kept free on purpose.
        ready: Whether it is ready and schedulable, as far as is known.
        age_s: Seconds since it was created or first seen in the window.
    """

    cluster: str
    name: str
    product: Found[str] | Unknown
    instance_type: str
    labels: Mapping[str, str]
    gpus: int
    allocatable: Mapping[str, float]
    requested: Mapping[str, float]
    requested_avg: Measure
    cpu_cores: Measure
    cpu_requested: Measure
    cpu_busy_avg: Measure
    cpu_busy_p95: Measure
    sharing: Sharing = Sharing.WHOLE
    replicas_per_gpu: int = 1
    purpose: str = ""
    ready: bool = True
    age_s: Measure = field(default_factory=lambda: Unknown("not read"))

    def free(self, resource: str) -> float:
        """Return how many of a GPU resource no pod has asked for."""
        return max(0.0, self.allocatable.get(resource, 0.0) - self.requested.get(resource, 0.0))


@dataclass(frozen=True, slots=True)
class Pool:
    """All nodes of one kind of GPU in one cluster that a pod could be placed on.

    Attributes:
        gpu: The kind.
        resource: The resource its nodes offer.
        free: Units that no pod has asked for, ready nodes only.
        largest_free: The most free units on one node: the largest pod that can be placed at once.
        nodes: How many nodes.
        selector_key: The node label that carries the product's name; empty where none is known.
        selector_value: Its value on these nodes.
        capacity_known: Whether `free` is known at all (without kube-state-metrics it is not).
    """

    gpu: GpuType
    resource: str
    free: float
    largest_free: float
    nodes: int
    selector_key: str
    selector_value: str
    capacity_known: bool
