"""The KV cache: bytes of a block, blocks of a request, how many requests of a length fit.

Source: vLLM 0.19, v1/core/kv_cache_utils.py (`get_kv_cache_groups`, `get_max_concurrency_for_kv_cache_config`) and
v1/kv_cache_interface.py; the V0 core from vLLM 0.7, worker/cache_engine.py.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

from trimtab.estimate.engine import Engine
from trimtab.estimate.model import known_shape
from trimtab.estimate.shape import Cache, Keep
from trimtab.fleet import Model

_V0_LATENT_STEP = 128
"""V0 pads MLA's latent vector to a multiple of this: 576 becomes 640 (seen: 78,084 bytes a token for DeepSeek R1)."""
_SPARSE_FP8_BYTES = 656
"""An `fp8_ds_mla` entry: 512 FP8 values, 4 scales, 64 rotary values in 16 bits (vLLM 0.33)."""
_ROW_ALIGNMENT = 1.5
"""What aligned rows and mixed precision make of a compressed entry (DeepSeek V4): between the two quoted logs, Flash on
GB10 (16.6 kB a token at 500,000) and Pro on MI300X (23.9 kB at 1,048,576; its FP8 setting saved nothing)."""
_CAPACITY_BY_CONCURRENCY = (0, 21)
"""From here on vLLM prints max_concurrency x max_model_len as the cache's tokens; before, blocks / groups x block."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Layers of one kind on one rank: how many, and what one block of one such layer takes.

    Attributes:
        cache: What it keeps.
        layers: How many.
        page_bytes: Bytes of a block of one layer; of a state the whole state.
    """

    cache: Cache
    layers: int
    page_bytes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How the cache is cut into blocks.

    Attributes:
        block_size: Tokens of a block.
        block_bytes: Bytes of one block id over the layers of a group.
        groups: (kind, number of groups) in order.
        in_flight: Tokens of one step, which a window keeps beside itself.
        even: Whether all layers keep everything: then tokens are exact arithmetic.
    """

    block_size: int
    block_bytes: int
    groups: tuple[tuple[Kind, int], ...]
    in_flight: int
    even: bool

    def blocks_of(self, tokens: int) -> int:
        """Return the blocks that one request of this length needs."""
        return sum(count * self._blocks(kind.cache, tokens) for kind, count in self.groups)

    def _blocks(self, cache: Cache, tokens: int) -> int:
        if cache.keep is Keep.STATE:
            return 1
        if cache.keep is Keep.WINDOW and cache.span:
            return -(-min(cache.span - 1 + self.in_flight, tokens) // self.block_size) + 1
        if cache.keep is Keep.CHUNK and cache.span:
            return -(-min(cache.span + self.in_flight, tokens) // self.block_size)
        return -(-tokens // (cache.every * self.block_size))


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
    caches = [cache for layer in known_shape(model).layers[start:stop] for cache in layer.caches]
    if not caches:
        return None
    counts = Counter(_kind_key(cache, engine) for cache in caches)
    kinds = [Kind(cache, count, _page(cache, engine)) for cache, count in counts.items()]
    grows = [kind for kind in kinds if kind.cache.keep is not Keep.STATE]
    if len(kinds) == 1 or engine.v0 or not grows:
        total = sum(kind.layers * kind.page_bytes for kind in kinds)
        one = replace(kinds[0] if not grows else grows[0], layers=len(caches))
        return Plan(engine.block_size, max(1, total), ((one, 1),), engine.max_num_batched_tokens, even=bool(grows))
    return _grouped(kinds, engine)


def capacity(plan: Plan, kv_bytes: float, length: int, engine: Engine) -> Capacity:
    """Return how much `kv_bytes` on one rank hold, for requests of `length` tokens."""
    blocks = max(0, math.floor(kv_bytes / plan.block_bytes))
    needed = plan.blocks_of(length)
    concurrency = blocks / needed if needed else 0.0
    count = sum(number for _, number in plan.groups)
    if plan.even or engine.version < _CAPACITY_BY_CONCURRENCY:
        tokens = float(blocks // count * plan.block_size)
    else:
        tokens = float(int(concurrency * length))
    if plan.even:
        concurrency = tokens / length
    return Capacity(tokens * engine.dp, concurrency * engine.dp)


def longest(plan: Plan, kv_bytes: float, most: int) -> int:
    """Return the longest request that fits, up to `most` tokens."""
    blocks = max(0, math.floor(kv_bytes / plan.block_bytes))
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if plan.blocks_of(middle) <= blocks else (low, middle - 1)
    return low


@dataclass(frozen=True, slots=True)
class Reads:
    """What a decode step reads of the cache on one rank for one request.

    Attributes:
        fixed_bytes: States, read and written whatever the length.
        spans: (bytes of a token, most tokens; 0 for no bound) of layers that are alike.
    """

    fixed_bytes: float
    spans: tuple[tuple[float, int], ...]

    def bytes_at(self, tokens: float) -> float:
        """Return the bytes for a request that is `tokens` long."""
        return self.fixed_bytes + sum(each * (min(tokens, most) if most else tokens) for each, most in self.spans)


@lru_cache(maxsize=512)
def reads_of(model: Model, engine: Engine) -> Reads:
    """Return what decoding reads of the cache.

    Raises:
        ConfigError: The model's shape is unknown.
    """
    caches = Counter(cache for layer in known_shape(model).layers for cache in layer.caches)
    fixed, spans = 0.0, []
    for cache, count in caches.items():
        size = count * _page(cache, engine) / engine.pp
        if cache.keep is Keep.STATE:
            fixed += 2 * size
        else:
            spans.append((size / engine.block_size / cache.every, cache.span))
    return Reads(fixed, tuple(spans))


def _kind_key(cache: Cache, engine: Engine) -> Cache:
    """Return what makes two layers' caches one kind; V0 keeps windows and chunks whole."""
    whole = engine.v0 and cache.keep in {Keep.WINDOW, Keep.CHUNK}
    return replace(cache, keep=Keep.FULL, span=0) if whole else cache


