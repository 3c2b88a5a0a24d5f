"""How each weight is stored: quantisation configurations of every maker, read into one question and answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from trimtab.estimate.config import ConfigError, Keys, parse_config
from trimtab.estimate.formats import Format, by_name, gguf, integer, plain
from trimtab.estimate.ignore import Ignored

_FUSED = {
    "q_proj": ("q_proj", "qkv_proj", "k_proj", "v_proj", "qkv", "q_a_proj", "wq_a"),
    "q_a_proj": ("q_a_proj", "kv_a_proj_with_mqa", "fused_qkv_a_proj", "wq_a"),
    "gate_proj": ("gate_proj", "up_proj", "gate_up_proj", "w1", "w3"),
    "down_proj": ("down_proj", "w2"),
    "in_proj_qkv": ("in_proj_qkv", "in_proj_qkvz"),
    "in_proj": ("in_proj",),
}
"""Names that one fused weight may have in a list; the first that is listed decides."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A checkpoint's quantisation.

    Attributes:
        default: How a linear layer is stored unless something below says otherwise.
        ignored: Exact names, prefixes, wildcards (`*`) and expressions (`re:`) of what stays unquantised.
        layers: Formats by exact name, where a list names them one by one.
        only: Words in the names of the only weights that are quantised; empty for all.
        experts: How routed experts are stored, where that differs from the default.
        head: Whether the head is quantised too.
        embedding: How the embedding is stored.
        kv_cache_dtype: `fp8` where the checkpoint brings scales for it, else empty.
        method: The configuration's `quant_method`.
    """

    default: Format
    ignored: Ignored = field(default_factory=Ignored)
    layers: Mapping[str, Format] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    experts: Format | None = None
    head: bool = False
    embedding: Format = field(default_factory=plain)
    kv_cache_dtype: str = ""
    method: str = ""

    def of(self, name: str) -> Format:
        """Return how the weight with this full name (`model.layers.3.mlp.gate_proj`) is stored."""
        names = _spellings(name)
        if self.layers:
            listed = next((self.layers[other] for other in names if other in self.layers), None)
            return listed or plain()
        if name.endswith("lm_head") and not self.head:
            return plain()
        if self.only and not any(word in name for word in self.only):
            return plain()
        if self.ignored.holds(names):
            return plain()
        return self.experts if self.experts and ".experts." in name else self.default


@lru_cache(maxsize=256)
def scheme_of(scheme_json: str, asked: str) -> Scheme:
    """Return the scheme of a checkpoint's `quantization_config`, or of the engine's `quantization` setting.

    Args:
        scheme_json: The configuration's text; empty where there is none.
        asked: The engine's setting; used only where the checkpoint has no scheme (quantisation while loading).

    Raises:
        ConfigError: The scheme is unknown.
    """
    if scheme_json:
        return _of_config(parse_config(scheme_json))
    return _of_setting(asked)


def _of_setting(asked: str) -> Scheme:
    """Quantisation while loading, or a scheme of which only the name is known."""
    name = asked.strip().lower().replace("-", "_")
    if name in {"", "none", "auto"}:
        return Scheme(plain())
    if name in {"awq", "awq_marlin", "gptq", "gptq_marlin", "marlin", "autoround", "auto_round", "int4"}:
        return Scheme(integer(4, 128, zeros="awq" in name), method=name)
    if name == "compressed_tensors":
        raise ConfigError("quantization is compressed-tensors, but the configuration does not say which scheme")
    return Scheme(by_name(name), method=name)


def _of_config(keys: Keys) -> Scheme:
    method = keys.text("quant_method").lower().replace("-", "_")
    if keys.has("quantized_layers") or keys.has("quant_algo"):
        return _modelopt(keys)
    if method == "compressed_tensors" or keys.has("config_groups"):
        return _compressed(keys)
    if method == "gguf":
        form = gguf(keys.text("gguf_type"))
        return Scheme(form, head=True, embedding=form, method=method)
    if method == "mxfp4":
        return Scheme(by_name("mxfp4"), only=(".experts.",), method=method)
    experts = by_name("mxfp4") if keys.text("expert_dtype") == "fp4" else None
    return Scheme(_simple(keys, method), _ignored(keys), experts=experts, head=keys.flag("lm_head"), method=method)


def _simple(keys: Keys, method: str) -> Format:
    """A scheme with one format for every linear layer."""
    if method in {"awq", "gptq", "auto_round", "autoround", "awq_marlin", "gptq_marlin"}:
        bits = keys.integer("bits", "w_bit", default=4, least=2, most=8)
        group = keys.integer("group_size", "q_group_size", default=128, least=-1)
        zeros = keys.flag("zero_point", default=method.startswith("awq") or not keys.flag("sym", default=True))
        return integer(bits, max(0, group), zeros=zeros, idle_zeros=not method.startswith("awq"))
    if method == "bitsandbytes":
        if keys.flag("load_in_8bit", "_load_in_8bit"):
            return by_name("int8")
        return by_name("bnb" if keys.flag("bnb_4bit_use_double_quant") else "bnb_single")
    if method in {"fp8", "fbgemm_fp8"} and keys.items("weight_block_size"):
        return by_name("fp8_block")
    return by_name(method)


def _compressed(keys: Keys) -> Scheme:
    """llm-compressor's groups: the widest group is the default, others apply where their targets say."""
    groups = keys.within("config_groups")
    formats = [(_of_weights(groups.within(name).within("weights")), groups.within(name)) for name in groups.tree]
    if not formats:
        raise ConfigError("quantization_config has no config_groups")
    named = {str(t): form for form, group in formats for t in group.items("targets") if "." in str(t)}
    default = next((form for form, group in formats if "Linear" in group.items("targets")), formats[0][0])
    cache = keys.within("kv_cache_scheme")
    return Scheme(
        default,
        _ignored(keys),
        layers=named if named and all("." in str(t) for _, group in formats for t in group.items("targets")) else {},
        kv_cache_dtype="fp8" if cache.integer("num_bits", default=0) == _BYTE_BITS else "",
        method="compressed_tensors",
    )


