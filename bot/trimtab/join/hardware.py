"""What a unit of a GPU resource is on a node: the kind of GPU, a slice of one, or a share of one."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from trimtab.catalog import find_gpu, find_mig, instance_gpus
from trimtab.fleet import Found, GpuType, Node, Sharing, Unknown

PRODUCT = "nvidia.com/gpu.product"
GKE_ACCELERATOR = "cloud.google.com/gke-accelerator"
GKE_PARTITION = "cloud.google.com/gke-gpu-partition-size"
AMD_PRODUCT = "amd.com/gpu.product-name"
PRODUCT_LABELS = (PRODUCT, GKE_ACCELERATOR, AMD_PRODUCT)
"""Node labels that carry the product's name, best first: GPU Feature Discovery's, GKE's, AMD's node labeller's."""

WHOLE_SLICES = 7
"""Compute slices of a whole GPU: what MIG can divide it into."""

_SLICED = re.compile(r"(?P<base>.+)-MIG-(?P<profile>\d+g\.\d+gb(?:\+\S+)?)", re.IGNORECASE)
_MIG_RESOURCE = re.compile(r"nvidia\.com/mig-(?P<profile>\d+g\.\d+gb)(?P<more>\S*)", re.IGNORECASE)
_RESOURCES = re.compile(r"(nvidia|amd)\.com/(gpu|mig-).*|gpu\.intel\.com/.+|habana\.ai/gaudi.*")


def is_gpu(resource: str) -> bool:
    """Return whether a Kubernetes resource is one of GPUs."""
    return _RESOURCES.fullmatch(resource) is not None


@dataclass(frozen=True, slots=True)
class Product:
    """A product label taken apart: GPU Feature Discovery appends `-MIG-1g.10gb` and `-SHARED`.

    Source: github.com/NVIDIA/k8s-device-plugin v0.17 docs/gpu-feature-discovery.
    """

    base: str
    profile: str
    shared: bool


def parse_product(text: str) -> Product:
    """Return the GPU's own name, the MIG profile of the single strategy, and whether it is shared."""
    shared = text.upper().endswith("-SHARED")
    rest = text[: -len("-SHARED")] if shared else text
    sliced = _SLICED.fullmatch(rest)
    return Product(sliced["base"], sliced["profile"], shared) if sliced else Product(rest, "", shared)


def mig_profile(resource: str) -> str:
    """Return `1g.10gb` for `nvidia.com/mig-1g.10gb` (`+me` is written `.me` there); empty for other resources."""
    match = _MIG_RESOURCE.fullmatch(resource)
    return f"{match['profile']}{match['more'].replace('.me', '+me')}" if match else ""


def kind_of(product: str, resource: str) -> Found[GpuType] | Unknown:
    """Return what one unit of `resource` is on a node of `product`; for a share, the whole GPU that is shared."""
    parts = parse_product(product)
    whole = find_gpu(parts.base)
    profile = mig_profile(resource) or parts.profile
    return find_mig(whole.value, profile) if isinstance(whole, Found) and profile else whole


def canonical(product: str) -> str:
    """Return the catalogue's name of a product; the text itself where the catalogue has none."""
    kind = kind_of(product, "")
    return kind.value.name if isinstance(kind, Found) else product


def share_of(node: Node, resource: str) -> float:
    """Return the part of one physical GPU that a unit of `resource` is on this node, 0 to 1."""
    product = node.product.value if isinstance(node.product, Found) else ""
    kind = kind_of(product, resource)
    slices = kind.value.slices if isinstance(kind, Found) else slices_of(mig_profile(resource))
    return (slices / WHOLE_SLICES if 0 < slices < WHOLE_SLICES else 1.0) / max(1, node.replicas_per_gpu)


def slices_of(profile: str) -> int:
    """Return the compute slices in a MIG profile's name; those of a whole GPU where it is none."""
    digits = profile.partition("g.")[0]
    return int(digits) if digits.isdigit() else WHOLE_SLICES


def sharing_of(node: Node, resource: str) -> Sharing:
    """Return how a GPU is divided for those who ask for `resource` on this node."""
    if mig_profile(resource) or (isinstance(node.product, Found) and parse_product(node.product.value).profile):
        return Sharing.MIG
    return Sharing.TIME_SLICED if node.replicas_per_gpu > 1 else Sharing.WHOLE


def product_of(labels: Mapping[str, str], dcgm_model: str, instance_type: str) -> Found[str] | Unknown:
    """Return a node's product: its label, else what DCGM calls the GPU, else what the cloud puts into the machine."""
    for name in PRODUCT_LABELS:
        if labels.get(name):
            profile = labels.get(GKE_PARTITION, "") if name == GKE_ACCELERATOR else ""
            return Found(f"{labels[name]}-MIG-{profile}" if profile else labels[name], f"node label {name}")
    if dcgm_model:
        return Found(canonical(dcgm_model), "modelName of dcgm-exporter")
    inside = instance_gpus(instance_type) if instance_type else Unknown("the instance type is not known")
    if isinstance(inside, Found):
        return Found(inside.value[0], inside.source)
    return Unknown("neither a node label nor dcgm-exporter names the GPU; export nvidia.com/gpu.product")


def whole_gpus(units: float, slices: int, replicas: int) -> int:
    """Return how many physical GPUs give so many units, at least: replicas divide, sevenths round up."""
    per_gpu = replicas * (WHOLE_SLICES // slices if 0 < slices < WHOLE_SLICES else 1)
    return math.ceil(units / per_gpu) if math.isfinite(units) else 0
