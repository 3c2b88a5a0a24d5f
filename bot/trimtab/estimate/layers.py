"""The layers of a model in order, each with its weights and what it keeps of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from trimtab.estimate.attention import attention_layer
from trimtab.estimate.config import ConfigError, Keys
from trimtab.estimate.feedforward import dense, feeding, has_experts
from trimtab.estimate.layout import Mix, mixes, pattern_of
from trimtab.estimate.mamba import mamba_layer
from trimtab.estimate.mixers import conv_layer, delta_layer, kimi_delta_layer, lightning_layer
from trimtab.estimate.shape import Keep, Layer, Moe, Split, Weight, linear, small
from trimtab.estimate.sizes import hidden_of
from trimtab.estimate.traits import traits_of
from trimtab.estimate.zamba import zamba_layers

_MIXERS: Mapping[Mix, Callable[[Keys], Layer]] = {
    Mix.MAMBA: mamba_layer,
    Mix.DELTA: delta_layer,
    Mix.KIMI_DELTA: kimi_delta_layer,
    Mix.LIGHTNING: lightning_layer,
    Mix.CONV: conv_layer,
}
_NO_FEED = {"mamba", "mamba2", "falcon_mamba"}


def layers_from(keys: Keys, moe: Moe | None) -> tuple[Layer, ...]:
    """Return the layers; equal ones are built once.

    Raises:
        ConfigError: A size is missing or out of bounds, or lists contradict the number of layers.
    """
    blocks = keys.layer_list("block_configs")
    if blocks:
        return tuple(_searched(keys, block) for block in blocks)
    if keys.text("model_type") == "zamba2":
        return zamba_layers(keys)
    pattern = pattern_of(keys)
    built: dict[tuple[object, ...], Layer] = {}
    layers = []
    for index, mix in enumerate(mixes(keys)):
        experts = moe is not None and (pattern[index] == "E" if pattern else has_experts(keys, index))
        kind = (mix, experts, *_own(keys, index))
        if kind not in built:
            built[kind] = _layer(keys, moe if experts else None, mix, index, pattern)
        layers.append(built[kind])
    return tuple(layers)


def _own(keys: Keys, index: int) -> tuple[object, ...]:
    """Return what else tells one layer from another: entries of lists with one for each layer."""
    names = (
        "compress_ratios",
        "intermediate_size",
        "num_key_value_heads_per_layer",
        "num_attention_heads_per_layer",
        "layer_types",
    )
    lists = [keys.layer_list(name) for name in names]
    shares = keys.integer("num_kv_shared_layers", default=0)
    special = str(keys.within("per_layer_config").tree.get(f"{index:02d}", ""))
    last = bool(shares) and index >= keys.integer("num_hidden_layers", default=0) - shares
    return (*(str(items[index]) if index < len(items) else "" for items in lists), special, last)


def _layer(keys: Keys, moe: Moe | None, mix: Mix, index: int, pattern: str) -> Layer:
    hidden = hidden_of(keys)
    mixing = _mixing(keys, mix, index)
    model_type = keys.text("model_type")
    if model_type == "longcat_flash":
        return _shortcut(keys, moe, mixing, index)
    feeds = mix is Mix.NONE if pattern else model_type not in _NO_FEED
    weights = feeding(keys, index, moe, "mixer" if pattern else "mlp") if feeds else ()
    norms = 1 if pattern or model_type in _NO_FEED else _norms(keys, model_type)
    return replace(mixing, weights=(*mixing.weights, *weights, small("norms", norms * hidden), *_extras(keys, hidden)))


def _shortcut(keys: Keys, moe: Moe | None, mixing: Layer, index: int) -> Layer:
    """LongCat: attention and a dense part, twice, and experts beside both (vLLM 0.33, longcat_flash.py)."""
    weights: list[Weight] = []
    for number in range(2):
        name = f"self_attn.{number}."
        weights += [replace(weight, name=weight.name.replace("self_attn.", name)) for weight in mixing.weights]
        weights += dense(keys, keys.integer("ffn_hidden_size", "intermediate_size", least=1), f"mlps.{number}")
    weights += feeding(keys, index, moe) if moe else ()
    return Layer((*weights, small("norms", 4 * hidden_of(keys))), mixing.caches * 2, mixing.heads)


def _norms(keys: Keys, model_type: str) -> int:
    """Return the vectors of the hidden size that a layer has for normalising."""
    if model_type == "falcon":
        sides = 2 if keys.flag("new_decoder_architecture") else 1
        sides = keys.integer("num_ln_in_parallel_attn", default=sides, most=2)
        return 2 * sides if keys.flag("parallel_attn", default=True) else 4
    if model_type == "stablelm" and keys.flag("use_parallel_residual"):
        return 2
    return traits_of(model_type).norms


def _extras(keys: Keys, hidden: int) -> tuple[Weight, ...]:
    """What Gemma 3n and 4 have in each layer beside attention and feed-forward (vLLM 0.33, gemma3n.py, gemma4.py)."""
    if not keys.text("model_type").startswith(("gemma3n", "gemma4")):
        return ()
    each = keys.integer("hidden_size_per_layer_input", default=0)
    weights = []
    if each:
        weights.append(linear("per_layer_input_gate", each, hidden, Split.NONE))
        weights.append(linear("per_layer_projection", hidden, each, Split.NONE))
        weights.append(small("post_per_layer_input_norm", hidden))
    rank, streams = keys.integer("laurel_rank", default=0), keys.integer("altup_num_inputs", default=0, most=64)
    if rank:
        weights.append(linear("laurel.linear_left", rank, hidden))
        weights.append(linear("laurel.linear_right", hidden, rank, Split.IN))
        weights.append(small("altup", 3 * hidden + streams * hidden + streams**2 + streams**3))
    return tuple(weights)


def _mixing(keys: Keys, mix: Mix, index: int) -> Layer:
    if mix is Mix.NONE:
        return Layer(())
    if mix in _MIXERS:
        return _MIXERS[mix](keys)
    layer = attention_layer(keys, index, windowed=mix is Mix.WINDOW, chunked=mix is Mix.CHUNK)
    if keys.text("model_type") == "whisper":
        return _crossed(keys, layer)
    if mix is Mix.BESIDE:
        state = mamba_layer(keys)
        return Layer((*layer.weights, *state.weights), (*layer.caches, *state.caches), layer.heads)
    return layer


def _crossed(keys: Keys, layer: Layer) -> Layer:
    """Whisper's decoder: a second attention over the encoder's output, of one length (vLLM 0.33, whisper.py)."""
    again = [replace(weight, name=weight.name.replace("self_attn", "encoder_attn")) for weight in layer.weights]
    span = keys.integer("max_source_positions", default=1500, least=1)
    caches = tuple(replace(cache, keep=Keep.CHUNK, span=span) for cache in layer.caches)
    return Layer((*layer.weights, *again), (*layer.caches, *caches), layer.heads)


def _searched(keys: Keys, block: object) -> Layer:
    """One layer of a model found by architecture search (Nemotron-NAS): some have no attention, some a thin MLP."""
    if not isinstance(block, dict):
        raise ConfigError("block_configs holds something that is no object")
    own = Keys(block, "block_configs[]")
    hidden = keys.integer("hidden_size", least=1)
    attention, feed = own.within("attention"), own.within("ffn")
    layer = Layer((small("norms", hidden),))
    if attention.flag("no_op"):
        layer = Layer(())
    elif attention.flag("replace_with_linear"):
        layer = Layer((linear("self_attn.linear_attn", hidden, hidden), small("norms", hidden)))
    else:
        heads = keys.integer("num_attention_heads", least=1)
        kv_heads = attention.integer("num_key_value_heads", default=0)
        kv_heads = kv_heads or max(1, heads // attention.integer("n_heads_in_group", least=1))
        grouped = Keys({**keys.tree, "num_key_value_heads": kv_heads})
        layer = attention_layer(grouped, 0, windowed=False)
        layer = replace(layer, weights=(*layer.weights, small("norms", hidden)))
    if feed.flag("no_op"):
        return layer
    if feed.flag("replace_with_linear"):
        return replace(
            layer, weights=(*layer.weights, linear("mlp.linear_mlp", hidden, hidden), small("norms", hidden))
        )
    wanted = int(2 * feed.number("ffn_mult", default=4.0, most=1_000) * hidden / 3)
    size = feed.integer("intermediate_size", default=-(-wanted // 256) * 256)
    return replace(layer, weights=(*layer.weights, *dense(keys, size), small("norms", hidden)))
