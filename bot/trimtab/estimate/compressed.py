"""DeepSeek V4's attention: one shared key-value head, a window, and entries that stand for 4 or 128 tokens."""

from __future__ import annotations

from trimtab.estimate.config import Keys
from trimtab.estimate.latent import INDEX_BYTES, index_weights
from trimtab.estimate.shape import Cache, Keep, Layer, Split, Weight, linear, small

_DENSE_RATIO = 4
"""Layers that compress by this or less also choose entries by an index."""


def compressed_layer(keys: Keys, index: int) -> Layer:
    """Return layer `index`'s attention.

    Raises:
        ConfigError: A size is missing or out of bounds.
    """
    hidden = keys.integer("hidden_size", least=1)
    heads, dim = keys.integer("num_attention_heads", least=1), keys.integer("head_dim", least=1)
    rank = keys.integer("q_lora_rank", least=1)
    groups, out_rank = keys.integer("o_groups", default=1, least=1), keys.integer("o_lora_rank", default=0)
    ratio = _ratio(keys, index)
    weights = [
        linear("self_attn.q_a_proj", rank + dim, hidden, Split.NONE),
        Weight("self_attn.q_b_proj", ((heads, dim),), rank, Split.OUT),
        Weight("self_attn.o_a_proj", ((groups, out_rank),), heads * dim // groups, Split.OUT),
        linear("self_attn.o_b_proj", hidden, groups * out_rank, Split.IN),
        small("self_attn.q_a_norm", rank + dim + heads),
        *_hyper_connections(keys, hidden),
    ]
    caches = [Cache(Keep.WINDOW, 1, dim, 0, keys.integer("sliding_window", default=128))]
    if ratio:
        chooses = ratio <= _DENSE_RATIO
        weights.append(linear("self_attn.compressor.wkv", 4 * dim if chooses else 2 * dim, hidden, Split.NONE))
        caches.append(Cache(Keep.LATENT, 1, dim, 0, 0, INDEX_BYTES if chooses else 0, every=max(1, ratio)))
        if chooses:
            weights += _chooser(keys, hidden, rank)
    return Layer(tuple(weights), tuple(caches), heads)


def _ratio(keys: Keys, index: int) -> int:
    """Return how many tokens one entry of layer `index` stands for; 0 where the layer keeps its window alone."""
    rates, kinds = keys.within("compress_rates"), keys.layer_list("layer_types")
    if rates.tree and index < len(kinds):
        return rates.integer(str(kinds[index]), default=0, most=1_000_000)
    ratios = [ratio for ratio in keys.layer_list("compress_ratios") if isinstance(ratio, int)]
    return ratios[index] if index < len(ratios) else 0


def _chooser(keys: Keys, hidden: int, rank: int) -> tuple[Weight, ...]:
    """The index over compressed entries, which compresses its own keys as well."""
    if not keys.has("index_n_heads"):
        return ()
    queries, _, scores, _ = index_weights(keys, hidden, rank)
    dim = keys.integer("index_head_dim", least=1)
    return (queries, linear("self_attn.indexer.compressor.wkv", 4 * dim, hidden, Split.NONE), scores)


def _hyper_connections(keys: Keys, hidden: int) -> tuple[Weight, ...]:
    """What mixes the residual streams around attention and feed-forward, in FP32 (Transformers 5.23, deepseek_v4)."""
    streams = keys.integer("hc_mult", default=0, most=64)
    if not streams:
        return ()
    return (small("hyper_connections", 2 * (2 + streams) * streams * (streams * hidden + 1), bytes_each=4),)
