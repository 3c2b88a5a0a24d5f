"""What an engine was told of its KV cache, resolved."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.config import ConfigError
from trimtab.estimate.kv_dtypes import kv_bytes
from trimtab.estimate.settings import Settings
from trimtab.estimate.shape import Shape

_PLAIN_LATENT, _GLM_IN_FP8 = (0, 18), (0, 30)
"""From here on, on Blackwell's data-centre GPUs, FlashInfer runs sparse attention, and its FP8 entries are plain (vLLM
0.19, cuda.py); and GLM 5's cache is FP8 unless something else is asked for (vLLM 0.33, `GlmMoeDsaForCausalLM`)."""
_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class KvSettings:
    """Settings of the cache as the engine would use them.

    Attributes:
        element_bytes: Bytes of one element.
        packed_latent: Whether FP8 entries of sparse attention carry their rotary part in 16 bits (`fp8_ds_mla`).
        size_gib: The cache's size where it is set, GiB; 0 otherwise.
        blocks: The number of blocks where it is set; 0 otherwise.
        block_size: Tokens of one block; 0 where the engine chooses.
        prefixes_kept: Whether prefixes are kept; None where nothing is said.
        windows_shrink: Whether windows give back what they passed; None where nothing is said.
    """

    element_bytes: float
    packed_latent: bool
    size_gib: float
    blocks: int
    block_size: int
    prefixes_kept: bool | None
    windows_shrink: bool | None


def kv_settings(
    values: Settings, name: str, shape: Shape, blackwell: tuple[int, int], checkpoint: str, dtype_bytes: int
) -> KvSettings:
    """Return the settings in force.

    Args:
        values: What was set.
        name: The engine's.
        shape: The model's.
        blackwell: The release of vLLM on one of Blackwell's data-centre GPUs; (0, 0) elsewhere.
        checkpoint: What the checkpoint asks for where the setting is `auto`.
        dtype_bytes: Bytes of one unquantised weight.

    Raises:
        ConfigError: A setting is out of bounds.
    """
    whole = _said(values, "disable_hybrid_kv_cache_manager")
    return KvSettings(
        element_bytes=kv_bytes(_dtype(values, shape, blackwell), checkpoint, dtype_bytes),
        packed_latent=values.text("kv_cache_dtype") == "fp8_ds_mla" or blackwell < _PLAIN_LATENT,
        size_gib=values.number("kv_cache_memory_bytes", 0, 0, 1 << 50) / _BYTES,
        blocks=values.whole("num_gpu_blocks_override", 0, 1, 1 << 40),
        block_size=_block_size(values, name),
        prefixes_kept=_said(values, "enable_prefix_caching"),
        windows_shrink=None if whole is None else not whole,
    )


def _said(values: Settings, name: str) -> bool | None:
    return values.flag(name) if values.text(name) else None


def _dtype(values: Settings, shape: Shape, blackwell: tuple[int, int]) -> str:
    asked = values.text("kv_cache_dtype")
    glm = shape.model_type == "glm_moe_dsa" and blackwell >= _GLM_IN_FP8
    return "fp8" if glm and asked in {"", "auto"} else asked


def _block_size(values: Settings, name: str) -> int:
    """Return the tokens of a block; vLLM takes 1 and multiples of 8 (0.9 to 0.33, `BlockSize`; what hybrids report)."""
    size = values.whole("block_size", 0, 1, 1 << 16)
    if name == "vllm" and size > 1 and size % 8:
        raise ConfigError(f"block_size is {size}, not a multiple of 8")
    return size
