"""The KV cache: how many tokens and requests of a length a cache holds, in each engine's own way of counting."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from trimtab.estimate.engine import Engine
from trimtab.estimate.kv_compressed import compressed
from trimtab.estimate.kv_groups import Kind, grouped
from trimtab.estimate.kv_pages import as_managed, token_bytes
from trimtab.estimate.kv_plan import Group, Plan
from trimtab.estimate.model import known_shape
from trimtab.estimate.shape import Cache, Keep
from trimtab.fleet import Model

_BLOCK = 16
_BLOCKS_OF_OTHERS = {"sglang": 1, "tgi": 1, "llama.cpp": 1, "ollama": 1, "tensorrt-llm": 32}
_SGLANG_WINDOW, _SGLANG_STATES = 0.8, 0.9
"""SGLang's pools: of windows 0.8 of the tokens of the whole layers, of states 0.9 of the bytes of attention (SGLang
0.5.9, server_args.py `swa_full_tokens_ratio`, `mamba_full_memory_ratio`)."""
_BY_BLOCKS = (0, 9)
"""From here on vLLM counts requests by whole blocks (`get_max_concurrency_for_kv_cache_config`)."""
_BY_REQUESTS = (0, 20, 2)
"""From here on vLLM prints requests x longest request as the cache's tokens; before, blocks / groups x block size."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a cache of some size holds.

    Attributes:
        tokens: As the engine would print it.
        concurrency: Requests of the given length at once.
    """

    tokens: float
    concurrency: float


@lru_cache(maxsize=512)
def plan_of(model: Model, engine: Engine, start: int, stop: int) -> Plan | None:
    """Return the plan for the layers from `start` to `stop`; None where nothing is kept (an encoder).

    Raises:
        ConfigError: The model's shape is unknown.
    """
    shape = known_shape(model)
    caches = [cache for layer in shape.layers[start:stop] for cache in layer.caches]
    if not caches:
        return None
    if any(cache.every > 1 for cache in caches):
        return compressed(caches, engine)
    if engine.v0 or engine.name != "vllm":
        return _tokenwise(caches, engine)
    counts = Counter(as_managed(cache, engine) for cache in caches)
    return grouped([Kind(cache, count) for cache, count in counts.items()], engine, shape.model_type)


def capacity(plan: Plan, kv_bytes: float, length: int, engine: Engine) -> Capacity:
    """Return how much `kv_bytes` on one rank hold, for requests of `length` tokens."""
    blocks, needed = plan.blocks_in(kv_bytes), plan.blocks_of(length)
    concurrency = blocks / needed if needed else 0.0
    tokens = float(blocks // plan.tables * plan.block_size * engine.cp)
    if engine.name != "vllm" or engine.version < _BY_BLOCKS:
        concurrency = tokens / length
    elif (*engine.version, engine.patch) >= _BY_REQUESTS or not plan.block_size:
        tokens = float(int(concurrency * length))
    return Capacity(tokens * engine.dp, concurrency * engine.dp)


def longest(plan: Plan, kv_bytes: float, most: int) -> int:
    """Return the longest request that fits, up to `most` tokens."""
    blocks = plan.blocks_in(kv_bytes)
    low, high = (most if plan.blocks_of(most) <= blocks else 0), most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if plan.blocks_of(middle) <= blocks else (low, middle - 1)
    return low


def _tokenwise(caches: Sequence[Cache], engine: Engine) -> Plan:
    """Return the plan of engines that give every layer the same tokens; states lie beside the blocks."""
    window = _SGLANG_WINDOW if engine.name == "sglang" else 1.0
    grows = [cache for cache in caches if cache.keep is not Keep.STATE]
    each = sum(token_bytes(cache, engine) * (window if cache.keep is Keep.WINDOW else 1.0) for cache in grows)
    if engine.name == "sglang" and len(grows) < len(caches):
        each *= 1 + _SGLANG_STATES
    block = engine.kv.block_size or _BLOCKS_OF_OTHERS.get(engine.name, _BLOCK)
    return Plan(block, max(1, math.ceil(block * each)), (Group(1, block, ranks=engine.cp),), engine.kv.blocks)
