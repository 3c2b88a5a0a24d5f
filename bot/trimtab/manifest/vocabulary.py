"""The words of the settings, and what a value written for one means."""

from __future__ import annotations

import math
import re

from trimtab.fleet import Scalar
from trimtab.fleet.quantity import quantity

INTEGERS = frozenset(
    {
        "max_model_len",
        "max_num_seqs",
        "max_num_batched_tokens",
        "tensor_parallel_size",
        "pipeline_parallel_size",
        "data_parallel_size",
        "expert_parallel_size",
        "block_size",
        "gpu_count",
        "replicas",
        "min_replicas",
        "max_replicas",
    }
)
NUMBERS = frozenset({"gpu_memory_utilization", "swap_space"})
BOOLEANS = frozenset({"enable_prefix_caching", "enforce_eager"})
QUANTITIES = frozenset({"cpu_request", "cpu_limit", "memory_request", "memory_limit", "shm_size"})
NAMES = frozenset(
    {
        "model",
        "revision",
        "quantization",
        "dtype",
        "kv_cache_dtype",
        "engine",
        "engine_version",
        "gpu_resource",
        "gpu_product",
        "priority_class",
        "topology_policy",
        "runtime_class",
    }
)
FIELDS = INTEGERS | NUMBERS | BOOLEANS | QUANTITIES | NAMES

_HUMAN = re.compile(r"(\d+(?:\.\d+)?)([kmgtKMGT])")
_HUMAN_FACTORS = {
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "K": 2**10,
    "M": 2**20,
    "G": 2**30,
    "T": 2**40,
}
_WHOLE = re.compile(r"[-+]?\d{1,18}(?:\.0+)?")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


def read(field: str, text: str) -> Scalar:
    """Return the value that `text` means for a field; text that is none of its values comes back as it is.

    Lengths may be human: vLLM's `human_readable_int` (vllm/utils/argparse_utils.py, 0.11) takes `32k` for 32,000 and
    `32K` for 32,768.
    """
    text = text.strip()
    if field in INTEGERS:
        return _integer(text)
    if field in NUMBERS and _NUMBER.fullmatch(text):
        number = float(text)
        return int(number) if number.is_integer() and "." not in text else number
    if field in BOOLEANS and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    return text


def _integer(text: str) -> Scalar:
    if _WHOLE.fullmatch(text):
        return int(text.partition(".")[0])
    human = _HUMAN.fullmatch(text)
    return int(float(human[1]) * _HUMAN_FACTORS[human[2]]) if human else text


def spelled_like(old: str, value: Scalar) -> Scalar:
    """Return a length with the suffix that `old` has, such as `64K` where `32K` stands; else the value itself."""
    human = _HUMAN.fullmatch(old)
    factor = _HUMAN_FACTORS[human[2]] if human else 0
    if human is None or isinstance(value, bool) or not isinstance(value, int) or value % factor or value <= 0:
        return value
    return f"{value // factor}{human[2]}"


def is_value_of(field: str, value: Scalar) -> bool:
    """Return whether a value makes sense for a field at all; what the engine thinks of it is another question."""
    if field in INTEGERS:
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        return value >= (0 if field.endswith("replicas") else 1) or (field == "max_model_len" and value == -1)
    if field in NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    if field in BOOLEANS:
        return isinstance(value, bool)
    if field in QUANTITIES:
        return math.isfinite(quantity(value))
    return isinstance(value, str) and bool(value) and value.isprintable()
