"""Which kind of layer stands at which place, however a configuration says so."""

from __future__ import annotations

from enum import StrEnum

from trimtab.estimate.attention import window
from trimtab.estimate.config import MOST_LAYERS, ConfigError, Keys


class Mix(StrEnum):
    """How a layer mixes tokens."""

    FULL = "full"
    WINDOW = "window"
    CHUNK = "chunk"
    MAMBA = "mamba"
    DELTA = "delta"
    KIMI_DELTA = "kimi-delta"
    NONE = "none"
    """A layer that only feeds forward (Nemotron-H)."""


_TYPES = {
    "full_attention": Mix.FULL,
    "attention": Mix.FULL,
    "sliding_attention": Mix.WINDOW,
    "chunked_attention": Mix.CHUNK,
    "linear_attention": Mix.DELTA,
    "mamba": Mix.MAMBA,
    "mamba2": Mix.MAMBA,
    "moe": Mix.NONE,
    "mlp": Mix.NONE,
}
_PATTERN = {"M": Mix.MAMBA, "*": Mix.FULL, "E": Mix.NONE, "-": Mix.NONE}
"""Letters of `hybrid_override_pattern` (Nemotron-H): Mamba, attention, experts, dense."""
_LETTERS = {"mamba": "M", "attention": "*", "moe": "E", "mlp": "-"}
"""The same as newer configurations spell it in `layers_block_type`."""
_EVERY_SECOND = {"gemma2"}
_SIXTH_FULL = {"gemma3", "gemma3_text", "gemma3n", "gemma3n_text"}


def pattern_of(keys: Keys) -> str:
    """Return Nemotron-H's letters, one for each layer, which either mixes or feeds forward; empty for other models."""
    types = keys.items("layers_block_type")
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
    count = keys.integer("num_hidden_layers", "n_layer", "num_layers", "n_layers", least=1, most=MOST_LAYERS)
    types = keys.items("layer_types", "layers_block_type")
    if types:
        if len(types) < count:
            raise ConfigError(f"layer_types names {len(types)} of {count} layers")
        return tuple(_of_type(keys, str(kind)) for kind in types[:count])
    return tuple(_by_period(keys, index) for index in range(count))


def _of_type(keys: Keys, kind: str) -> Mix:
    mix = _TYPES.get(kind, Mix.FULL)
    return Mix.FULL if mix is Mix.WINDOW and not window(keys) else mix


def _by_period(keys: Keys, index: int) -> Mix:
    """Return the kind of a layer that no list names."""
    kimi = keys.within("linear_attn_config").items("kda_layers")
    if kimi:
        return Mix.KIMI_DELTA if index + 1 in kimi else Mix.FULL
    if keys.has("attn_layer_period"):
        here = index % keys.integer("attn_layer_period", least=1) == keys.integer("attn_layer_offset", default=0)
        return Mix.FULL if here else Mix.MAMBA
    if keys.has("full_attention_interval"):
        return Mix.DELTA if (index + 1) % keys.integer("full_attention_interval", least=1) else Mix.FULL
    if keys.has("attention_chunk_size") and keys.text("model_type").startswith("llama4"):
        return Mix.CHUNK if (index + 1) % 4 else Mix.FULL
    return _window_or_full(keys, index)


def _window_or_full(keys: Keys, index: int) -> Mix:
    if not window(keys):
        return Mix.FULL
    marks = keys.items("hybrid_layer_pattern")
    if marks:
        return Mix.WINDOW if index < len(marks) and marks[index] else Mix.FULL
    model_type = keys.text("model_type")
    if model_type in _EVERY_SECOND:
        return Mix.FULL if index % 2 else Mix.WINDOW
    period = keys.integer("sliding_window_pattern", default=6 if model_type in _SIXTH_FULL else 0)
    if period:
        return Mix.WINDOW if (index + 1) % period else Mix.FULL
    return Mix.WINDOW
