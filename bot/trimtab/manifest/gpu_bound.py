"""What a container loads that was built for one kind of GPU and one number of them.

Sources: https://docs.nvidia.com/nim/large-language-models/latest/profiles.html (of 2026-03): a profile names a
runtime, a precision and a number of GPUs, and most a kind of GPU;
https://docs.nvidia.com/deeplearning/tensorrt/11.1.0/inference-library/engine-compatibility.html: an engine runs on the
architecture that it was built for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from trimtab.manifest.environment import Environment
from trimtab.manifest.hit import Draft

BOUND = ("gpu_product", "gpu_resource", "gpu_count", "tensor_parallel_size", "pipeline_parallel_size")
"""What a profile or an engine was built for."""

_DEVICES = (
    *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
    *("ZE_AFFINITY_MASK", "HABANA_VISIBLE_MODULES", "ASCEND_RT_VISIBLE_DEVICES"),
)
"""By which each maker's GPUs are named. Source: https://docs.ray.io/en/latest/ray-core/scheduling/accelerators.html
(2.54), and AMD's https://rocm.docs.amd.com/en/latest/conceptual/gpu-isolation.html (7.1)."""
_PROFILE = "NIM_MODEL_PROFILE"
_BUILT = re.compile(r"trt-?llm|tensorrt|\bengine[-_]dir\b", re.IGNORECASE)


def why_bound(engine: str, image: str, words: Iterable[str], environment: Environment, model: str) -> str:
    """Return why a container fits its GPUs alone; empty where it does not.

    Args:
        engine: The vocabulary's word.
        image: The image's whole name.
        words: What it runs.
        environment: Its variables.
        model: What it loads; empty where nothing says.
    """
    if engine == "nim":
        named = profile_of(environment)
        return profile_reason(named) if named else ""
    built = engine in {"triton", "tensorrt-llm"} and any(_BUILT.search(one) for one in (image, *words))
    if built and (not model or model.startswith("/")):
        return "a TensorRT engine is built for its kind of GPU and its number of them; build it anew first"
    return ""


def profile_of(environment: Environment) -> str:
    """Return the profile that a NIM is told to take; empty where it chooses by itself."""
    profile = environment.find(_PROFILE)
    unknown = "of a variable that is not in the tree" if _PROFILE in environment.names() else ""
    named = profile.text.value if profile is not None else unknown
    return "" if named == "auto" else named


def devices_of(environment: Environment, script: str) -> str:
    """Return the GPUs that a container names by their numbers, such as `0,1`; empty where it takes what it is given."""
    for name in _DEVICES:
        named = environment.find(name)
        assigned = re.search(rf"\b{name}=[\"']?([\d,]+)", script)
        found = assigned[1] if assigned is not None else named.text.value if named is not None else ""
        if re.fullmatch(r"\d+(?:,\d+)*", found):
            return found
    return ""


def profile_reason(named: str) -> str:
    """Return what a profile fixes, in words."""
    return f"the NIM profile {named} is built for its GPU and its number of them; choose another profile first"


def bind(draft: Draft, reason: str) -> None:
    """Let a serving's GPUs be what they are."""
    for field in BOUND:
        draft.adders.pop(field, None)
        draft.refusals[field] = reason
        if field in draft.hits:
            draft.hits[field] = replace(draft.hits[field], locked=reason)
    draft.add_selector = None
