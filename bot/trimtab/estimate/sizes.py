"""The sizes that every layer is made of, under all the names that configurations give them."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.config import Keys

_MULTI_QUERY = {"falcon", "gpt_bigcode", "RefinedWeb", "RefinedWebModel", "chatglm"}
"""Model types whose `multi_query` makes one key-value head of many (Transformers 5.23; ChatGLM: vLLM 0.33)."""


@dataclass(frozen=True, slots=True)
class Heads:
    """Sizes of one attention layer."""

    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int


def hidden_of(keys: Keys) -> int:
    """Return the hidden size."""
    return keys.integer("hidden_size", "n_embd", "d_model", "dim", least=1, most=1_000_000)


def layers_of(keys: Keys, most: int) -> int:
    """Return the number of layers.

    Raises:
        ConfigError: It is missing or absurd.
    """
    names: tuple[str, ...] = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "decoder_layers")
    if keys.text("model_type") == "longcat_flash":  # counts each of its layers as two under the other name
        names = ("num_layers", *names)
    return keys.integer(*names, least=1, most=most)


def heads_of(keys: Keys, index: int = 0, *, windowed: bool = False) -> Heads:
    """Return the sizes of layer `index`'s attention; windowed layers of some models have their own."""
    names: tuple[str, ...] = ("num_attention_heads", "n_head", "num_heads", "n_heads", "decoder_attention_heads")
    if windowed and keys.has("swa_num_attention_heads"):
        names = ("swa_num_attention_heads", *names)
    elif keys.items("num_attention_heads_per_layer"):
        names = ("num_attention_heads_per_layer", *names)
    heads = keys.layer_integer(index, *names, least=1)
    kv_heads = _kv_heads(keys, index, heads, windowed=windowed)
    dim, value = _dims(keys, heads, windowed=windowed)
    own = _own(keys, index, windowed=windowed)
    if own.has("head_dim"):
        dim = value = own.integer("head_dim", least=1)
    return Heads(
        own.integer("num_attention_heads", default=heads, least=1),
        own.integer("num_key_value_heads", "num_attention_groups", default=kv_heads, least=1),
        dim,
        value,
    )


def _own(keys: Keys, index: int, *, windowed: bool) -> Keys:
    """Return what a configuration says of this one layer (Transformers 5.23) or of those that slide (Step 3.5)."""
    layer = keys.within("per_layer_config").within(f"{index:02d}", str(index))
    return layer if layer.tree or not windowed else keys.within("attention_other_setting")


def _kv_heads(keys: Keys, index: int, heads: int, *, windowed: bool) -> int:
    if windowed and keys.has("swa_num_key_value_heads"):
        return keys.integer("swa_num_key_value_heads", least=1)
    if not windowed and _has_global_heads(keys):
        return keys.integer("num_global_key_value_heads", least=1)
    model_type = keys.text("model_type")
    if model_type in _MULTI_QUERY and not keys.flag("new_decoder_architecture"):
        if not keys.flag("multi_query", "multi_query_attention"):
            return heads
        return keys.integer("multi_query_group_num", default=1, least=1) if model_type == "chatglm" else 1
    inner = keys.within("attn_config")
    if inner.has("kv_n_heads"):
        return inner.integer("kv_n_heads", least=1)
    names = (
        "num_key_value_heads_per_layer",
        "num_key_value_heads",
        "num_kv_heads",
        "n_head_kv",
        "num_attention_groups",
    )
    return keys.layer_integer(index, *names, "multi_query_group_num", default=heads, least=1)


def _has_global_heads(keys: Keys) -> bool:
    """Whether layers that see everything have key-value heads of their own (Gemma 4: where value is key)."""
    return keys.has("num_global_key_value_heads") and keys.flag("attention_k_eq_v")


def _dims(keys: Keys, heads: int, *, windowed: bool) -> tuple[int, int]:
    """Return the sizes of a key's and of a value's head."""
    names: tuple[str, ...] = ("head_dim", "attention_head_dim", "kv_channels")
    if windowed and keys.has("swa_head_dim"):
        names = ("swa_head_dim", *names)
    elif not windowed and keys.text("model_type").startswith("gemma4"):
        names = ("global_head_dim", *names)
    usual = max(1, hidden_of(keys) // heads)
    dim = keys.integer(*names, default=usual, least=0 if keys.has("kv_lora_rank") else 1) or usual
    if windowed and keys.has("swa_v_head_dim"):
        return dim, keys.integer("swa_v_head_dim", least=1)
    return dim, keys.integer("v_head_dim", default=dim, least=1)
