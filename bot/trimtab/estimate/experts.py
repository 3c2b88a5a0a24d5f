"""Which layers have routed experts, how many, how large, and which every token passes through."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from trimtab.estimate.class_defaults import Json
from trimtab.estimate.config import MOST_LAYERS, ConfigError, Keys
from trimtab.estimate.shape import Moe
from trimtab.estimate.sizes import hidden_of

_COUNTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts", "num_routed_experts")
_CHOSEN = (
    "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "top_k_experts", "moe_topk", "moe_top_k",
    "num_selected_experts", "moe_k",
)  # fmt: skip
_SIZES = (
    "moe_intermediate_size",
    "expert_ffn_hidden_size",
    "ffn_hidden_size",
    "expert_intermediate_size",
    "intermediate_size",
)
_SHARED_SIZES = (
    "moe_shared_expert_intermediate_size", "shared_expert_intermediate_size", "shared_intermediate_size",
    "share_expert_dim",
)  # fmt: skip
_SHARED_COUNTS = ("n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts")
_LONGEST, _DIGITS = 16_384, 8
_ALWAYS_SHARED = ("llama4", "hunyuan")
_DENSE_FIRST = ("first_k_dense_replace", "num_dense_layers", "moe_layer_start_index")


def moe_of(keys: Keys) -> Moe | None:
    """Return the routed experts, None for a dense model.

    Raises:
        ConfigError: Experts are named without their size.
    """
    inner = keys.within("ffn_config")
    own = inner if inner.has(*_COUNTS) else keys
    experts = _widest(own, _COUNTS, 0)
    if experts <= 1 or not keys.flag("is_moe", default=True):
        return None
    chosen = _widest(own, _CHOSEN, 1 if keys.text("model_type").startswith("llama4") else None)
    if chosen > experts:
        raise ConfigError(f"{chosen} experts are chosen of {experts}")
    size = _widest(own, _SIZES, None)
    hidden = keys.integer("moe_latent_size", "routed_expert_hidden_size", default=hidden_of(keys), least=1)
    return Moe(experts, chosen, size, hidden)


def _widest(keys: Keys, names: Sequence[str], default: int | None) -> int:
    """Return the first of the names that is set; of one number for each layer (or modality) the largest."""
    listed = [item for item in keys.layer_list(*names) if isinstance(item, int) and not isinstance(item, bool)]
    for name in names:
        if keys.has(name):
            break
    return max(listed) if listed and isinstance(keys.tree.get(name), list) else keys.integer(*names, default=default)


def has_experts(keys: Keys, index: int) -> bool:
    """Whether layer `index` of a mixture of experts has experts."""
    listed = _listed(keys, index)
    if listed is not None:
        return listed
    if index < keys.integer(*_DENSE_FIRST, default=0) or index in keys.layer_list("mlp_only_layers"):
        return False
    if index > keys.integer("moe_layer_end_index", default=index):
        return False
    if keys.has("expert_layer_period"):
        return index % keys.integer("expert_layer_period", least=1) == keys.integer("expert_layer_offset", default=0)
    names = ("decoder_sparse_step", "interleave_moe_layer_step", "moe_layer_freq", "moe_layer_interval")
    return (index + 1) % keys.integer(*names, default=1, least=1) == 0


def _listed(keys: Keys, index: int) -> bool | None:
    """Return what a list of layers says of one; None where there is no list."""
    frequency = keys.layer_list("moe_layer_freq")
    if frequency:
        return index < len(frequency) and bool(frequency[index])
    kinds = keys.layer_list("mlp_layer_types", "ffn_layer_types")
    if kinds:
        return index < len(kinds) and kinds[index] != "dense"
    named = _numbers(keys)
    return index in named if named else None


def _numbers(keys: Keys) -> Sequence[Json]:
    """Return the layers with experts where the configuration lists them, as numbers or as one text (Step 3)."""
    words = keys.text("moe_layers_enum")
    if words:
        return _enumerated(words[:_LONGEST])
    return keys.layer_list("moe_layers", "moe_layer_indices")


@lru_cache(maxsize=16)
def _enumerated(words: str) -> tuple[int, ...]:
    return tuple(int(word) for word in words.split(",")[:MOST_LAYERS] if word.strip().isdigit() and len(word) < _DIGITS)


def shared_size(keys: Keys, moe: Moe) -> int:
    """Return the intermediate size of the experts that every token passes through, 0 where there are none."""
    size = _widest(keys, _SHARED_SIZES, 0)
    if not size and keys.has(*_SHARED_COUNTS):
        size = moe.intermediate * _widest(keys, _SHARED_COUNTS, 0)
    if not size and keys.text("model_type").startswith(_ALWAYS_SHARED):
        size = moe.intermediate
    return size
