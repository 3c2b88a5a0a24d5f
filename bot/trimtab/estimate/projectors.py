"""What brings an image encoder's output to the language model's hidden size, family by family.

Source: Transformers 5.23 and vLLM 0.33, the model's own file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trimtab.estimate.config import Keys

_Projector = Callable[[Keys, Keys, int, int], int]


def projector_elements(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Return the elements of the projector.

    Args:
        top: The whole configuration.
        keys: The encoder's part.
        width: The encoder's hidden size.
        text: The language model's.

    Raises:
        ConfigError: A size is out of bounds.
    """
    return _PROJECTORS.get(top.text("model_type"), _merged)(top, keys, width, text)


def _joins(top: Keys, keys: Keys, default: int = 0) -> int:
    """Return how many patches become one, along one side."""
    kernel = [side for side in keys.items("merge_kernel_size") if isinstance(side, int)]
    fallback = kernel[0] if kernel and 0 < kernel[0] <= _MOST_JOINED else default
    merge = keys.integer("spatial_merge_size", default=0, most=_MOST_JOINED)
    return merge or top.integer("spatial_merge_size", "downsample_factor", default=fallback, most=_MOST_JOINED) or 1


_MOST_JOINED = 100


def _merged(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Patches joined, two matrices with biases, a norm (Qwen, Kimi, PaddleOCR); several where layers are tapped."""
    merge = _joins(top, keys)
    joined = width * merge * merge
    out = keys.integer("out_hidden_size", default=text, least=1)
    out = keys.integer("hidden_size", default=text, least=1) if keys.has("embed_dim") else out
    one = joined * joined + joined + joined * out + out
    norm = (1 if keys.has("fullatt_block_indexes") else 2) * width
    tapped = len(keys.items("deepstack_visual_indexes")) or (3 if keys.text("model_type").startswith("qwen3_vl") else 0)
    return one + norm + tapped * (one + 2 * joined)


def _two(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Two matrices with biases, nothing joined (LLaVA, DeepSeek-VL)."""
    del keys
    layers = top.tree.get("vision_feature_layer", -1)
    wide = width * (len(layers) if isinstance(layers, list) else 1)
    newline = text if top.text("model_type") in {"llava_next", "llava_next_video", "llava_onevision"} else 0
    return wide * text + text + text * text + text + newline


def _mistral(top: Keys, keys: Keys, width: int, text: int) -> int:
    """A norm, patches joined to one, two matrices (Mistral 3)."""
    merge = top.integer("spatial_merge_size", default=2, least=1, most=_MOST_JOINED)
    bias = 2 * text if top.flag("multimodal_projector_bias") else 0
    del keys
    return width + width * width * merge * merge + width * text + text * text + bias


def _shuffled(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Four patches joined, a norm, two matrices with biases (InternVL)."""
    del keys
    ratio = top.number("downsample_ratio", default=0.5, least=0.01, most=1)
    joined = round(width / ratio**2)
    return 2 * joined + joined * text + text + text * text + text


def _gemma(top: Keys, keys: Keys, width: int, text: int) -> int:
    """One matrix and a norm (Gemma 3)."""
    del top, keys
    return width * text + width


def _resampled(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Attention of learned queries over the patches (MiniCPM-V; vLLM 0.33, minicpmv.py `Resampler2_5`)."""
    del keys
    queries = top.integer("query_num", default=64, least=1, most=1_000_000)
    return queries * text + width * text + 4 * text * text + 4 * text + 6 * text + text * text


def _one(top: Keys, keys: Keys, width: int, text: int) -> int:
    """One matrix (Gemma 4), with a bias (PaliGemma)."""
    del keys
    return width * text + (text if top.text("model_type") == "paligemma" else 0)


def _scaled(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Patches joined, one matrix without bias (Idefics 3, SmolVLM)."""
    del keys
    return width * top.integer("scale_factor", default=2, least=1, most=_MOST_JOINED) ** 2 * text


def _adapted(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Patches joined into an adapter of two matrices, then one more (Llama 4)."""
    del top
    inner = keys.integer("projector_input_dim", default=4096, least=1)
    last = keys.integer("projector_output_dim", default=4096, least=1)
    out = keys.integer("vision_output_dim", default=last, least=1)
    ratio = keys.number("pixel_shuffle_ratio", default=0.5, least=0.01, most=1)
    shuffled = keys.integer("intermediate_size", default=round(width / ratio**2), least=1)
    return shuffled * inner + inner * last + out * text


def _tiled(top: Keys, keys: Keys, width: int, text: int) -> int:
    """One matrix from the joined outputs of several layers (Llama 3.2 Vision)."""
    del top, width
    return keys.integer("vision_output_dim", default=7680, least=1) * text + text


def _downsampled(top: Keys, keys: Keys, width: int, text: int) -> int:
    """A convolution, a norm and a gated feed-forward (GLM-4V, GLM-OCR)."""
    out = keys.integer("out_hidden_size", default=text, least=1)
    size = keys.integer("intermediate_size", default=4 * out, least=1)
    if keys.text("model_type") == "glm_ocr_vision":
        size = out * keys.integer("in_channels", default=3, least=1, most=100)
    merge = _joins(top, keys, 2)
    return width * out * merge * merge + out + out * out + 2 * out + 3 * out * size


def _swiglu(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Patches joined, a gated pair of matrices with biases (Aya Vision, Command A Vision); Aya's with a norm."""
    del keys
    factor = top.integer("downsample_factor", default=2, least=1, most=_MOST_JOINED)
    joined = width * factor * factor
    middle = top.integer("alignment_intermediate_size", default=text, least=2)
    norm = 2 * joined if top.text("model_type") == "aya_vision" else 0
    return norm + joined * middle + middle + middle // 2 * text + text


def _lfm(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Patches joined, a norm, two matrices (LFM2-VL)."""
    joined = width * _joins(top, keys, 2) ** 2
    middle = top.integer("projector_hidden_size", default=2560, least=1)
    norm = 2 * joined if top.flag("projector_use_layernorm", default=True) else 0
    return norm + joined * middle + middle + middle * text + text


def _twice(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Two matrices for each patch, two for the joined ones (MiniMax M3)."""
    merge = _joins(top, keys, 2) ** 2
    first = width * text + text + text * text + text
    return first + merge * text * text + text + text * text + text


def _phi3(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Four patches joined, two matrices, two separators (Phi-3 Vision)."""
    del top, keys
    return 4 * width * text + text + text * text + text + 8 * width


def _phi4(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Two matrices and two separators (Phi-4 Multimodal)."""
    del top, keys
    return width * text + text + text * text + text + 2 * width


def _pooled(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Attention over tapped layers, then a gated feed-forward (Molmo 2)."""
    del keys
    inner = top.within("adapter_config", "projector_config").integer("intermediate_size", default=18_944, least=1)
    return 7 * width * width + 4 * width + 2 * inner * width + inner * text


def _radio(top: Keys, keys: Keys, width: int, text: int) -> int:
    """Four patches joined, a norm, two matrices (Nemotron Nano VL)."""
    del keys
    joined = 4 * width
    middle = top.integer("projector_hidden_size", default=4096, least=1)
    return joined + joined * middle + middle * text


def _spatial(top: Keys, keys: Keys, width: int, text: int) -> int:
    """A spatial and a temporal resampler (Ernie 4.5 VL)."""
    joined = width * _joins(top, keys, 2) ** 2
    frames = keys.integer("temporal_merge_size", default=2, least=1, most=_MOST_JOINED)
    return (3 + frames) * joined * joined + 8 * joined + joined * text + 2 * text


_PROJECTORS: Mapping[str, _Projector] = {
    "aya_vision": _swiglu,
    "cohere2_vision": _swiglu,
    "deepseek_vl": _two,
    "ernie4_5_moe_vl": _spatial,
    "ernie4_5_vl_moe": _spatial,
    "gemma3": _gemma,
    "shieldgemma2": _gemma,
    "gemma4": _one,
    "glm4v": _downsampled,
    "glm46v": _downsampled,
    "glm4v_moe": _downsampled,
    "glm_ocr": _downsampled,
    "idefics3": _scaled,
    "smolvlm": _scaled,
    "internvl": _shuffled,
    "internvl_chat": _shuffled,
    "interns1": _shuffled,
    "qianfan_ocr": _shuffled,
    "lfm2_vl": _lfm,
    "llama4": _adapted,
    "llava": _two,
    "llava_next": _two,
    "llava_next_video": _two,
    "llava_onevision": _two,
    "minicpmo": _resampled,
    "minicpmv": _resampled,
    "minimax_m3_vl": _twice,
    "lighton_ocr": _mistral,
    "mistral3": _mistral,
    "mllama": _tiled,
    "molmo2": _pooled,
    "NemotronH_Nano_VL_V2": _radio,
    "nemotron_h_omni": _radio,
    "paligemma": _one,
    "phi3_v": _phi3,
    "phi4_multimodal": _phi4,
    "phi4mm": _phi4,
    "pixtral": _two,
}
