"""Names of labels and annotations, as Kubernetes writes them and as kube-state-metrics sanitises them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trimtab.facts import Series

_UNSAFE = re.compile(r"[^a-zA-Z0-9_]")
_RESTORED = (
    "nvidia.com/gpu.product",
    "nvidia.com/gpu.count",
    "nvidia.com/gpu.replicas",
    "nvidia.com/gpu.memory",
    "nvidia.com/gpu.sharing-strategy",
    "nvidia.com/mig.strategy",
    "amd.com/gpu.product-name",
    "cloud.google.com/gke-accelerator",
    "cloud.google.com/gke-gpu-partition-size",
    "cloud.google.com/gke-max-shared-clients-per-gpu",
    "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "karpenter.sh/capacity-type",
    "trimtab.dev/purpose",
)


def sanitise(name: str) -> str:
    """Return a label's name as kube-state-metrics prints it: what is no letter, digit or `_` becomes `_`.

    Source: github.com/kubernetes/kube-state-metrics v2.13 internal/store/utils.go (`sanitizeLabelName`), which also
    sets `_` before a capital inside a word; all names looked up here are lower case.
    """
    return _UNSAFE.sub("_", name)


_REAL = {f"label_{sanitise(name)}": name for name in _RESTORED}


def restore(series: Series) -> dict[str, str]:
    """Return a node's labels, the well-known ones under their real names."""
    return {_REAL.get(name, name): value for name, value in series.labels if name.startswith("label_")}


def lookup(written: Mapping[str, str], name: str, prefixes: tuple[str, ...] = ("annotation_", "label_")) -> str:
    """Return the value under a real name, or under its sanitised one; empty where there is neither."""
    if name in written:
        return written[name]
    return next((written[key] for key in (f"{prefix}{sanitise(name)}" for prefix in prefixes) if key in written), "")
