"""Mamba layers, version 1 (Jamba, Falcon Mamba) and 2 (Bamba, Granite 4, Nemotron-H)."""

from __future__ import annotations

from trimtab.estimate.config import Keys
from trimtab.estimate.mixers import state_bytes
from trimtab.estimate.shape import Cache, Keep, Layer, Split, Weight, linear, small
from trimtab.estimate.sizes import hidden_of

_HEADS = ("mamba_num_heads", "mamba_n_heads", "n_mamba_heads")


def mamba_layer(keys: Keys) -> Layer:
    """Return a Mamba layer: version 2 where heads are named, version 1 otherwise.

    Raises:
        ConfigError: A size is missing or out of bounds.
    """
    if keys.has(*_HEADS) or keys.text("model_type") == "mamba2":
        return _mamba2(keys)
    return _mamba1(keys)


def _mamba2(keys: Keys) -> Layer:
    hidden = hidden_of(keys)
    heads = keys.integer(*_HEADS, "num_heads", least=1)
    dim = keys.integer("mamba_head_dim", "mamba_d_head", "mamba_headdim", "head_dim", least=1)
    groups = keys.integer("n_groups", "mamba_n_groups", "mamba_ngroups", default=1, least=1)
    state = keys.integer("ssm_state_size", "mamba_d_state", "state_size", default=128, least=1)
    kernel = keys.integer("conv_kernel", "mamba_d_conv", default=4, least=1)
    inner = heads * dim
    norm = inner if keys.flag("mamba_rms_norm", default=True) else 0
    channels = inner + 2 * groups * state
    weights = (
        Weight("mixer.in_proj", ((heads, 2 * dim), (groups, 2 * state), (heads, 1)), hidden, Split.OUT),
        linear("mixer.out_proj", hidden, inner, Split.IN),
        small("mixer.conv1d", channels * (kernel + 1), Split.OUT),
        small("mixer.norm", norm + 2 * heads, Split.OUT),
        small("mixer.A", heads, Split.OUT, 4),
    )
    return Layer(
        weights, (Cache(Keep.STATE, states=((channels * (kernel - 1), 0), (inner * state, state_bytes(keys)))),), heads
    )


def _mamba1(keys: Keys) -> Layer:
    hidden = hidden_of(keys)
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
        small("mamba.A_log", inner * state, Split.OUT, 4),
        small("mamba.D", inner, Split.OUT),
        small("mamba.norms", rank + 2 * state if keys.text("model_type") == "jamba" else 0),
    )
    return Layer(weights, (Cache(Keep.STATE, states=((inner * (kernel - 1), 0), (inner * state, 0))),))
