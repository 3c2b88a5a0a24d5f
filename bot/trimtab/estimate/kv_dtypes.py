"""Bytes of one element of the KV cache by the setting's name."""

from __future__ import annotations

from trimtab.estimate.config import ConfigError

_PLAIN = {
    "half": 2.0,
    "float16": 2.0,
    "bfloat16": 2.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "f16": 2.0,
    "float32": 4.0,
    "f32": 4.0,
}
_STARTS = {"fp8": 1.0, "float8": 1.0, "int8": 1.0, "nvfp4": 0.5625, "fp4": 0.5625, "int4": 0.5625}
"""FP4 kinds hold a scale of one byte for 16 values (vLLM 0.33, `nvfp4_kv_cache_full_dim`)."""
_BLOCKS = {"q8_0": 34 / 32, "q5_1": 24 / 32, "q5_0": 22 / 32, "q4_1": 20 / 32, "q4_0": 18 / 32, "iq4_nl": 18 / 32}
"""llama.cpp's: bytes of a block of 32 values with its scale (ggml-common.h)."""
_TURBO = {"turboquant_k8v4": 0.78, "turboquant_4bit_nc": 0.53, "turboquant_k3v4_nc": 0.47, "turboquant_3bit_nc": 0.41}
"""vLLM's TurboQuant: packed values and 2 bytes of scale for each head of 128 (vLLM 0.33, kv_cache_interface.py)."""


def kv_bytes(asked: str, checkpoint: str, dtype_bytes: int) -> float:
    """Return the bytes of one cache element.

    Args:
        asked: The setting; empty or `auto` takes the checkpoint's.
        checkpoint: What the checkpoint's quantisation says of its cache.
        dtype_bytes: Bytes of one unquantised weight, which is also the cache's where nothing else is said.

    Raises:
        ConfigError: No engine has such a cache.
    """
    kind = checkpoint if asked in {"", "auto"} else asked
    exact = _PLAIN.get(kind) or _BLOCKS.get(kind) or _TURBO.get(kind)
    if exact:
        return exact
    for start, size in _STARTS.items():
        if kind.startswith(start):
            return size
    if asked not in {"", "auto"}:
        raise ConfigError(f"kv_cache_dtype is {asked[:40]!r}, which no engine has")
    return float(dtype_bytes)
