"""A model's shape from its configuration: layers, what stands around them, its context."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache

from trimtab.estimate.around import outer_weights, vocabulary_of
from trimtab.estimate.config import ConfigError, Keys, language_part, parse_config
from trimtab.estimate.experts import moe_of
from trimtab.estimate.feedforward import dense_size
from trimtab.estimate.layers import layers_from
from trimtab.estimate.shape import Parameters, Role, Shape
from trimtab.estimate.sizes import Heads, heads_of, hidden_of
from trimtab.estimate.towers import tower_weights, unknown_tower
from trimtab.estimate.traits import is_known
from trimtab.estimate.types import Impossible
from trimtab.fleet import Model

_BYTES = {"float32": 4, "float": 4, "bfloat16": 2, "float16": 2, "half": 2}
_ENCODERS = {
    "bert", "roberta", "xlm-roberta", "modernbert", "nomic_bert", "new", "distilbert", "deberta-v2", "electra",
    "camembert", "data2vec-text", "ernie", "jina_embeddings_v3", "eurobert",
}  # fmt: skip
_UNTURNED = {*_ENCODERS, "opt", "gpt2", "gpt_bigcode", "bloom", "mpt", "mamba", "mamba2", "falcon_mamba", "bamba"}
"""Model types without rotary positions, or with ones whose table does not count."""
_GENERATORS = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel", "ForBlockDiffusion", "ForCausalLMV")
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
    hidden, heads = hidden_of(keys), _heads(keys)
    if heads.heads % heads.kv_heads and not keys.has("block_configs", "kv_lora_rank"):
        raise ConfigError(f"{heads.heads} attention heads are not shared by {heads.kv_heads} key-value heads")
    moe = moe_of(keys)
    vision = tower_weights(top, hidden)
    generates = _generates(top, keys)
    layers = layers_from(keys, moe)
    model_type = keys.text("model_type") or top.text("model_type")
    if model_type in _ENCODERS:
        layers = tuple(replace(layer, caches=()) for layer in layers)
    doubt, share = _doubt(top, model_type)
    scheme = top.within("quantization_config", "compression_config").tree or keys.within("quantization_config").tree
    return Shape(
        model_type=model_type,
        dtype_bytes=_BYTES.get(keys.text("dtype", "torch_dtype") or top.text("dtype", "torch_dtype"), 2),
        hidden=hidden,
        intermediate=dense_size(keys),
        vocabulary=vocabulary_of(keys),
        heads=heads.heads,
        kv_heads=heads.kv_heads,
        max_positions=_context(keys),
        layers=layers,
        prefix=_prefix(top, keys),
        outer=(*outer_weights(top, keys, _context(keys), generates=generates), *vision),
        rope_bytes=_rope_bytes(keys, heads.head_dim),
        moe=moe,
        vision=bool(vision),
        generates=generates,
        scheme_json=json.dumps({**scheme, "expert_dtype": keys.text("expert_dtype")}) if scheme else "",
        doubt=doubt,
        doubt_share=share,
    )


def _heads(keys: Keys) -> Heads:
    """Return the first attention layer's sizes; a model of states alone has one head for the arithmetic's sake."""
    if keys.text("model_type") in {"mamba", "mamba2", "falcon_mamba"}:
        return Heads(1, 1, 1, 1)
    return heads_of(keys)


_LAYERS_ABOUT, _TOWER_ABOUT = 0.25, 0.06
"""How far the count of an architecture is off that is taken for a plain decoder, or whose encoder is: over the 68
generating classes of Transformers 5.23 that the estimate does not know half are within 2 %, three quarters in 22 %."""


def _doubt(top: Keys, model_type: str) -> tuple[str, float]:
    """Return why and by how much the shape may be wrong; nothing where the model's source was read."""
    if not (is_known(model_type) or is_known(top.text("model_type"))):
        kind = model_type or "without a model_type"
        return f"the architecture {kind} is not known: it is taken for a plain decoder", _LAYERS_ABOUT
    tower = unknown_tower(top)
    return (f"the encoder {tower} is not known: its size is a guess", _TOWER_ABOUT) if tower else ("", 0.0)


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


def _context(keys: Keys) -> int:
    names = (
        "max_position_embeddings", "n_positions", "max_sequence_length", "seq_length", "model_max_length",
        "max_seq_len", "n_ctx", "max_target_positions",
    )  # fmt: skip
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
    if keys.text("model_type") in _UNTURNED:
        return 0
    part = keys.number("partial_rotary_factor", default=1.0, most=1)
    turned = keys.integer("rotary_dim", "qk_rope_head_dim", default=int(head_dim * part))
    return _context(keys) * turned * 2