_BYTE_BITS = 8


def _of_weights(weights: Keys) -> Format:
    bits = weights.integer("num_bits", default=8, least=2, most=16)
    group = weights.integer("group_size", default=0, least=-1)
    strategy = weights.text("strategy")
    if weights.text("type") == "float":
        if bits == _BYTE_BITS:
            block = strategy == "block" or weights.items("block_structure")
            return by_name("fp8_block" if block else "fp8_tensor" if strategy == "tensor" else "fp8_channel")
        return by_name("mxfp4" if group == _MX_GROUP else "nvfp4")
    if bits == _BYTE_BITS and group <= 0:
        return by_name("int8")
    return integer(bits, max(0, group), zeros=not weights.flag("symmetric", default=True))


_MX_GROUP = 32


def _modelopt(keys: Keys) -> Scheme:
    """NVIDIA's Model Optimizer: one algorithm and a list of exceptions, or a list of layers."""
    cache = keys.text("kv_cache_quant_algo", "kv_cache_scheme") or keys.within("kv_cache_scheme").text("type")
    listed = keys.within("quantized_layers")
    layers = {name: by_name(listed.within(name).text("quant_algo").lower()) for name in listed.tree}
    algorithm = keys.text("quant_algo").lower()
    mixed = algorithm == "mixed_precision"
    kv_cache_dtype = "fp8" if cache else ""
    if mixed and keys.text("moe_quant_algo"):
        experts = by_name(keys.text("moe_quant_algo"))
        return Scheme(by_name("fp8_block"), experts=experts, kv_cache_dtype=kv_cache_dtype, method="modelopt")
    if mixed:
        return Scheme(plain(), layers=layers, kv_cache_dtype=kv_cache_dtype, head=True, method="modelopt")
    return Scheme(by_name(algorithm), _ignored(keys), kv_cache_dtype=kv_cache_dtype, head=True, method="modelopt")


def _ignored(keys: Keys) -> Ignored:
    names = keys.items("ignore", "exclude_modules", "modules_to_not_convert", "ignored_layers")
    return Ignored(tuple(str(name) for name in names))


def _spellings(name: str) -> tuple[str, ...]:
    """Return the names that one fused weight may have in a list, with and without the wrapper's prefix."""
    head, _, last = name.rpartition(".")
    parts = [f"{head}.{part}" if head else part for part in _FUSED.get(last, (last,))]
    bare = [part.replace(".experts.0.", ".experts.") for part in parts]
    experts = [f"{head.removesuffix('.0')}"] if head.endswith(".experts.0") else []
    moved = [*parts, *bare, *experts]
    return tuple(dict.fromkeys(other for one in moved for other in (one, *_prefixes(one))))


def _prefixes(name: str) -> tuple[str, ...]:
    for one in ("model.language_model.", "model."):
        if name.startswith(one):
            rest = name.removeprefix(one)
            others = (rest, f"model.{rest}", f"language_model.model.{rest}", f"model.language_model.{rest}")
            return (*others, *(other.replace(".mlp.", ".block_sparse_moe.") for other in others))
    return (f"language_model.{name}",)
