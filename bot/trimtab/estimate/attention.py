"""Attention layers with keys and values for every head, grouped or windowed."""

from __future__ import annotations

from trimtab.estimate.compressed import compressed_layer
from trimtab.estimate.config import Keys
from trimtab.estimate.latent import latent_layer
from trimtab.estimate.shape import Cache, Keep, Layer, Split, Weight, linear, small
from trimtab.estimate.sizes import Heads, heads_of, hidden_of
from trimtab.estimate.traits import QkNorm, Traits, traits_of

_UNWINDOWED = {
    "qwen2",
    "qwen3",
    "qwen2_moe",
    "qwen3_moe",
    "mimo",
    "qwen2_5_vl",
    "qwen2_vl",
    "qwen2_5_vl_text",
    "qwen2_vl_text",
}
"""Model types that name a window and use it only with `use_sliding_window`."""
_QKV_BIAS = ("attention_bias", "qkv_bias", "use_qkv_bias", "add_qkv_bias", "enable_bias", "use_bias", "bias")
_DOUBLED = ("qwen3_next", "qwen3_5")
"""Model types whose query projection also makes a gate for each value (vLLM 0.33, qwen3_next.py)."""
_SINKS = {"gpt_oss"}


def attention_layer(keys: Keys, index: int, *, windowed: bool, chunked: bool = False) -> Layer:
    """Return layer `index`'s attention.

    Raises:
        ConfigError: A size is missing or out of bounds.
    """
    if keys.has("compress_ratios", "compress_rates"):
        return compressed_layer(keys, index)
    if keys.has("kv_lora_rank"):
        return latent_layer(keys)
    return _grouped(keys, index, windowed=windowed, chunked=chunked)


def window(keys: Keys) -> int:
    """Return the tokens of the sliding window, 0 where no layer slides."""
    unused = keys.text("model_type") in _UNWINDOWED and not keys.flag("use_sliding_window")
    return 0 if unused else keys.integer("sliding_window", "sliding_window_size", default=0)


def _grouped(keys: Keys, index: int, *, windowed: bool, chunked: bool) -> Layer:
    size, hidden = heads_of(keys, index, windowed=windowed), hidden_of(keys)
    traits = traits_of(keys.text("model_type"))
    bias = keys.flag(*_QKV_BIAS, default=traits.qkv_bias)
    queries = (size.heads * (2 if _doubles(keys) else 1), size.head_dim)
    shared = _shares_cache(keys, index)
    parts = (queries,) if shared else (queries, (size.kv_heads, size.head_dim), (size.kv_heads, size.value_dim))
    out_bias = keys.flag("attention_out_bias", default=bias and traits.out_bias)
    weights = (
        Weight("self_attn.q_proj", parts, hidden, Split.OUT, bias=bias),
        linear("self_attn.o_proj", hidden, size.heads * size.value_dim, Split.IN, bias=out_bias),
        *_norms(keys, traits, size),
        *_gates(keys, size, hidden),
    )
    keep = Keep.CHUNK if chunked else Keep.WINDOW if windowed else Keep.FULL
    span = keys.integer("attention_chunk_size", default=0) if chunked else window(keys) if windowed else 0
    cache = Cache(keep, size.kv_heads, size.head_dim, size.value_dim, span, _block_index_bytes(keys))
    return Layer(weights, () if shared else (cache,), size.heads)


def _shares_cache(keys: Keys, index: int) -> bool:
    """Whether the layer uses an earlier one's keys and values (Gemma 3n and 4: the last layers)."""
    sharing = keys.integer("num_kv_shared_layers", default=0)
    return bool(sharing) and index >= keys.integer("num_hidden_layers", default=0) - sharing


def _norms(keys: Keys, traits: Traits, size: Heads) -> tuple[Weight, ...]:
    """What normalises queries and keys."""
    kind = traits.qk_norm
    if keys.flag("use_qk_norm", "qk_layernorm"):
        kind = QkNorm.WIDE if keys.text("model_type") in {"cohere", "stablelm", "minimax_m2"} else QkNorm.HEAD
    if kind is QkNorm.NONE:
        return ()
    if kind is QkNorm.HEAD:
        return (small("self_attn.q_norm", 2 * size.head_dim),)
    return (small("self_attn.q_norm", (size.heads + size.kv_heads) * size.head_dim, Split.OUT),)


def _doubles(keys: Keys) -> bool:
    model_type = keys.text("model_type")
    return keys.flag("attn_output_gate", "attention_output_gate", default=model_type.startswith(_DOUBLED))


def _gates(keys: Keys, size: Heads, hidden: int) -> tuple[Weight, ...]:
    """What else an attention layer has: a gate for each head or value, a sink for each head."""
    model_type = keys.text("model_type")
    if model_type in _SINKS:
        return (small("self_attn.sinks", size.heads, Split.OUT),)
    if model_type == "afmoe":
        return (Weight("self_attn.gate_proj", ((size.heads, size.head_dim),), hidden, Split.OUT),)
    if keys.flag("use_head_wise_attn_gate", "gating", default=model_type == "laguna"):
        return (Weight("self_attn.g_proj", ((size.heads, 1),), hidden, Split.OUT),)
    return ()


def _block_index_bytes(keys: Keys) -> int:
    """Return the bytes for each token of a block-sparse index (MiniMax M3)."""
    sparse = keys.within("sparse_attention_config")
    return 2 * sparse.integer("sparse_index_dim", default=0) if sparse.flag("use_sparse_attention") else 0
