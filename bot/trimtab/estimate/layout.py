"""Which kind of layer stands at which place, however a configuration says so."""

from __future__ import annotations

from enum import StrEnum

from trimtab.estimate.attention import window
from trimtab.estimate.config import MOST_LAYERS, ConfigError, Keys
from trimtab.estimate.sizes import layers_of


class Mix(StrEnum):
    """How a layer mixes tokens."""

    FULL = "full"
    WINDOW = "window"
    CHUNK = "chunk"
    MAMBA = "mamba"
    DELTA = "delta"
    KIMI_DELTA = "kimi-delta"
    LIGHTNING = "lightning"
    """Linear attention with one state for each head (MiniMax 1)."""
    CONV = "conv"
    """A short convolution (LFM2)."""
    BESIDE = "beside"
    """Attention and Mamba side by side (Falcon-H1)."""
    NONE = "none"
    """A layer that only feeds forward (Nemotron-H)."""


_TYPES = {
    "full_attention": Mix.FULL,
    "attention": Mix.FULL,
    "sliding_attention": Mix.WINDOW,
    "chunked_attention": Mix.CHUNK,
    "linear_attention": Mix.DELTA,
    "lightning_attention": Mix.LIGHTNING,
    "kda": Mix.KIMI_DELTA,
    "mamba": Mix.MAMBA,
    "mamba2": Mix.MAMBA,
    "conv": Mix.CONV,
    "short_conv": Mix.CONV,
    "moe": Mix.NONE,
    "mlp": Mix.NONE,
}
_LINEAR = {
    "bailing_hybrid": Mix.KIMI_DELTA,
    "bamba": Mix.MAMBA,
    "falcon_mamba": Mix.MAMBA,
    "glm5_next_text": Mix.KIMI_DELTA,
    "granitemoehybrid": Mix.MAMBA,
    "jamba": Mix.MAMBA,
    "kimi_linear": Mix.KIMI_DELTA,
    "lfm2": Mix.CONV,
    "lfm2_moe": Mix.CONV,
    "minimax": Mix.LIGHTNING,
    "nemotron_h": Mix.MAMBA,
}
"""What Transformers 5 calls `linear_attention` in every model."""
_ALL = {"mamba": Mix.MAMBA, "mamba2": Mix.MAMBA, "falcon_mamba": Mix.MAMBA, "falcon_h1": Mix.BESIDE}
"""Model types whose layers are all alike, and no attention."""
_PATTERN = {"M": Mix.MAMBA, "*": Mix.FULL, "E": Mix.NONE, "-": Mix.NONE}
"""Letters of `hybrid_override_pattern` (Nemotron-H): Mamba, attention, experts, dense."""
_LETTERS = {"mamba": "M", "linear_attention": "M", "attention": "*", "full_attention": "*", "moe": "E", "mlp": "-"}
"""The same as newer configurations spell it in `layers_block_type`."""
_PERIODS = {
    "afmoe": 4, "cohere2": 4, "cohere2_moe": 4, "exaone4": 4, "exaone_moe": 4, "gemma2": 2, "gemma3": 6,
    "gemma3_text": 6, "gemma3n": 5, "gemma3n_text": 5, "gemma4": 6, "gemma4_text": 6, "gpt_oss": 2, "olmo3": 4,
    "plamo3": 8,
}  # fmt: skip
"""Every how many layers one sees everything where no list says so (Transformers 5.23; the others slide)."""
_INTERVALS = {
    "qwen3_next": 4,
    "qwen3_5": 4,
    "qwen3_5_text": 4,
    "qwen3_5_moe": 4,
    "qwen3_5_moe_text": 4,
    "olmo_hybrid": 4,
}
"""The same for models whose other layers keep a state."""


