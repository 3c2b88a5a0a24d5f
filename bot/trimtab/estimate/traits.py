"""What a model type's layers have that no key of its configuration says: biases, norms, gates, learned positions.

Read off Transformers 5.23's classes (instantiated without weights) and, where it has none, off vLLM 0.33's models. A
type that is not here is taken for a plain Llama, and the shape says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class QkNorm(StrEnum):
    """What normalises queries and keys."""

    NONE = "none"
    HEAD = "head"
    """One vector of a head's size for all query heads, one for all key heads."""
    WIDE = "wide"
    """A vector over all heads together."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What is fixed for a model type.

    Attributes:
        gated: Whether the feed-forward has three matrices.
        qkv_bias: Whether query, key and value have a bias where no key says so.
        out_bias: Whether the output projection has a bias where query, key and value have one.
        mlp_bias: Whether the feed-forward has biases where no key says so.
        norms: Vectors of the hidden size in one layer, biases counted.
        final_norms: The same around the layers.
        qk_norm: What normalises queries and keys.
        positions: Rows of learned positions beside the context's; None where positions are not learned.
        head_bias: Whether the head has a bias.
        tied: Whether the head is the embedding where no key says so.
    """

    gated: bool = True
    qkv_bias: bool = False
    out_bias: bool = True
    mlp_bias: bool = False
    norms: int = 2
    final_norms: int = 1
    qk_norm: QkNorm = QkNorm.NONE
    positions: int | None = None
    head_bias: bool = False
    tied: bool = False


_HEAD = Traits(qk_norm=QkNorm.HEAD)
_WIDE = Traits(qk_norm=QkNorm.WIDE)
_SANDWICH = Traits(norms=4, qk_norm=QkNorm.HEAD, tied=True)
_ALL_BIASED = Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2)
_BERT = Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2, positions=0)
_QKV = Traits(qkv_bias=True, out_bias=False)
_NO_OUT = Traits(out_bias=False)

