"""The image encoder of a vision-language model, from its own part of the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from trimtab.estimate.config import Keys
from trimtab.estimate.projectors import projector_elements
from trimtab.estimate.shape import Role, Split, Weight
from trimtab.estimate.sounds import is_known_sound, sound_elements

_CUT_DEPTH = {
    "llava", "llava_next", "llava_next_video", "llava_onevision", "aya_vision", "vipllava", "paligemma",
    "cohere2_vision",
}  # fmt: skip
"""Models of which vLLM builds an encoder only up to the layer it reads (0.33, `init_vision_tower_for_llava`)."""


@dataclass(frozen=True, slots=True)
class Family:
    """What encoders of one `model_type` have in common.

    Attributes:
        gated: Whether the feed-forward has three matrices.
        bias: Whether attention's matrices have biases.
        mlp_bias: Whether the feed-forward's have.
        norms: Vectors of the width in one layer, biases and layer scales counted.
        around: The same around the layers, a class token counted.
        patch_bias: Whether the patch embedding has a bias.
        extra_positions: Rows of learned positions beside the grid's; None where positions are turned, not learned.
        head: Whether a pooling head belongs to it unless `vision_use_head` says no.
    """

    gated: bool = False
    bias: bool = True
    mlp_bias: bool = True
    norms: int = 4
    around: int = 2
    patch_bias: bool = True
    extra_positions: int | None = 0
    head: bool = False


_CLIP = Family(around=5, patch_bias=False, extra_positions=1)
_SIGLIP = Family(head=True)
_PLAIN = Family()
_QWEN2 = Family(around=0, patch_bias=False, extra_positions=None)
_QWEN25 = Family(gated=True, norms=2, around=0, patch_bias=False, extra_positions=None)
_QWEN3 = Family(around=0)
_PIXTRAL = Family(gated=True, bias=False, mlp_bias=False, norms=2, around=1, patch_bias=False, extra_positions=None)
_INTERN = Family(norms=6, around=1, extra_positions=1)
_GLM = Family(gated=True, bias=False, mlp_bias=False, norms=2, around=2)
_FAMILIES = {
    "clip": _CLIP,
    "clip_vision_model": _CLIP,
    "siglip": _SIGLIP,
    "siglip_vision_model": _SIGLIP,
    "siglip2_vision_model": _SIGLIP,
    "phi4_multimodal_vision": _SIGLIP,
    "idefics2_vision": _PLAIN,
    "idefics3_vision": _PLAIN,
    "smolvlm_vision": _PLAIN,
    "paddleocr_vl_vision": _PLAIN,
    "qwen2_vl": _QWEN2,
    "qwen2_vl_vision": _QWEN2,
    "ernie4_5_vl_moe_vision": Family(patch_bias=False, extra_positions=None),
    "qwen2_5_vl": _QWEN25,
    "qwen2_5_vl_vision": _QWEN25,
    "qwen2_5_omni_vision_encoder": _QWEN25,
    "qwen3_vl": _QWEN3,
    "qwen3_vl_vision": _QWEN3,
    "qwen3_vl_moe": _QWEN3,
    "qwen3_vl_moe_vision": _QWEN3,
    "qwen3_5": _QWEN3,
    "qwen3_5_vision": _QWEN3,
    "qwen3_5_moe": _QWEN3,
    "qwen3_5_moe_vision": _QWEN3,
    "qwen3_omni_moe_vision_encoder": _QWEN3,
    "pixtral": _PIXTRAL,
    "intern_vit_6b": _INTERN,
    "internvl_vision": _INTERN,
    "glm4v_vision": _GLM,
    "glm4v_moe_vision": _GLM,
    "glm_ocr_vision": Family(gated=True, norms=2, around=1, extra_positions=None),
    "moonvit": _PLAIN,
    "kimi_k25_vision": _PLAIN,
    "kimi_k25": _PLAIN,
    "kimi_k3": _PLAIN,
    "vision": _PLAIN,
    "llama4_vision_model": Family(around=5, patch_bias=False, extra_positions=1),
    "mllama_vision_model": Family(bias=False, around=5, patch_bias=False, extra_positions=1),
    "minimax_m3_vl_vision": Family(patch_bias=False, extra_positions=None),
    "molmo2_vision": Family(around=0),
    "radio": Family(norms=6, around=10, patch_bias=False),
    "ovis2_vision": Family(gated=True, bias=False, mlp_bias=False, norms=2, around=2),
    "gemma4_vision": Family(gated=True, bias=False, mlp_bias=False, norms=4, around=0, patch_bias=False),
    "step3p5_vision": Family(norms=6, patch_bias=False),
}
_OTHERS = Family()


def tower_weights(top: Keys, text_hidden: int) -> tuple[Weight, ...]:
    """Return encoders and projectors, empty for a text model; engines never quantise them.

    Raises:
        ConfigError: A size is out of bounds.
    """
    sounds = sound_elements(top, text_hidden)
    heard = (_lump("audio_tower", sounds, Split.NONE),) if sounds else ()
    if top.text("model_type") in {"phi4mm", "phi4_multimodal"}:
        return (_lump("embed_tokens_extend", _PHI4, Split.NONE),)
    keys = _vision_of(top)
    if not keys.tree and not keys.defaults:
        return heard
    if keys.text("model_type") == "gemma3n_vision":
        return (_lump("visual.blocks", _MOBILE + _MOBILE_WIDTH * text_hidden + 130 * _MOBILE_WIDTH, Split.NONE), *heard)
    family = _FAMILIES.get(keys.text("model_type") or top.text("model_type"), _OTHERS)
    width = width_of(keys)
    depth = _depth(top, keys)
    layer, whole = _layer(keys, family, width), _around(keys, family, width)
    return (
        _lump("visual.blocks", depth * layer, Split.OUT),
        _lump("visual.embeddings", whole + depth * family.norms * width, Split.NONE),
        _lump("projector", projector_elements(top, keys, width, text_hidden), Split.OUT),
        *heard,
    )


def unknown_tower(top: Keys) -> str:
    """Return the name of an encoder whose source was not read; empty where there is none such."""
    keys = _vision_of(top)
    sees = keys.text("model_type") or top.text("model_type")
    if keys.tree and sees not in _FAMILIES and top.text("model_type") not in {"phi4mm", "phi4_multimodal"}:
        return sees or "without a model_type"
    hears = top.within("audio_config", "sound_config")
    return hears.text("model_type") or "of sound" if hears.tree and not is_known_sound(hears) else ""


_PHI4 = 907_982_272
"""Phi-4 Multimodal's encoders of images and sound with their projectors; there is one such model."""
_MOBILE, _MOBILE_WIDTH = 294_126_912, 2048
"""MobileNet V5's convolutions, which no key of Gemma 3n's configuration changes (timm 1.0, mobilenetv5_300m_enc)."""


