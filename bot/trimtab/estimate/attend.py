"""What attention reads of the cache and computes, on one rank: pure counting, no efficiency."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from trimtab.estimate.engine import Engine
from trimtab.estimate.model import known_shape
from trimtab.estimate.shape import Cache, Keep, Layer
from trimtab.fleet import Model

_CHOSEN = 2048
"""Tokens that sparse attention chooses (`index_topk` of DeepSeek V3.2, DeepSeek V4 and GLM 5 alike)."""


@dataclass(frozen=True, slots=True)
class Span:
    """Layers whose attention looks at the same part of a request.

    Attributes:
        most: Tokens looked at at most; 0 for no bound.
        read_bytes: Read for each such token by a decode step.
        decode_ops: Operations for each such token in decoding.
        prefill_ops: Operations for each such token and each token of the prompt.
    """

    most: int
    read_bytes: float
    decode_ops: float
    prefill_ops: float

    def seen(self, tokens: float) -> float:
        """Return how many of so many tokens are looked at."""
        return min(tokens, self.most) if self.most else tokens


@dataclass(frozen=True, slots=True)
class Attending:
    """What the attention of all layers on one rank costs; a pipeline's stages have equal parts.

    Attributes:
        spans: Layers by what they look at.
        state_bytes: States that a decode step reads and writes for a request, whatever its length.
        sparse_layers: Layers that choose what they look at by an index, on all stages.
    """

    spans: tuple[Span, ...]
    state_bytes: float
    sparse_layers: int

    def read_bytes(self, tokens: float) -> float:
        """Return what a decode step reads for a request that is `tokens` long."""
        return self.state_bytes + sum(span.read_bytes * span.seen(tokens) for span in self.spans)

    def decode_ops(self, tokens: float) -> float:
        """Return the operations of a decode step for a request that is `tokens` long."""
        return sum(span.decode_ops * span.seen(tokens) for span in self.spans)

    def prefill_ops(self, fresh: float, tokens: float) -> float:
        """Return the operations of taking in the last `fresh` tokens of a prompt that is `tokens` long."""
        middle = tokens - fresh / 2
        return fresh * sum(span.prefill_ops * span.seen(middle) for span in self.spans)


@lru_cache(maxsize=512)
def attending(model: Model, engine: Engine) -> Attending:
    """Return what attention costs on one rank.

    Raises:
        ConfigError: The model's shape is unknown.
    """
    sums: dict[int, list[float]] = {}
    state, sparse = 0.0, 0
    pairs = Counter((each, cache) for each in known_shape(model).layers for cache in each.caches)
    for (layer, cache), count in pairs.items():
        if cache.keep is Keep.STATE:
            state += 2 * count * _state_bytes(cache, engine)
            continue
        sparse += count * _is_sparse(cache)
        for span in _spans(layer, cache, engine):
            total = sums.setdefault(span.most, [0.0, 0.0, 0.0])
            for place, part in enumerate((span.read_bytes, span.decode_ops, span.prefill_ops)):
                total[place] += count * part / engine.pp
    spans = tuple(Span(most, *total) for most, total in sorted(sums.items()))
    return Attending(spans, state / engine.pp, sparse)


def _state_bytes(cache: Cache, engine: Engine) -> float:
    return sum(-(-elements // engine.tp) * (size or engine.dtype_bytes) for elements, size in cache.states)


def _is_sparse(cache: Cache) -> bool:
    return cache.keep is Keep.LATENT and cache.extra_bytes > 0


def _spans(layer: Layer, cache: Cache, engine: Engine) -> list[Span]:
    """Return what one layer looks at: its cache, and the index that chooses from it."""
    heads = max(1.0, layer.heads / engine.tp)
    if cache.keep is not Keep.LATENT:
        kv_heads = max(1, -(-cache.kv_heads // engine.tp))
        width = cache.head_dim + (cache.value_dim or cache.head_dim)
        ops = 2 * heads * width / cache.every
        read = (
            kv_heads * (cache.head_dim + cache.value_dim) * engine.kv.element_bytes + cache.extra_bytes
        ) / cache.every
        return [Span(cache.span, read, ops, ops)]
    read = cache.head_dim * engine.kv.element_bytes / cache.every
    decode = 2 * heads * 2 * cache.head_dim / cache.every
    if not _is_sparse(cache):
        return [Span(cache.span, read, decode, 2 * heads * _plain_width(layer, cache) / cache.every)]
    index = 2.0 * sum(weight.rows for weight in layer.weights if weight.name.endswith("indexer.wq_b")) / cache.every
    return [Span(_CHOSEN, read, decode, decode), Span(0, cache.extra_bytes / cache.every, index, index)]


def _plain_width(layer: Layer, cache: Cache) -> int:
    """Return the sizes of a head's key and value in prefill, which takes them out of the latent vector (MLA)."""
    for weight in layer.weights:
        if weight.name.endswith("kv_b_proj"):
            return weight.out[0][1] + cache.head_dim - weight.columns
    return 2 * cache.head_dim