def _page(cache: Cache, engine: Engine) -> int:
    """Return the bytes of one block of one layer on one rank."""
    if cache.keep is Keep.STATE:
        return sum(-(-elements // engine.tp) * (size or engine.dtype_bytes) for elements, size in cache.states)
    if cache.keep is Keep.LATENT:
        width = -(-cache.head_dim // _V0_LATENT_STEP) * _V0_LATENT_STEP if engine.v0 else cache.head_dim
        each = width * engine.kv_bytes
        if cache.every > 1:
            each = width * 2 * _ROW_ALIGNMENT
        elif cache.extra_bytes and engine.kv_bytes == 1:
            each = _SPARSE_FP8_BYTES
    else:
        heads = max(1, -(-cache.kv_heads // engine.tp))
        each = heads * (cache.head_dim + cache.value_dim) * engine.kv_bytes
    return math.ceil(engine.block_size * (each + cache.extra_bytes))


def _grouped(kinds: list[Kind], engine: Engine) -> Plan:
    """Cut layers of several kinds into groups of equal size that share one pool of blocks."""
    block, kinds = _one_page(kinds, engine)
    fewest, most = min(kind.layers for kind in kinds), max(kind.layers for kind in kinds)
    size = most if most < 1.5 * fewest else fewest  # vLLM's own threshold
    groups = tuple((kind, -(-kind.layers // size)) for kind in kinds)
    page = max(kind.page_bytes for kind in kinds)
    return Plan(block, size * page, groups, engine.max_num_batched_tokens, even=False)


def _one_page(kinds: list[Kind], engine: Engine) -> tuple[int, list[Kind]]:
    """Bring all kinds to one page size: the block grows until an attention page holds a state; others are padded."""
    grows = [kind.page_bytes for kind in kinds if kind.cache.keep is not Keep.STATE]
    states = [kind.page_bytes for kind in kinds if kind.cache.keep is Keep.STATE]
    block = engine.block_size
    if states and max(states) > max(grows):
        block *= -(-max(states) // max(grows))
    page = max(grows) * block // engine.block_size
    return block, [replace(kind, page_bytes=page) for kind in kinds]
