"""Settings of which one cannot change without a look at another."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trimtab.errors import RefusedError, UsageError
from trimtab.fleet import Scalar
from trimtab.fleet.quantity import quantity
from trimtab.manifest.hit import Draft
from trimtab.manifest.splice import Splice
from trimtab.manifest.write import replace_scalar

COUPLED = {"gpu_resource": "gpu_count", "cpu_request": "cpu_limit", "memory_request": "memory_limit"}
"""What may read otherwise after an edit of a field, beside the field itself."""
_ORDERED = (
    ("cpu_request", "cpu_limit", "Kubernetes rejects such a pod"),
    ("memory_request", "memory_limit", "Kubernetes rejects such a pod"),
    ("min_replicas", "max_replicas", "no autoscaler takes that"),
)
"""What is never above what."""
_VLLM_ORDERED = ("max_num_seqs", "max_num_batched_tokens", "vLLM does not start")
"""Source: https://github.com/vllm-project/vllm, vllm/config/scheduler.py (v0.19), `verify_max_model_len`."""
_NVIDIAS_LABEL = "nvidia.com/gpu.product"
_NVIDIAS = re.compile(r"(?:NVIDIA|Tesla|Quadro|GRID)-")
_MAKER = re.compile(r"(?:[\w-]+\.)*(nvidia|amd|habana|google|intel|huawei)\.(?:com|ai)/(?!gke-)")
"""Whose a label or a resource is."""
_SPREAD = ("tensor_parallel_size", "pipeline_parallel_size")


