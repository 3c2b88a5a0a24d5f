"""DeepSeek V4's cache: a window, compressed entries with an index, and the compressor's own states, in one pool.

Source: vLLM 0.21 to 0.33, deepseek_v4_attention.py, sparse_swa.py, deepseek_compressor.py. Sizes are fixed by the
kernels: an entry has 448 FP8 values, 64 rotary values in 16 bits and 8 bytes of scales, whatever `kv_cache_dtype` says;
pages are aligned to 576 bytes. The compressor's states are FP32.
"""

from __future__ import annotations

from collections.abc import Sequence

from trimtab.estimate.engine import Engine
from trimtab.estimate.kv_plan import Group, Plan
from trimtab.estimate.shape import Cache, Keep

_BLOCK, _SLIDING_BLOCK = 256, 64
_DENSE, _DENSE_INDEX, _SPARSE = 37_440, 8_640, 1_728
"""Bytes of a block of 256 tokens in a layer: 64 entries of 4 tokens, their index (132 bytes each), 2 entries of 128."""
_SLIDING = 37_440
"""Bytes of 64 tokens of the window, which every layer has."""
_DENSE_STATE, _SPARSE_STATE = 32_832, 32_832
"""Bytes of the compressors' last inputs: 4 tokens of a dense layer (and an index of its own), 8 of a sparse one."""
_DENSE_KEPT, _SPARSE_KEPT = (4, 8), (8, 128)
"""(tokens of a block, of the window) of these inputs."""
_PACKED = (0, 27)
"""From here on a block holds the layers of a group one after the other; before, layers of three kinds side by side."""
_DENSE_RATIO = 4


def compressed(caches: Sequence[Cache], engine: Engine) -> Plan:
    """Return the plan for layers of which some keep compressed entries."""
    window = max((cache.span for cache in caches if cache.keep is Keep.WINDOW), default=128)
    layers = sum(cache.keep is Keep.WINDOW for cache in caches)
    dense = sum(1 < cache.every <= _DENSE_RATIO for cache in caches)
    sparse = sum(cache.every > _DENSE_RATIO for cache in caches)
    ahead = engine.max_num_batched_tokens * (max(2, engine.pp + 1) if engine.version >= (0, 26) else 1)
    if engine.version >= _PACKED:
        page = dense * (_DENSE + _DENSE_INDEX) + sparse * _SPARSE
        together = max(1, page // _SLIDING)
    else:
        together = max(dense, sparse, -(-layers // 2))
        page = together * (_DENSE + _DENSE_INDEX + _SPARSE)
    groups = [Group(1, _BLOCK), Group(-(-layers // together), _SLIDING_BLOCK, fixed=1, most=window - 1 + ahead)]
    for there, state, (block, span) in (
        (dense, _DENSE_STATE + _DENSE_INDEX, _DENSE_KEPT),
        (sparse, _SPARSE_STATE, _SPARSE_KEPT),
    ):
        tables = -(-there * state // page)
        groups += [Group(tables, block, fixed=1, most=span - 1 + ahead)] if tables else []
    return Plan(_BLOCK, max(1, page), tuple(groups), engine.kv.blocks)
