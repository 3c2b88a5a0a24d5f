"""Multi-head latent attention: DeepSeek V2 and V3, Kimi, GLM 5, MiniCPM 3; the latent vector is on every rank."""

from __future__ import annotations

from trimtab.estimate.config import Keys
from trimtab.estimate.shape import Cache, Keep, Layer, Split, Weight, linear, small

INDEX_BYTES = 132
"""Sparse-attention index for each token and layer: 128 FP8 values and a scale (vLLM 0.33, DeepseekV32IndexerCache)."""


def latent_layer(keys: Keys) -> Layer:
    """Return the layer; every layer of a model is alike.

    Raises:
        ConfigError: A size is missing or out of bounds.
    """
    hidden = keys.integer("hidden_size", least=1)
    heads = keys.integer("num_attention_heads", least=1)
    latent = keys.integer("kv_lora_rank", least=1)
    nope, rope = keys.integer("qk_nope_head_dim", least=1), keys.integer("qk_rope_head_dim", default=0)
    value = keys.integer("v_head_dim", default=hidden // heads, least=1)
    query_rank = keys.integer("q_lora_rank", default=0)
    query = Weight("self_attn.q_proj", ((heads, nope + rope),), hidden, Split.OUT)
    down = linear("self_attn.kv_a_proj_with_mqa", latent + rope, hidden, Split.NONE)
    weights = [query, down]
    if query_rank:
        down = linear("self_attn.q_a_proj", query_rank + latent + rope, hidden, Split.NONE)
        weights = [down, Weight("self_attn.q_b_proj", ((heads, nope + rope),), query_rank, Split.OUT)]
    weights += [
        Weight("self_attn.kv_b_proj", ((heads, nope + value),), latent, Split.OUT),
        linear("self_attn.o_proj", hidden, heads * value, Split.IN),
        small("self_attn.kv_a_layernorm", latent + query_rank),
        *index_weights(keys, hidden, query_rank),
    ]
    if keys.text("model_type") == "hy_v4":
        weights.append(Weight("self_attn.gate_proj", ((heads, value),), hidden, Split.OUT))
    if keys.text("model_type") == "minicpm3":
        return Layer(tuple(weights), (Cache(Keep.FULL, heads, nope + rope, nope + rope),), heads)
    extra = INDEX_BYTES if keys.has("index_n_heads") else 0
    return Layer(tuple(weights), (Cache(Keep.LATENT, 1, latent + rope, 0, 0, extra),), heads)


def index_weights(keys: Keys, hidden: int, query_rank: int) -> tuple[Weight, ...]:
    """Return the selector of sparse attention (DeepSeek V3.2, GLM 5), on every rank.

    Layers that share an earlier one's choice (`indexer_types`) have it too: a log of GLM 5.2 shows it.
    """
    if not keys.has("index_n_heads"):
        return ()
    heads, dim = keys.integer("index_n_heads", least=1), keys.integer("index_head_dim", least=1)
    return (
        linear("self_attn.indexer.wq_b", heads * dim, query_rank or hidden, Split.NONE),
        linear("self_attn.indexer.wk", dim, hidden, Split.NONE),
        Weight("self_attn.indexer.weights_proj", ((heads, 1),), hidden, Split.NONE, plain=True),
        small("self_attn.indexer.k_norm", 2 * dim),
    )
