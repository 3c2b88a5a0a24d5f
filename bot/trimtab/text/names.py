"""Names of things as sentences use them: GPUs, subjects, changes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from trimtab.fleet import Scalar
from trimtab.rule import Change, Subject

_MAKER = re.compile(r"^(NVIDIA|AMD|Intel|Tesla|Instinct|Radeon)[-_ ]")
_NAMED = 2


def gpu(product: str) -> str:
    """Return `H100 80GB HBM3` for `NVIDIA-H100-80GB-HBM3`: the label's value without its maker."""
    name = product
    while _MAKER.match(name):
        name = _MAKER.sub("", name, count=1)
    return re.sub(r"[-_]+", " ", name).strip() or product


def subject(about: Subject, several_clusters: bool = False) -> str:
    """Return `namespace/name`, or `node NAME`; followed by the cluster where there is more than one."""
    name = f"node {about.name}" if about.kind == "Node" else "/".join(filter(None, (about.namespace, about.name)))
    return f"{name} ({about.cluster})" if several_clusters else name


def scalar(value: Scalar) -> str:
    """Return a setting's value as YAML would read it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def value(change: Change, which: Scalar) -> str:
    """Return one side of a change: GPUs by their short name, numbers with thousands apart."""
    if change.field == "gpu_product":
        return gpu(str(which))
    return f"{which:,}" if isinstance(which, int | float) and not isinstance(which, bool) else scalar(which)


def step(change: Change) -> str:
    """Return a change for a table: `gpu_product: H100 80GB HBM3 → L40S`."""
    return f"{change.field}: {value(change, change.before) or 'unset'} → {value(change, change.after)}"


def steps(changes: Sequence[Change]) -> str:
    """Return all changes for a table; empty for advice."""
    return "; ".join(step(change) for change in changes)


def headline(changes: Sequence[Change]) -> str:
    """Return what changes for a title: `L40S instead of H100`; two changes at most, and no limit beside its request."""
    fields = {change.field for change in changes}
    leading = [one for one in changes if one.field.replace("_limit", "_request") not in fields - {one.field}]
    named = [_instead(change) for change in leading[:_NAMED]]
    more = len(leading) - len(named)
    return " and ".join(named) + (f" and {more} more" if more else "")


def _instead(change: Change) -> str:
    after, before = value(change, change.after), value(change, change.before)
    shown = _THINGS.get(change.field, f"{change.field} {{}}").format(after)
    if shown in {"1 replicas", "1 GPUs"}:
        shown = shown.removesuffix("s")
    return f"{shown} instead of {before}" if before else shown


_THINGS = {
    "gpu_product": "{}",
    "replicas": "{} replicas",
    "min_replicas": "at least {} replicas",
    "max_replicas": "at most {} replicas",
    "gpu_count": "{} GPUs",
    "tensor_parallel_size": "{}-way tensor parallelism",
    "cpu_request": "{} CPU",
    "cpu_limit": "CPU limit {}",
    "memory_request": "{} memory",
    "memory_limit": "memory limit {}",
    "max_model_len": "a context of {} tokens",
    "max_num_seqs": "{} sequences at once",
    "kv_cache_dtype": "a KV cache in {}",
    "quantization": "{} weights",
}
"""How a title names a setting; others are named by the vocabulary's word."""
