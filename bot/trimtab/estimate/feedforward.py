"""Feed-forward layers from a configuration: dense, routed experts, shared experts, and which layer has which."""

from __future__ import annotations

from trimtab.estimate.config import ConfigError, Keys
from trimtab.estimate.shape import Moe, Role, Split, Weight, linear, small

_UNGATED = {"opt", "phi", "gpt2", "gpt_neox", "gptj", "falcon", "bloom", "mpt", "starcoder2", "gpt_bigcode", "nemotron"}
"""Model types whose feed-forward has two matrices, not three (Transformers 4.57)."""
_BIASED = {"opt", "phi", "gpt2", "gpt_neox", "gptj", "bloom", "starcoder2", "gpt_bigcode"}


def moe_of(keys: Keys) -> Moe | None:
    """Return the routed experts, None for a dense model.

    Raises:
        ConfigError: Experts are named without their size.
    """
    experts = keys.integer("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts", default=0)
    if experts <= 1:
        return None
    chosen = keys.integer(
        "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "top_k_experts", "moe_topk", least=1
    )
    if chosen > experts:
        raise ConfigError(f"{chosen} experts are chosen of {experts}")
    size = keys.integer(
        "moe_intermediate_size", "expert_ffn_hidden_size", "ffn_hidden_size", "intermediate_size", least=1
    )
    hidden = keys.integer("moe_latent_size", "routed_expert_hidden_size", "hidden_size", least=1)
    return Moe(experts, chosen, size, hidden)


def has_experts(keys: Keys, index: int) -> bool:
    """Whether layer `index` of a mixture of experts has experts."""
    frequency = keys.items("moe_layer_freq")
    if frequency:
        return index < len(frequency) and bool(frequency[index])
    named = keys.items("moe_layers", "moe_layer_indices")
    if named:
        return index in named
    if index < keys.integer("first_k_dense_replace", default=0) or index in keys.items("mlp_only_layers"):
        return False
    if keys.has("expert_layer_period"):
        return index % keys.integer("expert_layer_period", least=1) == keys.integer("expert_layer_offset", default=0)
    step = keys.integer("decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_freq", default=1, least=1)
    return (index + 1) % step == 0


def dense_size(keys: Keys) -> int:
    """Return the intermediate size of a dense layer."""
    hidden = keys.integer("hidden_size", "n_embd", "d_model", least=1)
    names = (
        "intermediate_size_mlp",
        "dense_intermediate_size",
        "intermediate_size",
        "ffn_dim",
        "n_inner",
        "ffn_hidden_size",
    )
    return keys.integer(*names, default=4 * hidden)


def dense(keys: Keys, size: int, name: str = "mlp") -> tuple[Weight, ...]:
    """Return the matrices of a dense feed-forward layer of intermediate size `size`."""
    hidden = keys.integer("hidden_size", "n_embd", "d_model", least=1)
    model_type = keys.text("model_type")
    bias = keys.flag("mlp_bias", default=model_type in _BIASED)
    parts = 1 if model_type in _UNGATED or _is_relu2(keys) else 2
    return (
        Weight(f"{name}.gate_proj", ((size, 1),) * parts, hidden, Split.OUT, bias=bias),
        linear(f"{name}.down_proj", hidden, size, Split.IN, bias=bias),
    )


def routed(keys: Keys, moe: Moe, name: str = "mlp") -> tuple[Weight, ...]:
    """Return router, routed experts, shared experts and what stands between them."""
    hidden = keys.integer("hidden_size", least=1)
    bias = keys.text("model_type") == "gpt_oss"
    parts = 1 if _is_relu2(keys) else 2
    experts = (
        Weight(
            f"{name}.experts.0.gate_proj",
            ((moe.intermediate, 1),) * parts,
            moe.hidden,
            Split.EXPERT,
            Role.EXPERT,
            moe.experts,
            bias,
        ),
        Weight(
            f"{name}.experts.0.down_proj",
            ((moe.hidden, 1),),
            moe.intermediate,
            Split.EXPERT,
            Role.EXPERT,
            moe.experts,
            bias,
        ),
    )
    router = Weight(f"{name}.gate", ((moe.experts, 1),), hidden, Split.NONE, bias=bias, plain=True)
    latent: tuple[Weight, ...] = ()
    if moe.hidden != hidden:
        latent = (
            linear(f"{name}.fc1_latent_proj", moe.hidden, hidden, Split.NONE),
            linear(f"{name}.fc2_latent_proj", hidden, moe.hidden, Split.NONE),
        )
    return (router, *experts, *_shared(keys, moe, name), *latent)


def _shared(keys: Keys, moe: Moe, name: str) -> tuple[Weight, ...]:
    """The experts that every token passes through."""
    hidden = keys.integer("hidden_size", least=1)
    size = keys.integer(
        "moe_shared_expert_intermediate_size", "shared_expert_intermediate_size", "shared_intermediate_size",
        "share_expert_dim", default=0,
    )  # fmt: skip
    if not size:
        size = moe.intermediate * keys.integer("n_shared_experts", "num_shared_experts", default=0)
    if not size and keys.text("model_type").startswith("llama4"):
        size = moe.intermediate
    if not size:
        return ()
    gate = (small(f"{name}.shared_expert_gate", hidden),) if keys.has("shared_expert_intermediate_size") else ()
    return (*dense(keys, size, f"{name}.shared_experts"), *gate)


def _is_relu2(keys: Keys) -> bool:
    """Whether the feed-forward is a squared ReLU without a gate (Nemotron)."""
    return keys.text("mlp_hidden_act", "hidden_act") == "relu2"