def with_limits(draft: Draft, wanted: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """Return what is asked, with a limit raised that a request would exceed: Kubernetes rejects such a pod.

    Raises:
        UsageError: A request above the limit was asked for.
    """
    result = dict(wanted)
    for resource in ("cpu", "memory"):
        request, limit = f"{resource}_request", f"{resource}_limit"
        if request not in wanted or limit not in {*draft.hits, *wanted}:
            continue
        standing = wanted.get(limit, draft.hits[limit].value if limit in draft.hits else "")
        if quantity(wanted[request]) > quantity(standing):
            if limit in wanted:
                raise UsageError(f"{request} would be above {limit}", "raise the limit with it")
            result[limit] = wanted[request]
    return result


def refuse_disordered(draft: Draft, wanted: Mapping[str, Scalar]) -> None:
    """Refuse what would put a setting above another that bounds it.

    Raises:
        RefusedError: It would.
    """
    for lower, upper, why in (*_ORDERED, *((_VLLM_ORDERED,) if draft.engine == "vllm" else ())):
        low, high = (_said(draft, wanted, field) for field in (lower, upper))
        if not {lower, upper} & set(wanted) or not _is_above(low, high):
            continue
        other = upper if lower in wanted else lower
        raise RefusedError(f"{lower} ({low}) would be above {upper} ({high}): {why}", f"set {other} with it")


def _is_above(low: Scalar | None, high: Scalar | None) -> bool:
    try:
        return low is not None and high is not None and quantity(low) > quantity(high)
    except UsageError:
        return False


def refuse_unknown_words(draft: Draft, wanted: Mapping[str, Scalar], selector_key: str) -> None:
    """Refuse what a selector would not understand.

    Raises:
        RefusedError: A GPU in the words of NVIDIA's label where others stand, or another maker's are asked for.
    """
    if "gpu_product" in wanted and draft.hits.get("gpu_product") is None:
        _refuse_other_maker(selector_key, str(_said(draft, wanted, "gpu_resource") or ""))
    hit, product = draft.hits.get("gpu_product"), str(wanted.get("gpu_product", ""))
    other = hit is not None and hit.via == "selector" and draft.selector_key != _NVIDIAS_LABEL
    if hit is not None and other and _NVIDIAS.match(product) and not _NVIDIAS.match(str(hit.value)):
        raise RefusedError(
            f"`{product}` is what {_NVIDIAS_LABEL} calls a GPU, and `{hit.value}` stands here",
            "give the name that is used here",
        )


def _refuse_other_maker(label: str, resource: str) -> None:
    """Refuse a label of one maker's GPUs on a pod that asks for another's."""
    makers = [found[1] for one in (label, resource) if (found := _MAKER.match(one))]
    if len(set(makers)) > 1:
        raise RefusedError(f"{label} is no label of nodes with {resource}", "give the label that they have")


def refuse_split_slice(draft: Draft, wanted: Mapping[str, Scalar]) -> None:
    """Refuse a model over several MIG slices: they cannot reach each other.

    Source: NVIDIA MIG User Guide r580, "Application Considerations": no peer-to-peer, neither over PCIe nor NVLink.

    Raises:
        RefusedError: It would be spread, or nothing tells over how many.
    """
    if not {"gpu_resource", *_SPREAD} & set(wanted) or "mig-" not in str(_said(draft, wanted, "gpu_resource")):
        return
    for field in _SPREAD:
        size = _said(draft, wanted, field)
        if isinstance(size, int) and size > 1:
            raise RefusedError("slices of a GPU (MIG) cannot serve a model together", f"set {field} to 1 with it")
        if size is not None and not isinstance(size, int):
            raise RefusedError(f"slices of a GPU (MIG) cannot serve a model together, and {field} is not known")


def refuse_unseen(draft: Draft, wanted: Mapping[str, Scalar]) -> None:
    """Refuse a number of GPUs that does not fit those which the container names by their numbers.

    Source: CUDA C++ Programming Guide 13.0, "CUDA Environment Variables": only those of `CUDA_VISIBLE_DEVICES`
    are seen, and none after the first that does not exist.

    Raises:
        RefusedError: It does not.
    """
    if not draft.devices or not {"gpu_count", "tensor_parallel_size"} & set(wanted):
        return
    named = [int(one) for one in draft.devices.split(",")]
    gpus, ways = wanted.get("gpu_count"), wanted.get("tensor_parallel_size")
    if (isinstance(gpus, int) and gpus <= max(named)) or (isinstance(ways, int) and ways > len(named)):
        raise RefusedError(
            f"a variable such as CUDA_VISIBLE_DEVICES names the GPUs ({draft.devices})", "change both, by hand"
        )


def resized(before: Draft, after: Draft) -> tuple[Splice, ...]:
    """Return what makes a group have as many pods as its model is spread over, where it had before.

    Raises:
        RefusedError: No number of such pods has as many GPUs as the model is spread over.
    """
    size, was, now = after.group_size, _spread(before), _spread(after)
    pods = size.value if size is not None else None
    if size is None or was is None or now is None or not isinstance(pods, int) or was[0] != was[1] * pods:
        return ()
    spread, gpus = now
    if spread // gpus != pods and after.nodes:
        raise RefusedError(
            f"the engine is told of {after.nodes} nodes by its flags", "change them and the group by hand"
        )
    if spread // gpus == 1 and after.group_least > 1:
        raise RefusedError("a group of one is none here", "remove the group by hand")
    if spread % gpus:
        raise RefusedError(
            f"a model that is spread over {spread} GPUs fits no whole number of pods with {gpus}",
            "set tensor_parallel_size and gpu_count together",
        )
    return (replace_scalar(size, spread // gpus),) if spread // gpus != pods else ()


def _spread(draft: Draft) -> tuple[int, int] | None:
    """Return over how many GPUs a model is spread, and how many one pod has; None where something is not known."""
    ways = [draft.hits[field].value if field in draft.hits else 1 for field in _SPREAD]
    gpus = draft.hits["gpu_count"].value if "gpu_count" in draft.hits else None
    known = [one for one in (*ways, gpus) if isinstance(one, int) and not isinstance(one, bool) and one > 0]
    return (known[0] * known[1], known[2]) if len(known) == len(_SPREAD) + 1 else None


def _said(draft: Draft, wanted: Mapping[str, Scalar], field: str) -> Scalar | None:
    if field in wanted:
        return wanted[field]
    return draft.hits[field].value if field in draft.hits else None
