"""The image encoder of a vision-language model, from its own part of the configuration."""

from __future__ import annotations

from trimtab.estimate.config import Json, Keys
from trimtab.estimate.shape import Role, Split, Weight

_GATED = {"pixtral", "gemma4_vision", "qwen2_5_vl", "qwen2_5_vl_vision", "mistral3"}
"""Encoders whose feed-forward has three matrices (Transformers 4.57)."""

_LLAMA4: dict[str, Json] = {
    "hidden_size": 1408,
    "num_hidden_layers": 34,
    "intermediate_size": 5632,
    "image_size": 336,
    "patch_size": 14,
    "projector_input_dim": 4096,
    "projector_output_dim": 4096,
}
"""The encoder of every Llama 4, for copies of their configuration that leave it out (RedHatAI's copy has it)."""


def tower_weights(top: Keys, text_hidden: int) -> tuple[Weight, ...]:
    """Return encoder and projector, empty for a text model; engines never quantise them.

    Raises:
        ConfigError: A size is out of bounds.
    """
    keys = top.within("vision_config")
    if not keys.tree and top.text("model_type") == "llama4" and top.within("text_config").tree:
        keys = Keys(_LLAMA4)
    if not keys.tree:
        return ()
    hidden = keys.integer("hidden_size", "vt_hidden_size", "width", "embed_dim", default=1024, least=1)
    depth = keys.integer("depth", "num_hidden_layers", "vt_num_hidden_layers", "layers", default=24, most=1_000)
    size = keys.integer("intermediate_size", "vt_intermediate_size", default=4 * hidden, least=1)
    wide = keys.integer("qkv_hidden_size", default=hidden, least=1)
    matrices = 3 if keys.text("model_type") in _GATED else 2
    cut = depth * (4 * hidden * wide + matrices * hidden * size)
    whole = depth * (9 * hidden + size) + _embeddings(keys, hidden)
    return (
        _lump("visual.blocks", cut, Split.OUT),
        _lump("visual.embeddings", whole, Split.NONE),
        *_projector(keys, hidden, text_hidden),
    )


def _embeddings(keys: Keys, hidden: int) -> int:
    """Patch and position embeddings."""
    patch = keys.integer("patch_size", default=14, least=1, most=1_000)
    frames = keys.integer("temporal_patch_size", default=1, least=1, most=100)
    positions = keys.integer("num_position_embeddings", "position_embedding_size", default=0)
    if not positions and keys.has("image_size") and keys.text("position_embedding_type") != "rope":
        positions = (keys.integer("image_size", most=100_000) // patch) ** 2 + 1
    if not positions:
        positions = keys.integer("init_pos_emb_height", default=0) * keys.integer("init_pos_emb_width", default=0)
    return (3 * frames * patch * patch + 1 + positions) * hidden


def _projector(keys: Keys, hidden: int, text_hidden: int) -> tuple[Weight, ...]:
    """What brings the encoder's output to the language model's hidden size."""
    if keys.has("projector_input_dim"):
        inner, out = keys.integer("projector_input_dim", least=1), keys.integer("projector_output_dim", least=1)
        size = keys.integer("intermediate_size", least=1) * inner + inner * out
        return (_lump("projector", size + out * text_hidden, Split.OUT),)
    merge = keys.integer("spatial_merge_size", default=0, most=100)
    if not merge:
        kernel = [side for side in keys.items("merge_kernel_size") if isinstance(side, int)]
        merge = kernel[0] if kernel else 1
    joined = hidden * merge * merge
    mergers = 1 + len(keys.items("deepstack_visual_indexes"))
    return (_lump("projector", mergers * (joined * joined + joined * text_hidden), Split.OUT),)


def _lump(name: str, elements: int, split: Split) -> Weight:
    """Many matrices as one: no encoder's is large enough for the allocator's rounding to matter."""
    return Weight(name, ((elements, 1),), 1, split, Role.VISION, plain=True)
