"""Layers that keep a state of fixed size: gated delta net, Kimi delta, lightning attention, short convolutions."""

from __future__ import annotations

from trimtab.estimate.config import Keys
from trimtab.estimate.shape import Cache, Keep, Layer, Split, Weight, linear, small
from trimtab.estimate.sizes import heads_of, hidden_of

_STATE_BYTES = {"float32": 4, "float": 4, "bfloat16": 2, "float16": 2}


def delta_layer(keys: Keys) -> Layer:
    """Return a gated delta net layer (Qwen3-Next, Qwen3.5)."""
    hidden = keys.integer("hidden_size", least=1)
    key_heads, key_dim = keys.integer("linear_num_key_heads", least=1), keys.integer("linear_key_head_dim", least=1)
    heads, dim = keys.integer("linear_num_value_heads", least=1), keys.integer("linear_value_head_dim", least=1)
    kernel = keys.integer("linear_conv_kernel_dim", default=4, least=1)
    channels = 2 * key_heads * key_dim + heads * dim
    weights = (
        Weight("linear_attn.in_proj_qkv", ((2 * key_heads, key_dim), (heads, dim)), hidden, Split.OUT),
        Weight("linear_attn.in_proj_z", ((heads, dim),), hidden, Split.OUT),
        Weight("linear_attn.in_proj_b", ((2 * heads, 1),), hidden, Split.OUT, plain=True),
        linear("linear_attn.out_proj", hidden, heads * dim, Split.IN),
        small("linear_attn.conv1d", channels * kernel, Split.OUT),
        small("linear_attn.dt_bias", 2 * heads, Split.OUT),
        small("linear_attn.norm", dim),
    )
    state = (heads * key_dim * dim, state_bytes(keys))
    return Layer(weights, (Cache(Keep.STATE, states=((channels * (kernel - 1), 0), state)),), heads)


def kimi_delta_layer(keys: Keys) -> Layer:
    """Return a Kimi delta attention layer (Kimi Linear, Kimi K3)."""
    hidden = keys.integer("hidden_size", least=1)
    own = keys.within("linear_attn_config")
    own = own if own.tree else keys
    heads = own.integer("linear_num_heads", "num_heads", "num_attention_heads", least=1)
    dim = own.integer("linear_head_dim", "head_dim", least=1)
    kernel = own.integer("short_conv_kernel_size", "linear_conv_kernel_dim", default=4, least=1)
    wide = heads * dim
    gate_rank = wide if own.flag("use_full_rank_gate") else dim
    weights = (
        Weight("self_attn.q_proj", ((heads, dim),) * 3, hidden, Split.OUT),
        linear("self_attn.f_a_proj", dim, hidden, Split.NONE),
        Weight("self_attn.f_b_proj", ((heads, dim),), dim, Split.OUT),
        *_gate(hidden, heads, dim, gate_rank),
        Weight("self_attn.b_proj", ((heads, 1),), hidden, Split.OUT, plain=True),
        linear("self_attn.o_proj", hidden, wide, Split.IN),
        small("self_attn.q_conv1d", 3 * wide * kernel, Split.OUT),
        small("self_attn.A_log", wide + heads, Split.OUT, 4),
        small("self_attn.o_norm", dim),
    )
    return Layer(weights, (Cache(Keep.STATE, states=((3 * wide * (kernel - 1), 0), (heads * dim * dim, 4))),), heads)


def _gate(hidden: int, heads: int, dim: int, rank: int) -> tuple[Weight, ...]:
    if rank != dim:
        return (Weight("self_attn.g_proj", ((heads, dim),), hidden, Split.OUT),)
    down = linear("self_attn.g_a_proj", dim, hidden, Split.NONE)
    return (down, Weight("self_attn.g_b_proj", ((heads, dim),), dim, Split.OUT))


def lightning_layer(keys: Keys) -> Layer:
    """Return a lightning attention layer (MiniMax Text 01 and M1; vLLM 0.33, minimax_text_01.py)."""
    size, hidden = heads_of(keys), hidden_of(keys)
    wide = size.heads * size.head_dim
    weights = (
        Weight("self_attn.qkv_proj", ((size.heads, size.head_dim),) * 3, hidden, Split.OUT),
        linear("self_attn.output_gate", wide, hidden),
        linear("self_attn.out_proj", hidden, wide, Split.IN),
        small("self_attn.norm", wide, Split.OUT),
    )
    return Layer(weights, (Cache(Keep.STATE, states=((wide * size.head_dim, 4),)),), size.heads)


def conv_layer(keys: Keys) -> Layer:
    """Return a short convolution (LFM2; vLLM 0.33, layers/mamba/short_conv.py)."""
    hidden = hidden_of(keys)
    wide = keys.integer("conv_dim", default=hidden, least=1)
    kernel = keys.integer("conv_L_cache", default=3, least=1)
    weights = (
        linear("conv.in_proj", 3 * wide, hidden, bias=keys.flag("conv_bias")),
        linear("conv.out_proj", hidden, wide, Split.IN, bias=keys.flag("conv_bias")),
        small("conv.conv", wide * kernel, Split.OUT),
    )
    return Layer(weights, (Cache(Keep.STATE, states=((wide * (kernel - 1), 0),)),))


def state_bytes(keys: Keys) -> int:
    """Return the bytes of a state's element; 0 means the model's own type."""
    return _STATE_BYTES.get(keys.text("mamba_ssm_dtype", "mamba_ssm_cache_dtype"), 0)
