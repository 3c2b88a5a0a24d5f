"""Zamba 2: Mamba layers, some of which first pass through attention and a feed-forward that they share.

Source: vLLM 0.33, zamba2.py; Transformers 5.23, modeling_zamba2.py.
"""

from __future__ import annotations

from dataclasses import replace

from trimtab.estimate.config import MOST_LAYERS, Keys
from trimtab.estimate.mamba import mamba_layer
from trimtab.estimate.shape import Cache, Keep, Layer, Split, Weight, linear, small
from trimtab.estimate.sizes import hidden_of, layers_of


def zamba_layers(keys: Keys) -> tuple[Layer, ...]:
    """Return the layers; a shared block is counted where it is first used, its cache wherever it is used.

    Raises:
        ConfigError: A size is missing or out of bounds.
    """
    hidden = hidden_of(keys)
    plain = mamba_layer(keys)
    plain = replace(plain, weights=(*plain.weights, small("norms", hidden)))
    kinds, numbers = keys.layer_list("layers_block_type"), keys.layer_list("hybrid_layer_ids")
    blocks = keys.integer("num_mem_blocks", default=1, least=1)
    layers, used = [], 0
    for index in range(layers_of(keys, MOST_LAYERS)):
        shares = kinds[index] == "hybrid" if index < len(kinds) else index in numbers
        layers.append(_sharing(keys, plain, first=used < blocks) if shares else plain)
        used += shares
    return tuple(layers)


def _sharing(keys: Keys, plain: Layer, *, first: bool) -> Layer:
    """A Mamba layer with its way into a shared block, and the block itself where it is the first to use it."""
    hidden, heads = hidden_of(keys), keys.integer("num_attention_heads", least=1)
    wide = keys.integer("attention_hidden_size", default=2 * hidden, least=1)
    dim = keys.integer("attention_head_dim", default=max(1, wide // heads), least=1)
    kv_heads = keys.integer("num_key_value_heads", default=heads, least=1)
    inner = keys.integer("intermediate_size", default=4 * hidden, least=1)
    rank = keys.integer("adapter_rank", default=128, least=1)
    weights = [
        linear("linear", hidden, hidden, Split.NONE),
        linear("gate_up_adapter.0", rank, hidden, Split.NONE),
        Weight("gate_up_adapter.1", ((inner, 1),) * 2, rank, Split.OUT),
    ]
    parts = ((heads, dim), (kv_heads, dim), (kv_heads, dim))
    if keys.flag("use_shared_attention_adapter"):
        weights.append(linear("qkv_adapter.0", 3 * rank, wide, Split.NONE))
        weights.append(Weight("qkv_adapter.1", parts, rank, Split.OUT))
    if first:
        weights += [
            Weight("self_attn.q_proj", parts, wide, Split.OUT),
            linear("self_attn.o_proj", hidden, heads * dim, Split.IN),
            Weight("feed_forward.gate_up_proj", ((inner, 1),) * 2, hidden, Split.OUT),
            linear("feed_forward.down_proj", hidden, inner, Split.IN),
            small("shared_norms", wide + hidden),
        ]
    cache = Cache(Keep.FULL, kv_heads, dim, dim)
    return Layer((*plain.weights, *weights), (*plain.caches, cache), heads)