_TABLE: dict[str, Traits] = {
    "afmoe": Traits(norms=4, qk_norm=QkNorm.HEAD),
    "apertus": Traits(gated=False, qk_norm=QkNorm.HEAD),
    "arcee": Traits(gated=False),
    "baichuan": Traits(),
    "bert": _BERT,
    "bert-generation": _BERT,
    "big_bird": _BERT,
    "biogpt": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2, positions=2, tied=True),
    "bitnet": Traits(),
    "bloom": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=4, tied=True),
    "camembert": _BERT,
    "chatglm": Traits(qkv_bias=True, out_bias=False),
    "codegen": Traits(gated=False, mlp_bias=True, norms=2, final_norms=2, head_bias=True),
    "cohere": Traits(norms=1, tied=True),
    "cohere2": Traits(norms=1, tied=True),
    "cohere2_moe": Traits(norms=1, tied=True),
    "data2vec-text": _BERT,
    "distilbert": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2, positions=0),
    "electra": _BERT,
    "ernie": _BERT,
    "eurobert": Traits(),
    "exaone": Traits(),
    "exaone4": _HEAD,
    "exaone_moe": _HEAD,
    "falcon": Traits(gated=False, norms=2, final_norms=2, tied=True),
    "flex_olmo": _WIDE,
    "gemma": Traits(tied=True),
    "gemma2": Traits(norms=4, tied=True),
    "gemma3_text": _SANDWICH,
    "gemma3n_text": _SANDWICH,
    "gemma4_text": _SANDWICH,
    "gemma4_unified_text": _SANDWICH,
    "glm": _NO_OUT,
    "glm4": Traits(norms=4, out_bias=False),
    "glm4_moe": _NO_OUT,
    "glm4v_text": Traits(norms=4, out_bias=False, qkv_bias=True),
    "glm4v_moe_text": _NO_OUT,
    "glm_ocr_text": Traits(norms=4, out_bias=False),
    "gpt2": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2, positions=0, tied=True),
    "gpt_bigcode": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2, positions=0, tied=True),
    "gpt_neo": Traits(gated=False, mlp_bias=True, norms=4, final_norms=2, positions=0, tied=True),
    "gpt_neox": _ALL_BIASED,
    "gpt_neox_japanese": Traits(gated=False, norms=4, final_norms=2),
    "gptj": Traits(gated=False, mlp_bias=True, norms=2, final_norms=2, head_bias=True),
    "hunyuan_v1_dense": _HEAD,
    "hunyuan_v1_moe": _HEAD,
    "hy_v3": _HEAD,
    "internlm2": Traits(),
    "internlm3": Traits(out_bias=False),
    "jais": Traits(gated=True, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2),
    "jina_embeddings_v3": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2),
    "kimi_linear": Traits(),
    "laguna": _HEAD,
    "lfm2": _HEAD,
    "lfm2_moe": _HEAD,
    "mellum": _HEAD,
    "longcat_flash": Traits(norms=4),
    "megatron-bert": _BERT,
    "minicpm": Traits(tied=True),
    "minimax_m2": _WIDE,
    "minimax_m3_vl_text": _HEAD,
    "modernbert": Traits(),
    "mpt": Traits(gated=False, norms=2, final_norms=1, tied=True),
    "nemotron": Traits(gated=False, norms=4, final_norms=2),
    "new": Traits(qkv_bias=True, norms=4, final_norms=2),
    "nomic_bert": Traits(norms=4, final_norms=2),
    "olmo": Traits(norms=0, final_norms=0),
    "olmo2": _WIDE,
    "olmo3": _WIDE,
    "olmo_hybrid": _WIDE,
    "olmoe": _WIDE,
    "opt": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2, positions=2, tied=True),
    "orion": Traits(norms=4, final_norms=2),
    "persimmon": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2, qk_norm=QkNorm.HEAD),
    "phi": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=2, final_norms=2, head_bias=True),
    "phimoe": Traits(norms=4, final_norms=2),
    "plamo2": _SANDWICH,
    "plamo3": Traits(norms=4, qk_norm=QkNorm.HEAD),
    "qwen": _QKV,
    "qwen2": _QKV,
    "qwen2_5_omni_text": _QKV,
    "qwen2_5_vl": _QKV,
    "qwen2_5_vl_text": _QKV,
    "qwen2_moe": _QKV,
    "qwen2_vl": _QKV,
    "qwen2_vl_text": _QKV,
    "qwen3": _HEAD,
    "qwen3_5_moe_text": _HEAD,
    "qwen3_5_text": _HEAD,
    "qwen3_moe": _HEAD,
    "qwen3_next": _HEAD,
    "qwen3_omni_moe_text": _HEAD,
    "qwen3_vl_moe_text": _HEAD,
    "qwen3_vl_text": _HEAD,
    "roberta": _BERT,
    "roberta-prelayernorm": _BERT,
    "roformer": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=4, final_norms=2),
    "seed_oss": Traits(qkv_bias=True, out_bias=False),
    "stablelm": Traits(norms=4, final_norms=2, out_bias=False),
    "starcoder2": _ALL_BIASED,
    "step3p5": _HEAD,
    "whisper": Traits(gated=False, qkv_bias=True, mlp_bias=True, norms=6, final_norms=2, positions=0, tied=True),
    "xlm-roberta": _BERT,
}
_PLAIN = frozenset({
    "aquila", "aria_text", "bailing_moe", "bamba", "cwm", "dbrx", "decilm", "deepseek", "deepseek_v2", "deepseek_v3",
    "deepseek_v32", "deepseek_v4", "deepseek_vl_v2", "dots1", "ernie4_5", "ernie4_5_moe", "ernie4_5_moe_vl",
    "ernie4_5_vl_moe_text", "falcon_h1", "falcon_mamba", "glm4_moe_lite", "glm5_next_text", "glm_moe_dsa", "gpt_oss",
    "granite", "granitemoe", "granitemoehybrid", "granitemoeshared", "helium", "hy_v4", "hyperclovax", "jamba",
    "kimi_k2", "kimi_k3", "kimi_vl", "llama", "llama4_text", "mamba", "mamba2", "mimo", "mimo_v2_flash", "minicpm3",
    "minimax", "ministral", "ministral3", "mistral", "mistral4", "mixtral", "mllama_text_model", "nemotron-nas",
    "nemotron_h", "phi3", "phi3_v", "phi4_multimodal", "phi4mm", "pixtral", "smollm3", "solar", "solar_open",
    "step3_text", "vaultgemma", "xverse", "yi", "zamba2",
})  # fmt: skip
_OTHER_NAMES = {
    "RefinedWeb": "falcon",
    "RefinedWebModel": "falcon",
    "cohere2_vision": "cohere2",
    "gemma3": "gemma3_text",
    "gemma3n": "gemma3n_text",
    "gemma4": "gemma4_text",
    "hunyuan": "hunyuan_v1_moe",
    "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text",
    "deepseek_ref": "deepseek_v4",
    "minicpmo": "qwen2",
    "minicpmv": "qwen2",
    "minimax_m3": "minimax_m3_vl_text",
    "step3p7": "step3p5",
    "step3p5_text": "step3p5",
    "qwen2_5_omni_thinker": "qwen2_5_omni_text",
    "stablelm_epoch": "stablelm",
    "xlm-roberta-xl": "xlm-roberta",
}


def traits_of(model_type: str) -> Traits:
    """Return what is fixed for a model type; a plain Llama's for one that is not known."""
    return _TABLE.get(_OTHER_NAMES.get(model_type, model_type), Traits())


def is_known(model_type: str) -> bool:
    """Whether the type's layers have been read off its source."""
    name = _OTHER_NAMES.get(model_type, model_type)
    return name in _PLAIN or name in _TABLE
