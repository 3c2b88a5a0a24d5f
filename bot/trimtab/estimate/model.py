"""A model's shape from its configuration: layers, what stands around them, its context."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

from trimtab.estimate.attention import attention_layer, head_sizes
from trimtab.estimate.config import ConfigError, Keys, language_part, parse_config
from trimtab.estimate.feedforward import dense, dense_size, has_experts, moe_of, routed
from trimtab.estimate.layout import Mix, mixes, pattern_of
from trimtab.estimate.mixers import delta_layer, kimi_delta_layer, mamba_layer
from trimtab.estimate.shape import Layer, Moe, Parameters, Role, Shape, Split, Weight, small
from trimtab.estimate.types import Impossible
from trimtab.estimate.vision import vision_weights
from trimtab.fleet import Model

_BYTES = {"float32": 4, "float": 4, "bfloat16": 2, "float16": 2, "half": 2}
_TIED = {
    "gemma",
    "gemma2",
    "gemma3",
    "gemma3_text",
    "gemma4",
    "gemma4_text",
    "opt",
    "gpt2",
    "gpt_bigcode",
    "bloom",
    "cohere",
    "cohere2",
}
"""Model types whose head is the embedding unless their configuration says otherwise (Transformers 4.57)."""
_ENCODERS = {"bert", "roberta", "xlm-roberta", "modernbert", "nomic_bert", "new", "distilbert", "deberta-v2"}
_GENERATORS = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel")
_BASE_CONTEXT = ("su", "longrope", "llama3", "mrope", "default", "proportional")
"""Rope scalings whose context is already in `max_position_embeddings` (vLLM 0.33, `_get_and_verify_max_len`)."""


@lru_cache(maxsize=256)
def shape_of(model: Model) -> Shape | Impossible:
    """Return the model's shape, or why its configuration tells none."""
    try:
        return _shape(parse_config(model.config_json))
    except (ConfigError, RecursionError) as error:
        return Impossible(f"{model.name}: {error}")


def known_shape(model: Model) -> Shape:
    """Return the model's shape.

    Raises:
        ConfigError: Its configuration tells none.
    """
    shape = shape_of(model)
    if isinstance(shape, Impossible):
        raise ConfigError(shape.reason)
    return shape


def parameters(model: Model) -> Parameters | Impossible:
    """Return how many parameters a model has; a quantised one's count is of its unquantised form."""
    shape = shape_of(model)
    if isinstance(shape, Impossible):
        return shape
    totals = dict.fromkeys(Role, 0)
    for weight in (*shape.outer, *(weight for layer in shape.layers for weight in layer.weights)):
        totals[weight.role] += weight.parameters
    chosen = shape.moe.experts_per_token / shape.moe.experts if shape.moe else 1
    head = totals[Role.HEAD] or totals[Role.EMBEDDING]
    active = totals[Role.DENSE] + int(totals[Role.EXPERT] * chosen) + head
    return Parameters(sum(totals.values()), active)


def max_context(model: Model) -> int | Impossible:
    """Return the longest context a model was made for, tokens, with its rope scaling."""
    shape = shape_of(model)
    return shape if isinstance(shape, Impossible) else shape.max_positions


def divides_heads(model: Model, tensor_parallel_size: int) -> bool:
    """Whether tensor parallelism of this size divides the model's attention heads; False for an unknown model."""
    shape = shape_of(model)
    if isinstance(shape, Impossible) or tensor_parallel_size < 1:
        return False
    return all(layer.heads % tensor_parallel_size == 0 for layer in shape.layers)


def _shape(top: Keys) -> Shape:
    keys = language_part(top)
    hidden = keys.integer("hidden_size", "n_embd", "d_model", least=1, most=1_000_000)
    vocabulary = keys.integer("vocab_size", "padded_vocab_size", least=1, most=100_000_000)
    heads = head_sizes(keys)
    if heads.heads % heads.kv_heads and not keys.has("block_configs"):
        raise ConfigError(f"{heads.heads} attention heads are not shared by {heads.kv_heads} key-value heads")
    moe = moe_of(keys)
    vision = vision_weights(top, hidden)
    scheme = top.within("quantization_config", "compression_config").tree or keys.within("quantization_config").tree
    return Shape(
        model_type=keys.text("model_type") or top.text("model_type"),
        dtype_bytes=_BYTES.get(keys.text("dtype", "torch_dtype") or top.text("dtype", "torch_dtype"), 2),
        hidden=hidden,
        intermediate=dense_size(keys),
        vocabulary=vocabulary,
        heads=heads.heads,
        kv_heads=heads.kv_heads,
        max_positions=_context(keys),
        layers=_layers(keys, moe),
        prefix=_prefix(top, keys),
        outer=(*_outer(top, keys, hidden, vocabulary), *vision),
        rope_bytes=_rope_bytes(keys, heads.head_dim),
        moe=moe,
        vision=bool(vision),
        generates=_generates(top, keys),
        scheme_json=json.dumps({**scheme, "expert_dtype": keys.text("expert_dtype")}) if scheme else "",
    )


def _generates(top: Keys, keys: Keys) -> bool:
    names = [str(name) for name in (*top.items("architectures"), *keys.items("architectures"))]
    if keys.text("model_type") in _ENCODERS:
        return False
    return not names or any(name.endswith(_GENERATORS) for name in names)


def _prefix(top: Keys, keys: Keys) -> str:
    """Return what the names of layers start with in the checkpoint: ignore lists use it."""
    if keys.text("model_type").startswith("nemotron_h"):
        return "backbone.layers"
    return "model.layers" if keys is top else "model.language_model.layers"


