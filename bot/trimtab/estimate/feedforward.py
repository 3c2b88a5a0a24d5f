"""Feed-forward layers from a configuration: dense, routed experts, shared experts."""

from __future__ import annotations

from dataclasses import replace

from trimtab.estimate.config import Keys
from trimtab.estimate.experts import has_experts, moe_of, shared_size
from trimtab.estimate.shape import Moe, Role, Split, Weight, linear, small
from trimtab.estimate.sizes import hidden_of
from trimtab.estimate.traits import traits_of

__all__ = ["dense", "dense_size", "feeding", "has_experts", "moe_of", "routed"]

_MLP_BIAS = ("mlp_bias", "use_mlp_bias", "add_bias_linear", "enable_bias", "use_bias", "bias")
_SIZES = (
    "intermediate_size_mlp", "dense_intermediate_size", "intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size",
    "hidden_dim", "decoder_ffn_dim", "block_ff_dim",
)  # fmt: skip
_BOTH = {"granitemoehybrid", "granitemoeshared"}
"""Model types whose shared expert is all that a layer without routed experts has."""


def dense_size(keys: Keys, index: int = 0) -> int:
    """Return the intermediate size of layer `index` where it is dense."""
    names = ("shared_intermediate_size", *_SIZES) if keys.text("model_type") in _BOTH else _SIZES
    size = keys.layer_integer(index, *names, default=0)
    if not size:
        size = hidden_of(keys) * keys.integer("expansion_ratio", default=4, most=100)
    return _adjusted(keys, size)


def _adjusted(keys: Keys, size: int) -> int:
    """Return an intermediate size as the engine makes it of the configuration's.

    Source: vLLM 0.33, lfm2.py `Lfm2MLP` (two thirds, rounded up) and qwen.py `QWenMLP` (half).
    """
    model_type = keys.text("model_type")
    if model_type == "qwen":
        return size // 2
    if model_type != "lfm2" or not keys.flag("block_auto_adjust_ff_dim", default=True):
        return size
    factor, step = (
        keys.number("block_ffn_dim_multiplier", default=1.0, most=100),
        keys.integer("block_multiple_of", default=256, least=1),
    )
    return -(-int(int(2 * size / 3) * factor) // step) * step


def feeding(keys: Keys, index: int, moe: Moe | None, name: str = "mlp") -> tuple[Weight, ...]:
    """Return the feed-forward part of layer `index`: with experts where `moe` is given, dense otherwise."""
    size = dense_size(keys, index)
    if keys.flag("use_double_wide_mlp") and keys.integer("num_kv_shared_layers", default=0):
        shared = index >= keys.integer("num_hidden_layers", least=1) - keys.integer("num_kv_shared_layers", default=0)
        size *= 2 if shared else 1
    if moe is None:
        return dense(keys, size, name)
    both = dense(keys, size, name) if _is_both(keys) else ()
    return (*both, *routed(keys, moe, name))


def _is_both(keys: Keys) -> bool:
    """Whether a layer with experts has a dense feed-forward beside them (Gemma 4, Arctic)."""
    return keys.flag("enable_moe_block", "parallel_attn_mlp_res", default=keys.text("model_type").startswith("gemma4"))


def dense(keys: Keys, size: int, name: str = "mlp") -> tuple[Weight, ...]:
    """Return the matrices of a dense feed-forward layer of intermediate size `size`."""
    hidden, traits = hidden_of(keys), traits_of(keys.text("model_type"))
    bias = keys.flag(*_MLP_BIAS, default=traits.mlp_bias)
    parts = 2 if traits.gated and not _is_relu2(keys) else 1
    return (
        Weight(f"{name}.gate_proj", ((size, 1),) * parts, hidden, Split.OUT, bias=bias),
        linear(f"{name}.down_proj", hidden, size, Split.IN, bias=bias),
    )


def routed(keys: Keys, moe: Moe, name: str = "mlp") -> tuple[Weight, ...]:
    """Return router, routed experts, shared experts and what stands between them.

    Gemma 4 names its experts beside the dense part, not within (transformers 5.2, modeling_gemma4.py), and quantised
    repacks of it leave `mlp*` plain.
    """
    hidden = hidden_of(keys)
    bias = keys.text("model_type") == "gpt_oss"
    parts = 1 if _is_relu2(keys) else 2
    wide = ((moe.intermediate, 1),) * parts
    home = "experts" if keys.text("model_type").startswith("gemma4") else f"{name}.experts"
    first, last = f"{home}.0.gate_proj", f"{home}.0.down_proj"
    experts = (
        Weight(first, wide, moe.hidden, Split.EXPERT, Role.EXPERT, moe.experts, bias),
        Weight(last, ((moe.hidden, 1),), moe.intermediate, Split.EXPERT, Role.EXPERT, moe.experts, bias),
    )
    answers = moe.experts + keys.integer("zero_expert_num", default=0)
    router = Weight(f"{name}.gate", ((answers, 1),), hidden, Split.NONE, bias=bias, plain=True)
    latent: tuple[Weight, ...] = ()
    if moe.hidden != hidden:
        latent = (
            linear(f"{name}.fc1_latent_proj", moe.hidden, hidden, Split.NONE),
            linear(f"{name}.fc2_latent_proj", hidden, moe.hidden, Split.NONE),
        )
    return (router, *experts, *_shared(keys, moe, name), *latent, *_beside(keys, moe, name))


def _beside(keys: Keys, moe: Moe, name: str) -> tuple[Weight, ...]:
    """Gemma 4: norms, the router's scale and one for each expert; Ernie 4.5 VL: experts of their own for images."""
    if keys.text("model_type").startswith("gemma4"):
        return (small(f"{name}.norms", 4 * hidden_of(keys) + moe.experts),)
    if keys.text("model_type").startswith("ernie4_5") and keys.items("moe_intermediate_size"):
        size = keys.layer_integer(1, "moe_intermediate_size", default=1, least=1)
        seen = replace(
            moe, intermediate=size, experts=keys.layer_integer(1, "moe_num_experts", default=moe.experts, least=1)
        )
        return routed(Keys({"hidden_size": hidden_of(keys)}), seen, f"{name}.vision_moe")
    return ()


def _shared(keys: Keys, moe: Moe, name: str) -> tuple[Weight, ...]:
    """The experts that every token passes through."""
    size = shared_size(keys, moe)
    if not size:
        return ()
    gate = (
        (small(f"{name}.shared_expert_gate", hidden_of(keys)),) if keys.has("shared_expert_intermediate_size") else ()
    )
    return (*dense(keys, size, f"{name}.shared_experts"), *gate)


def _is_relu2(keys: Keys) -> bool:
    """Whether the feed-forward is a squared ReLU without a gate (Nemotron; BitNet has one all the same)."""
    return keys.text("mlp_hidden_act", "hidden_act") == "relu2" and keys.text("model_type") != "bitnet"
