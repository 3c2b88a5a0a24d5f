"""Quantised repacks: what a checkpoint's name says of its base and of how its weights are stored."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_W4_GROUP = 128
"""Group size that every public 4-bit recipe uses unless its name says `g32` or `g64`."""


@dataclass(frozen=True, slots=True)
class Repack:
    """A name taken apart.

    Attributes:
        base: The name without the scheme's words, without an organisation.
        scheme_json: The `quantization_config` that such a checkpoint carries.
        words: The words of the name that say so.
    """

    base: str
    scheme_json: str
    words: str


def read_repack(name: str) -> Repack | None:
    """Return what `name` says of its quantisation, None where it says nothing that is clear.

    A bare `-GGUF` is not clear: one repository holds many schemes; `…-GGUF:Q4_K_M` and `….Q4_K_M.gguf` are.
    """
    last = name.rstrip("/").rsplit("/", 1)[-1]
    for pattern, scheme in _PATTERNS:
        match = pattern.search(last)
        if match and match.start() > 0:
            return Repack(last[: match.start()], json.dumps(scheme | _group(match)), match.group().strip("-_. "))
    return None


def with_scheme(config_json: str, name: str) -> str:
    """Return the configuration with the quantisation that `name` tells, unless the configuration has its own."""
    repack = read_repack(name)
    try:
        tree = json.loads(config_json)
    except (ValueError, RecursionError):
        return config_json
    if repack is None or not isinstance(tree, dict) or tree.get("quantization_config"):
        return config_json
    return json.dumps(tree | {"quantization_config": json.loads(repack.scheme_json)})


def _group(match: re.Match[str]) -> dict[str, int]:
    size = match.groupdict().get("group")
    return {"group_size": int(size)} if size else {}


def _compressed(bits: int, kind: str, strategy: str, group: int | None = None) -> dict[str, object]:
    """A `compressed-tensors` scheme, as llm-compressor writes it (vllm-project/llm-compressor 0.8)."""
    weights = {"num_bits": bits, "type": kind, "strategy": strategy, "group_size": group, "symmetric": True}
    groups = {"group_0": {"targets": ["Linear"], "weights": weights}}
    return {"quant_method": "compressed-tensors", "config_groups": groups, "ignore": ["lm_head"]}


_AWQ: dict[str, object] = {"quant_method": "awq", "bits": 4, "group_size": _W4_GROUP, "zero_point": True}
_GPTQ: dict[str, object] = {"quant_method": "gptq", "bits": 4, "group_size": _W4_GROUP, "sym": True, "desc_act": False}
_BNB: dict[str, object] = {
    "quant_method": "bitsandbytes",
    "load_in_4bit": True,
    "bnb_4bit_quant_type": "nf4",
    "bnb_4bit_use_double_quant": True,
}
_FP8: dict[str, object] = {"quant_method": "fp8", "activation_scheme": "dynamic"}
_FP8_BLOCK: dict[str, object] = _FP8 | {"weight_block_size": [128, 128]}
_GROUP = r"(?:[-_]?g(?P<group>32|64|128))?"


def _end(words: str) -> re.Pattern[str]:
    return re.compile(rf"[-_.](?:{words})$", re.IGNORECASE)


def _gguf(kind: str) -> re.Pattern[str]:
    return re.compile(rf"[-_.:/](?:gguf[:/])?(?:ud-)?{kind}(?:-\d{{5}}-of-\d{{5}})?(?:[-_.]gguf)?$", re.IGNORECASE)


_NAMED: tuple[tuple[re.Pattern[str], dict[str, object]], ...] = (
    (_end(r"(?:unsloth-)?bnb-4bit|bnb|nf4"), _BNB),
    (_end(rf"(?:quantized[-_.])?w4a16{_GROUP}"), _compressed(4, "int", "group", _W4_GROUP)),
    (_end(r"fp8[-_](?:dynamic|kv)"), _compressed(8, "float", "channel")),
    (_end(r"fp8[-_]block(?:[-_]dynamic)?"), _FP8_BLOCK),
    (_end(r"nvfp4(?:a16)?|fp4"), {"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["lm_head"]}),
    (_end(rf"awq(?:[-_](?:4bit|int4|w4a16|marlin))*{_GROUP}"), _AWQ),
    (_end(r"gptq[-_](?:int8|8bit)"), _GPTQ | {"bits": 8}),
    (_end(rf"(?:gptq(?:[-_](?:int4|4bit|w4a16))*|autoround|int4){_GROUP}"), _GPTQ),
    (_end(r"quantized[-_.]w8a(?:8|16)|w8a(?:8|16)|int8"), _compressed(8, "int", "channel")),
    (_end(r"fp8"), _FP8),
)
_GGUF_TYPES = (
    "q2_k_s", "q2_k_l", "q2_k_xl", "q2_k", "q3_k_s", "q3_k_m", "q3_k_l", "q3_k_xl", "q4_0", "q4_1", "q4_k_s",
    "q4_k_m", "q4_k_l", "q4_k_xl", "q5_0", "q5_1", "q5_k_s", "q5_k_m", "q5_k_l", "q5_k_xl", "q6_k_l", "q6_k_xl",
    "q6_k", "q8_0", "q8_k_xl", "iq1_s", "iq1_m", "iq2_xxs", "iq2_xs", "iq2_s", "iq2_m", "iq3_xxs", "iq3_xs",
    "iq3_s", "iq3_m", "iq4_xs", "iq4_nl", "tq1_0", "f16", "bf16", "f32",
)  # fmt: skip
"""Types of llama.cpp's `quantize` (b6500) and the sizes that repackers add (`_L`, `_XL`, with or without `UD-`)."""
_PATTERNS = (
    *_NAMED,
    *((_gguf(kind), dict[str, object](quant_method="gguf", gguf_type=kind.upper())) for kind in _GGUF_TYPES),
)
