"""Layers that keep a state of fixed size instead of keys and values: Mamba, gated delta net, Kimi delta attention."""

from __future__ import annotations

from trimtab.estimate.config import Keys
from trimtab.estimate.shape import Cache, Keep, Layer, Split, Weight, linear, small

_STATE_BYTES = {"float32": 4, "float": 4, "bfloat16": 2, "float16": 2}


def mamba_layer(keys: Keys) -> Layer:
    """Return a Mamba layer: version 2 where heads are named, version 1 (Jamba) otherwise."""
    if keys.has("mamba_num_heads", "mamba_n_heads"):
        return _mamba2(keys)
    return _mamba1(keys)


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
    state = (heads * key_dim * dim, _state_bytes(keys))
    return Layer(weights, (Cache(Keep.STATE, states=((channels * (kernel - 1), 0), state)),), heads)


def kimi_delta_layer(keys: Keys) -> Layer:
    """Return a Kimi delta attention layer (Kimi Linear, Kimi K3)."""
    hidden = keys.integer("hidden_size", least=1)
    own = keys.within("linear_attn_config")
    heads, dim = own.integer("num_heads", least=1), own.integer("head_dim", least=1)
    kernel = own.integer("short_conv_kernel_size", default=4, least=1)
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
    )
    return Layer(weights, (Cache(Keep.STATE, states=((3 * wide * (kernel - 1), 0), (heads * dim * dim, 4))),), heads)


def _gate(hidden: int, heads: int, dim: int, rank: int) -> tuple[Weight, ...]:
    if rank != dim:
        return (Weight("self_attn.g_proj", ((heads, dim),), hidden, Split.OUT),)
    down = linear("self_attn.g_a_proj", dim, hidden, Split.NONE)
    return (down, Weight("self_attn.g_b_proj", ((heads, dim),), dim, Split.OUT))


def _mamba2(keys: Keys) -> Layer:
    hidden = keys.integer("hidden_size", least=1)
    heads = keys.integer("mamba_num_heads", "mamba_n_heads", least=1)
    dim = keys.integer("mamba_head_dim", "mamba_d_head", least=1)
    groups = keys.integer("n_groups", "mamba_n_groups", default=1, least=1)
    state = keys.integer("ssm_state_size", "mamba_d_state", default=128, least=1)
    kernel = keys.integer("conv_kernel", "mamba_d_conv", default=4, least=1)
    inner = heads * dim
    channels = inner + 2 * groups * state
    weights = (
        Weight("mixer.in_proj", ((heads, 2 * dim), (groups, 2 * state), (heads, 1)), hidden, Split.OUT),
        linear("mixer.out_proj", hidden, inner, Split.IN),
        small("mixer.conv1d", channels * (kernel + 1), Split.OUT),
        small("mixer.norm", inner + 3 * heads, Split.OUT),
    )
    return Layer(
        weights, (Cache(Keep.STATE, states=((channels * (kernel - 1), 0), (inner * state, _state_bytes(keys)))),), heads
    )


def _mamba1(keys: Keys) -> Layer:
    hidden = keys.integer("hidden_size", least=1)
    inner = hidden * keys.integer("mamba_expand", "expand", default=2, least=1)
    state = keys.integer("mamba_d_state", "state_size", default=16, least=1)
    kernel = keys.integer("mamba_d_conv", "conv_kernel", default=4, least=1)
    rank = keys.integer("mamba_dt_rank", "time_step_rank", default=(hidden + 15) // 16, least=1)
    weights = (
        linear("mamba.in_proj", 2 * inner, hidden),
        linear("mamba.x_proj", rank + 2 * state, inner, Split.IN),
        linear("mamba.dt_proj", inner, rank, bias=True),
        linear("mamba.out_proj", hidden, inner, Split.IN),
        small("mamba.conv1d", inner * (kernel + 1), Split.OUT),
        small("mamba.A_log", inner * (state + 1), Split.OUT, 4),
    )
    return Layer(weights, (Cache(Keep.STATE, states=((inner * (kernel - 1), 0), (inner * state, 0))),))


def _state_bytes(keys: Keys) -> int:
    """Return the bytes of a state's element; 0 means the model's own type."""
    return _STATE_BYTES.get(keys.text("mamba_ssm_dtype", "mamba_ssm_cache_dtype"), 0)