# ------------------------------------------------------------------------------------------------------------- layers


def _layers(keys: Keys, moe: Moe | None) -> tuple[Layer, ...]:
    """Return the layers; equal ones are built once."""
    blocks = keys.items("block_configs")
    if blocks:
        return tuple(_searched(keys, block) for block in blocks)
    pattern = pattern_of(keys)
    kinds = mixes(keys)
    ratios = keys.items("compress_ratios")
    built: dict[tuple[object, ...], Layer] = {}
    layers = []
    for index, mix in enumerate(kinds):
        experts = moe is not None and (pattern[index] == "E" if pattern else has_experts(keys, index))
        feeds = not pattern or mix is Mix.NONE
        ratio = ratios[index] if index < len(ratios) else None
        kind = (mix, experts, feeds, ratio)
        if kind not in built:
            mixing = _mixing(keys, mix, index)
            feeding = _feeding(keys, moe if experts else None, pattern) if feeds else ()
            norms = small("norms", 2 * keys.integer("hidden_size", "n_embd", "d_model"))
            built[kind] = replace(mixing, weights=(*mixing.weights, *feeding, norms))
        layers.append(built[kind])
    return tuple(layers)


def _mixing(keys: Keys, mix: Mix, index: int) -> Layer:
    if mix is Mix.NONE:
        return Layer(())
    if mix is Mix.MAMBA:
        return mamba_layer(keys)
    if mix is Mix.DELTA:
        return delta_layer(keys)
    if mix is Mix.KIMI_DELTA:
        return kimi_delta_layer(keys)
    layer = attention_layer(keys, index, windowed=mix is Mix.WINDOW, chunked=mix is Mix.CHUNK)
    return replace(layer, caches=()) if keys.text("model_type") in _ENCODERS else layer


def _feeding(keys: Keys, moe: Moe | None, pattern: str) -> tuple[Weight, ...]:
    name = "mixer" if pattern else "mlp"
    if moe is None:
        return dense(keys, dense_size(keys), name)
    both = dense(keys, dense_size(keys), name) if keys.flag("enable_moe_block") else ()
    return (*both, *routed(keys, moe, name))


def _searched(keys: Keys, block: object) -> Layer:
    """One layer of a model found by architecture search (Nemotron-NAS): some have no attention, some a thin MLP."""
    if not isinstance(block, dict):
        raise ConfigError("block_configs holds something that is no object")
    own = Keys(block, "block_configs[]")
    hidden = keys.integer("hidden_size", least=1)
    attention, feed = own.within("attention"), own.within("ffn")
    layer = Layer(())
    if not attention.flag("no_op") and not attention.flag("replace_with_linear"):
        group = attention.integer("n_heads_in_group", least=1)
        heads = keys.integer("num_attention_heads", least=1)
        layer = attention_layer(Keys({**keys.tree, "num_key_value_heads": max(1, heads // group)}), 0, windowed=False)
    if feed.flag("no_op"):
        return layer
    wanted = int(2 * feed.number("ffn_mult", default=4.0, most=1_000) * hidden / 3)
    return replace(layer, weights=(*layer.weights, *dense(keys, -(-wanted // 256) * 256), small("norms", 2 * hidden)))


# ----------------------------------------------------------------------------------------------------- what is around


def _outer(top: Keys, keys: Keys, hidden: int, vocabulary: int) -> tuple[Weight, ...]:
    """Return embedding, head and final norm; a tied head is the embedding itself."""
    wide = keys.integer("word_embed_proj_dim", default=hidden, least=1)
    embedding = Weight("embed_tokens", ((vocabulary, 1),), wide, Split.VOCAB, Role.EMBEDDING, plain=True)
    positions: tuple[Weight, ...] = ()
    if keys.text("model_type") in _ENCODERS | {"opt", "gpt2", "gpt_bigcode"}:
        positions = (small("embed_positions", _context(keys) * hidden),)
    tied = keys.flag("tie_word_embeddings", default=keys.text("model_type") in _TIED) or top.flag("tie_word_embeddings")
    if tied or not _generates(top, keys):
        return (embedding, *positions, small("norm", hidden))
    head = Weight("lm_head", ((vocabulary, 1),), wide, Split.VOCAB, Role.HEAD, bias=keys.flag("lm_head_bias"))
    return (embedding, *positions, small("norm", hidden), head)


def _context(keys: Keys) -> int:
    names = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length", "model_max_length")
    longest = keys.integer(*names, default=2048, least=1)
    scaling = keys.within("rope_scaling") if keys.within("rope_scaling").tree else keys.within("rope_parameters")
    kind = scaling.text("rope_type", "type", default="default")
    if not scaling.has("factor") or kind in _BASE_CONTEXT or keys.text("model_type").startswith("gemma3"):
        return longest
    if kind == "yarn":
        longest = scaling.integer("original_max_position_embeddings", default=longest, least=1)
    return int(longest * scaling.number("factor", least=0, most=1_000_000))


def _rope_bytes(keys: Keys, head_dim: int) -> int:
    """Return the table of rotary angles: one row of sines and cosines for each position, in 16 bits.

    Source: vLLM 0.19, layers/rotary_embedding/base.py, `_compute_cos_sin_cache`. Seen: 2.5 GiB for Llama 4 Scout.
    """
    if keys.text("model_type") in _ENCODERS | {"opt", "gpt2", "gpt_bigcode", "bloom"}:
        return 0
    part = keys.number("partial_rotary_factor", default=1.0, most=1)
    turned = keys.integer("rotary_dim", "qk_rope_head_dim", default=int(head_dim * part))
    return _context(keys) * turned * 2
