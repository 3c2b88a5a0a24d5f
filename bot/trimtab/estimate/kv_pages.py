"""What one layer keeps on one rank: bytes of a token, bytes of a state, and what counts as alike.

Sources: vLLM 0.33, v1/kv_cache_interface.py (`FullAttentionSpec`, `MLAAttentionSpec`, `MambaSpec`); the first core from
vLLM 0.7.3, worker/cache_engine.py.
"""

from __future__ import annotations

from dataclasses import replace

from trimtab.estimate.engine import Engine
from trimtab.estimate.shape import Cache, Keep

_V0_LATENT_STEP = 128
"""The first core pads MLA's vector to a multiple of this: 576 becomes 640 (vLLM 0.7.3, worker/cache_engine.py; seen:
78,084 bytes a token for DeepSeek R1)."""
_SPARSE_FP8_BYTES = 656
"""An `fp8_ds_mla` entry: 512 FP8 values, 4 scales, 64 rotary values in 16 bits (vLLM 0.33)."""
_WINDOWS_FREED = (0, 9)
"""From here on blocks that a window has passed are given back (vLLM 0.9, hybrid KV cache manager)."""


def as_managed(cache: Cache, engine: Engine) -> Cache:
    """Return what makes two layers' caches alike: windows and chunks count as whole where they are kept whole.

    Old releases do so, and a setting (`disable_hybrid_kv_cache_manager`). Chunked attention turns the manager off
    unless it is asked for, because it is slower with it (vLLM 0.9.2 to 0.33, `VllmConfig.__post_init__`).
    """
    if cache.keep not in {Keep.WINDOW, Keep.CHUNK}:
        return cache
    asked = cache.keep is Keep.WINDOW if engine.kv.windows_shrink is None else engine.kv.windows_shrink
    freed = asked and cache.span and not engine.v0 and engine.version >= _WINDOWS_FREED
    return cache if freed else replace(cache, keep=Keep.FULL, span=0)


def token_bytes(cache: Cache, engine: Engine) -> float:
    """Return the bytes of a token in one layer on one rank."""
    if cache.keep is Keep.LATENT:
        sparse = cache.extra_bytes and engine.kv.element_bytes == 1 and engine.kv.packed_latent
        width = -(-cache.head_dim // _V0_LATENT_STEP) * _V0_LATENT_STEP if engine.v0 else cache.head_dim
        return (_SPARSE_FP8_BYTES if sparse else width * engine.kv.element_bytes) + cache.extra_bytes
    heads = max(1, -(-cache.kv_heads // engine.tp))
    return heads * (cache.head_dim + cache.value_dim) * engine.kv.element_bytes + cache.extra_bytes


def state_bytes(cache: Cache, engine: Engine) -> int:
    """Return the bytes of one request's state in one layer on one rank."""
    return sum(-(-elements // engine.tp) * (size or engine.dtype_bytes) for elements, size in cache.states)