def pattern_of(keys: Keys) -> str:
    """Return Nemotron-H's letters, one for each layer, which either mixes or feeds forward; empty for other models."""
    types = keys.layer_list("layers_block_type")
    if types and keys.text("model_type").startswith("nemotron_h"):
        return "".join(_LETTERS.get(str(kind), "*") for kind in types)
    return keys.text("hybrid_override_pattern")


def mixes(keys: Keys) -> tuple[Mix, ...]:
    """Return how each layer mixes tokens, in order.

    Raises:
        ConfigError: The number of layers is missing, absurd, or contradicts a list of layers.
    """
    pattern = pattern_of(keys)
    if pattern:
        return tuple(_PATTERN.get(letter, Mix.FULL) for letter in pattern[:MOST_LAYERS])
    count = layers_of(keys, MOST_LAYERS)
    types = keys.layer_list("layer_types", "layers_block_type")
    alike = _ALL.get(keys.text("model_type"))
    if alike:
        return (alike,) * count
    if types:
        if len(types) < count:
            raise ConfigError(f"layer_types names {len(types)} of {count} layers")
        return tuple(_of_type(keys, str(kind)) for kind in types[:count])
    return tuple(_by_period(keys, index) for index in range(count))


def _of_type(keys: Keys, kind: str) -> Mix:
    mix = _TYPES.get(kind, Mix.FULL)
    if mix is Mix.DELTA:
        return _LINEAR.get(keys.text("model_type"), mix)
    return Mix.FULL if mix is Mix.WINDOW and not window(keys) else mix


def _by_period(keys: Keys, index: int) -> Mix:
    """Return the kind of a layer that no list of types names."""
    state = _state_or_full(keys, index)
    if state is not None:
        return state
    if keys.has("attention_chunk_size") and keys.text("model_type").startswith("llama4"):
        rotary = keys.layer_list("no_rope_layers")
        chunks = bool(rotary[index]) if index < len(rotary) else (index + 1) % 4 != 0
        return Mix.CHUNK if chunks else Mix.FULL
    return _window_or_full(keys, index)


def _state_or_full(keys: Keys, index: int) -> Mix | None:
    """Return the kind of a layer in a model some of whose layers keep a state; None for other models."""
    model_type = keys.text("model_type")
    kimi = keys.within("linear_attn_config").layer_list("kda_layers")
    if kimi:
        return Mix.KIMI_DELTA if index + 1 in kimi else Mix.FULL
    listed = keys.layer_list("attn_layer_indices", "full_attn_idxs")
    if listed or model_type == "bamba":
        return Mix.FULL if index in listed else _LINEAR.get(model_type, Mix.MAMBA)
    kinds = keys.layer_list("attn_type_list")
    if kinds:
        return Mix.FULL if index < len(kinds) and kinds[index] else Mix.LIGHTNING
    if keys.has("attn_layer_period"):
        here = index % keys.integer("attn_layer_period", least=1) == keys.integer("attn_layer_offset", default=0)
        return Mix.FULL if here else Mix.MAMBA
    if keys.has("full_attention_interval") or model_type in _INTERVALS:
        interval = keys.integer("full_attention_interval", default=_INTERVALS.get(model_type, 4), least=1)
        return Mix.DELTA if (index + 1) % interval else Mix.FULL
    return None


def _window_or_full(keys: Keys, index: int) -> Mix:
    if not window(keys):
        return Mix.FULL
    marks = keys.layer_list("hybrid_layer_pattern")
    if marks:
        return Mix.WINDOW if index < len(marks) and marks[index] else Mix.FULL
    letters = keys.text("sliding_window_pattern")
    if letters:
        return Mix.FULL if letters[index % len(letters)] == "G" else Mix.WINDOW
    default = _PERIODS.get(keys.text("model_type"), 0)
    period = keys.integer("sliding_window_pattern", "global_attn_every_n_layers", default=default)
    if keys.text("model_type") == "gemma2":
        period = default
    return Mix.WINDOW if not period or (index + 1) % period else Mix.FULL
