"""Attention layers from a configuration: multi-head, grouped, latent (MLA), windowed, compressed."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.config import Keys
from trimtab.estimate.shape import Cache, Keep, Layer, Split, Weight, linear, small

_BIASED = {"qwen2", "qwen2_moe", "qwen2_vl", "qwen2_5_vl", "qwen2_vl_text", "qwen2_5_vl_text", "opt", "phi", "gpt2"}
"""Model types whose query, key and value have a bias that no key of the configuration names (Transformers 4.57)."""
_UNWINDOWED = {"qwen2", "qwen3", "qwen2_moe", "qwen3_moe", "mimo"}
"""Model types that name a window and use it only with `use_sliding_window`."""
INDEX_BYTES = 132
"""Sparse-attention index for each token and layer: 128 FP8 values and a scale (vLLM 0.33, DeepseekV32IndexerCache)."""


@dataclass(frozen=True, slots=True)
class Heads:
    """Sizes of one attention layer."""

    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int


def attention_layer(keys: Keys, index: int, *, windowed: bool, chunked: bool = False) -> Layer:
    """Return layer `index`'s attention.

    Raises:
        ConfigError: A size is missing or out of bounds.
    """
    if keys.has("compress_ratios"):
        return _compressed(keys, index)
    if keys.has("kv_lora_rank"):
        return _latent(keys, index)
    return _grouped(keys, windowed=windowed, chunked=chunked)


def head_sizes(keys: Keys, *, windowed: bool = False) -> Heads:
    """Return the sizes of an attention layer; windowed layers of some models have their own."""
    hidden = keys.integer("hidden_size", "n_embd", "d_model", least=1)
    heads = keys.integer("num_attention_heads", "n_head", "num_heads", least=1)
    kv_heads = keys.integer("num_key_value_heads", "num_kv_heads", "multi_query_group_num", default=heads, least=1)
    dim = keys.integer("head_dim", "attention_head_dim", default=max(1, hidden // heads), least=1)
    value = keys.integer("v_head_dim", default=dim, least=1)
    if keys.text("model_type").startswith("gemma4") and not windowed:
        dim = value = keys.integer("global_head_dim", default=dim, least=1)
        kv_heads = keys.integer("num_global_key_value_heads", default=kv_heads, least=1)
    if windowed and keys.has("swa_num_attention_heads"):
        heads = keys.integer("swa_num_attention_heads", least=1)
        kv_heads = keys.integer("swa_num_key_value_heads", default=kv_heads, least=1)
        dim = keys.integer("swa_head_dim", default=dim, least=1)
        value = keys.integer("swa_v_head_dim", default=value, least=1)
    return Heads(heads, kv_heads, dim, value)


def window(keys: Keys) -> int:
    """Return the tokens of the sliding window, 0 where no layer slides."""
    unused = keys.text("model_type") in _UNWINDOWED and not keys.flag("use_sliding_window")
    return 0 if unused else keys.integer("sliding_window", "sliding_window_size", default=0)


def _grouped(keys: Keys, *, windowed: bool, chunked: bool) -> Layer:
    size = head_sizes(keys, windowed=windowed)
    hidden = keys.integer("hidden_size", "n_embd", "d_model", least=1)
    model_type = keys.text("model_type")
    bias = keys.flag("attention_bias", "qkv_bias", default=model_type in _BIASED)
    gate = 2 if keys.flag("attn_output_gate", "attention_output_gate") else 1
    parts = [(size.heads * gate, size.head_dim), (size.kv_heads, size.head_dim), (size.kv_heads, size.value_dim)]
    qkv = Weight("self_attn.q_proj", tuple(parts), hidden, Split.OUT, bias=bias)
    out = linear("self_attn.o_proj", hidden, size.heads * size.value_dim, Split.IN, bias=bias and _out_bias(keys))
    norms = small("self_attn.q_norm", 2 * size.head_dim)
    keep = Keep.CHUNK if chunked else Keep.WINDOW if windowed else Keep.FULL
    span = keys.integer("attention_chunk_size", default=0) if chunked else window(keys) if windowed else 0
    extra = _block_index_bytes(keys)
    return Layer(
        (qkv, out, norms), (Cache(keep, size.kv_heads, size.head_dim, size.value_dim, span, extra),), size.heads
    )


def _out_bias(keys: Keys) -> bool:
    """Whether the output projection has a bias where query, key and value have one."""
    return keys.text("model_type") not in {"qwen2", "qwen2_moe", "qwen2_vl", "qwen2_5_vl", "mimo"}


def _block_index_bytes(keys: Keys) -> int:
    """Return the bytes for each token of a block-sparse index (MiniMax M3)."""
    sparse = keys.within("sparse_attention_config")
    return 2 * sparse.integer("sparse_index_dim", default=0) if sparse.flag("use_sparse_attention") else 0


def _latent(keys: Keys, index: int) -> Layer:
    """Multi-head latent attention: DeepSeek V2 and V3, Kimi, GLM 5; the latent vector is on every rank."""
    del index
    hidden = keys.integer("hidden_size", least=1)
    heads = keys.integer("num_attention_heads", least=1)
    latent = keys.integer("kv_lora_rank", least=1)
    nope, rope = keys.integer("qk_nope_head_dim", least=1), keys.integer("qk_rope_head_dim", default=0)
    value = keys.integer("v_head_dim", least=1)
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
        *_index_weights(keys, hidden, query_rank),
    ]
    extra = INDEX_BYTES if keys.has("index_n_heads") else 0
    return Layer(tuple(weights), (Cache(Keep.LATENT, 1, latent + rope, 0, 0, extra),), heads)


def _index_weights(keys: Keys, hidden: int, query_rank: int) -> tuple[Weight, ...]:
    """The selector of sparse attention (DeepSeek V3.2, GLM 5), on every rank."""
    if not keys.has("index_n_heads"):
        return ()
    heads, dim = keys.integer("index_n_heads", least=1), keys.integer("index_head_dim", least=1)
    return (
        linear("self_attn.indexer.wq_b", heads * dim, query_rank or hidden, Split.NONE),
        linear("self_attn.indexer.wk", dim, hidden, Split.NONE),
        Weight("self_attn.indexer.weights_proj", ((heads, 1),), hidden, Split.NONE, plain=True),
    )


def _compressed(keys: Keys, index: int) -> Layer:
    """DeepSeek V4: one shared key-value head, a window, and entries that stand for 4 or 128 tokens."""
    hidden = keys.integer("hidden_size", least=1)
    heads, dim = keys.integer("num_attention_heads", least=1), keys.integer("head_dim", least=1)
    rank = keys.integer("q_lora_rank", least=1)
    groups, out_rank = keys.integer("o_groups", default=1, least=1), keys.integer("o_lora_rank", default=0)
    ratios = [ratio for ratio in keys.items("compress_ratios") if isinstance(ratio, int)]
    ratio = ratios[index] if index < len(ratios) else 0
    weights = [
        linear("self_attn.q_a_proj", rank + dim, hidden, Split.NONE),
        Weight("self_attn.q_b_proj", ((heads, dim),), rank, Split.OUT),
        Weight("self_attn.o_a_proj", ((groups, out_rank),), heads * dim // groups, Split.OUT),
        linear("self_attn.o_b_proj", hidden, groups * out_rank, Split.IN),
    ]
    caches = [Cache(Keep.WINDOW, 1, dim, 0, keys.integer("sliding_window", default=128))]
    if ratio:
        weights.append(
            linear("self_attn.compressor.wkv", 4 * dim if ratio <= _DENSE_RATIO else 2 * dim, hidden, Split.NONE)
        )
        extra = INDEX_BYTES if ratio <= _DENSE_RATIO else 0
        caches.append(Cache(Keep.LATENT, 1, dim, 0, 0, extra, every=max(1, ratio)))
        if extra:
            weights += _index_weights(keys, hidden, rank)
    return Layer(tuple(weights), tuple(caches), heads)


_DENSE_RATIO = 4
"""Layers that compress by this or less also choose entries by an index (DeepSeek V4)."""
