"""The sound encoder of a model that listens: Whisper's, and what stands behind it."""

from __future__ import annotations

from trimtab.estimate.config import Keys

_CONFORMERS = {"gemma3n_audio", "gemma4_audio"}
_WHISPERS = {
    "qwen2_audio_encoder",
    "qwen2_5_omni_audio_encoder",
    "qwen3_omni_moe_audio_encoder",
    "voxtral_encoder",
    "whisper",
}
_FRAMES = 1500
"""Positions of Whisper's encoder: half a minute (Transformers 5.23, WhisperConfig)."""


def is_known_sound(keys: Keys) -> bool:
    """Whether the encoder's source was read."""
    return keys.text("model_type") in _CONFORMERS | _WHISPERS


def sound_elements(top: Keys, text: int) -> int:
    """Return the elements of encoder and projector, 0 for a model that does not listen.

    Raises:
        ConfigError: A size is out of bounds.
    """
    keys = top if top.text("model_type") == "whisper" else top.within("audio_config", "sound_config")
    if not keys.tree:
        inner = top.within("thinker_config")
        return sound_elements(inner, text) if inner.tree else 0
    if keys.text("model_type") in _CONFORMERS:
        return _conformer(keys, text)
    if not keys.has("encoder_layers", "num_hidden_layers", "num_layers"):
        return 0
    width = keys.integer("d_model", "hidden_size", least=1, most=1_000_000)
    layers = keys.integer("encoder_layers", "num_hidden_layers", "num_layers", least=1, most=1_000)
    inner_size = keys.integer("encoder_ffn_dim", "intermediate_size", default=4 * width, least=1)
    bins = keys.integer("num_mel_bins", default=128, least=1, most=10_000)
    layer = 4 * width * width + 2 * width * inner_size + inner_size + 8 * width
    ears = 3 * bins * width + width + 3 * width * width + width + 2 * width
    model_type = keys.text("model_type")
    if model_type.startswith("qwen3_omni"):
        return layers * layer + 2 * width + _convolved(keys, width)
    if not model_type.startswith("qwen2_5_omni"):
        ears += keys.integer("max_source_positions", default=_FRAMES, most=1_000_000) * width
    return layers * layer + ears + _projector(top, keys, width, text)


def _conformer(keys: Keys, text: int) -> int:
    """Gemma 3n's and 4's encoder: two feed-forwards, attention with relative positions and a convolution in a layer."""
    width = keys.integer("hidden_size", default=1536, least=1, most=1_000_000)
    layers = keys.integer("conf_num_hidden_layers", "num_hidden_layers", default=12, least=1, most=1_000)
    heads = keys.integer("conf_num_attention_heads", "num_attention_heads", default=8, least=1)
    kernel = keys.integer("conf_conv_kernel_size", "conv_kernel_size", default=5, least=1, most=1_000)
    layer = 24 * width * width + (9 + kernel) * width + width // heads
    ears = 128 * 10 + 32 * (128 * 9 + 1) + 1024 * width
    if keys.text("model_type") == "gemma3n_audio":
        words = keys.integer("vocab_size", default=128, least=1, most=1_000_000)
        return layers * layer + ears + (words + 2 + text) * width
    out = keys.integer("output_proj_dims", default=1536, least=1)
    return layers * layer + ears + out * (width + 1 + text)


def _projector(top: Keys, keys: Keys, width: int, text: int) -> int:
    if keys is top:
        return 0
    if keys.text("model_type").startswith("qwen2_5_omni"):
        out = keys.integer("output_dim", default=text, least=1)
        return width * out + out + 2 * out
    if top.text("model_type").startswith("voxtral"):
        wide = keys.integer("intermediate_size", default=4 * width, least=1)
        return wide * text + text * text
    return width * text + text


def _convolved(keys: Keys, width: int) -> int:
    """Qwen3-Omni's three convolutions and two projections instead of Whisper's ears."""
    side = keys.integer("downsample_hidden_size", default=480, least=1)
    bins = keys.integer("num_mel_bins", default=128, least=1, most=10_000)
    out = keys.integer("output_dim", default=3584, least=1)
    ears = 9 * side + side + 2 * (9 * side * side + side) + side * (-(-bins // 8)) * width
    return ears + width * width + width + width * out + out