def _vision_of(top: Keys) -> Keys:
    """Return the encoder's part; what the class makes where a composite model's file leaves it out."""
    keys = top.within("vision_config", "vit_config", "vision_tower_config")
    if keys.tree:
        return keys
    inner = top.within("thinker_config")
    if inner.tree:
        return _vision_of(inner)
    if top.within("img_processor").tree:
        return Keys(_CLIP_LARGE, "img_processor")
    if top.text("model_type") == "llama4" and top.within("text_config").tree:
        return Keys(_LLAMA4, "vision_config")
    return top.implied("vision_config") if top.within("text_config").tree else Keys({})


_LLAMA4: dict[str, int | str] = {
    "model_type": "llama4_vision_model",
    "hidden_size": 1408,
    "num_hidden_layers": 34,
    "intermediate_size": 5632,
    "image_size": 336,
    "patch_size": 14,
    "projector_input_dim": 4096,
    "projector_output_dim": 4096,
    "vision_output_dim": 4096,
}
"""The encoder of every Llama 4, for copies of their configuration that leave it out (the class's own is another)."""
_CLIP_LARGE: dict[str, int | str] = {
    "model_type": "clip_vision_model",
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "image_size": 336,
    "patch_size": 14,
}
"""CLIP ViT-L/14 at 336 pixels, which Phi-3 Vision has built in (vLLM 0.33, phi3v.py)."""


def width_of(keys: Keys) -> int:
    """Return the encoder's hidden size; Qwen2-VL calls its output so."""
    return keys.integer("embed_dim", "vt_hidden_size", "width", "hidden_size", default=1024, least=1, most=1_000_000)


def _depth(top: Keys, keys: Keys) -> int:
    """Return the layers that the engine builds."""
    names = ("depth", "num_hidden_layers", "vt_num_hidden_layers", "layers", "num_layers")
    depth = keys.integer(*names, default=24, most=1_000) + keys.integer("num_global_layers", default=0, most=1_000)
    if top.text("model_type") not in _CUT_DEPTH:
        return depth
    read = top.tree.get("vision_feature_layer", top.defaults.get("vision_feature_layer"))
    listed = [item for item in (read if isinstance(read, list) else [read]) if isinstance(item, int)]
    used = [item + depth + 1 if item < 0 else item for item in listed]
    return min(depth, max(used)) if used and max(used) > 0 else depth


def _layer(keys: Keys, family: Family, width: int) -> int:
    """Return the elements of one layer without its norms."""
    ratio = keys.number("mlp_ratio", default=4.0, most=1_000)
    named = keys.integer("intermediate_size", "vt_intermediate_size", default=int(width * ratio), least=1)
    inner = keys.integer("out_hidden_size", default=named, least=1) if family is _GLM else named
    wide = keys.integer("qkv_hidden_size", default=width, least=1)
    matrices = 3 if family.gated else 2
    bias = keys.flag("attention_bias", "qkv_bias", default=family.bias)
    biases = (3 * wide + width if bias else 0) + ((matrices - 1) * inner + width if family.mlp_bias else 0)
    biases += width if family is _INTERN and not bias else 0
    return 4 * width * wide + matrices * width * inner + biases


def _around(keys: Keys, family: Family, width: int) -> int:
    """Return patch and position embeddings, norms around the layers, the pooling head."""
    patch = keys.layer_integer(0, "patch_size", default=14, least=1)
    frames = keys.integer("temporal_patch_size", default=1, least=1, most=100)
    elements = 3 * frames * patch * patch * width + (width if family.patch_bias else 0) + family.around * width
    elements += _positions(keys, family, patch) * width
    if family.head and keys.flag("vision_use_head", default=True):
        inner = keys.integer("intermediate_size", default=4 * width, least=1)
        elements += 4 * width * width + 8 * width + 2 * width * inner + inner
    if family is _FAMILIES["mllama_vision_model"]:
        tiles = keys.integer("max_num_tiles", default=4, most=64)
        grid = (keys.integer("image_size", default=448, most=100_000) // patch) ** 2 + 1
        ratios = len(keys.items("supported_aspect_ratios")) or 8
        elements += (ratios + 1) * tiles * width * (grid + 2)
    return elements


def _positions(keys: Keys, family: Family, patch: int) -> int:
    """Return the rows of learned positions."""
    if family.extra_positions is None:
        return 0
    table = keys.integer("num_position_embeddings", "position_embedding_size", "num_patches", default=0)
    sides = [
        keys.integer(*names, default=0, most=100_000)
        for names in (("init_pos_emb_height", "pos_emb_height"), ("init_pos_emb_width", "pos_emb_width"))
    ]
    if keys.text("model_type") == "gemma4_vision":
        return 2 * table
    if table or all(sides):
        return table or sides[0] * sides[1]
    image = keys.layer_integer(0, "max_img_size", "image_size", default=0)
    return (image // patch) ** 2 + family.extra_positions if image else 0


def _lump(name: str, elements: int, split: Split) -> Weight:
    """Many matrices as one: no encoder's is large enough for the allocator's rounding to matter."""
    return Weight(name, ((elements, 1),), 1, split, Role.VISION, plain=True)
