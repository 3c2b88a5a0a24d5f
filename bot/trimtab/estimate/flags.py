"""Reads an engine's own command line into the vocabulary of settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trimtab.fleet import Scalar

_FLAGS: Mapping[str, tuple[str, ...]] = {
    "max_model_len": ("max-model-len", "context-length", "max-total-tokens", "max-seq-len", "ctx-size"),
    "max_num_seqs": ("max-num-seqs", "max-running-requests", "max-concurrent-requests", "max-batch-size"),
    "max_num_batched_tokens": (
        "max-num-batched-tokens",
        "chunked-prefill-size",
        "max-batch-prefill-tokens",
        "max-num-tokens",
    ),
    "gpu_memory_utilization": ("gpu-memory-utilization", "mem-fraction-static", "cuda-memory-fraction"),
    "tensor_parallel_size": ("tensor-parallel-size", "tp-size", "tp", "num-shard"),
    "pipeline_parallel_size": ("pipeline-parallel-size", "pp-size", "pp"),
    "data_parallel_size": ("data-parallel-size", "dp-size", "dp"),
    "expert_parallel_size": ("expert-parallel-size", "ep-size", "ep"),
    "quantization": ("quantization", "quantize"),
    "dtype": ("dtype",),
    "kv_cache_dtype": ("kv-cache-dtype",),
    "block_size": ("block-size", "page-size"),
    "swap_space": ("swap-space",),
    "max_loras": ("max-loras", "max-loras-per-batch"),
    "max_lora_rank": ("max-lora-rank",),
    "speculative_config": ("speculative-config",),
    "revision": ("revision",),
    "model": ("model", "model-path", "model-id"),
}
"""Spellings of vLLM 0.33, SGLang 0.5, TGI 3 and trtllm-serve 1.0 by word of the vocabulary."""
_SWITCHES: Mapping[str, tuple[str, Scalar]] = {
    "enforce-eager": ("enforce_eager", True),
    "no-enforce-eager": ("enforce_eager", False),
    "disable-cuda-graph": ("enforce_eager", True),
    "enable-prefix-caching": ("enable_prefix_caching", True),
    "no-enable-prefix-caching": ("enable_prefix_caching", False),
    "disable-radix-cache": ("enable_prefix_caching", False),
    "enable-expert-parallel": ("expert_parallel_size", "enabled"),
    "enable-lora": ("enable_lora", True),
    "language-model-only": ("language_model_only", True),
}
_SHORT = {"-tp": "tp", "-pp": "pp", "-dp": "dp", "-ep": "ep", "-q": "quantization", "-c": "ctx-size"}
_WORDS = {flag: word for word, flags in _FLAGS.items() for flag in flags}
_KNOWN = (*_WORDS, *_SWITCHES)
_NUMBERS = set(_FLAGS) - {"quantization", "dtype", "kv_cache_dtype", "revision", "model", "speculative_config"}
_HUMAN = re.compile(r"(\d+(?:\.\d+)?)([kKmMgG])")
_SCALES = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
"""vLLM's human-readable integers: `32k` is 32,000, `32K` is 32,768."""


@dataclass(frozen=True, slots=True)
class Flags:
    """A command line taken apart.

    Attributes:
        settings: What it sets, in the vocabulary's words.
        unknown: Flags that mean nothing to the estimate, as written, in order.
    """

    settings: Mapping[str, Scalar]
    unknown: tuple[str, ...]


def parse_flags(words: Sequence[str]) -> Flags:
    """Return what an engine's command line sets.

    Takes `--flag value`, `--flag=value`, `_` for `-`, prefixes that only one known flag has, and short forms. The last
    of a repeated flag holds, as with the engines themselves. Words before the first flag (`vllm serve MODEL`) are
    passed over.
    """
    settings: dict[str, Scalar] = {}
    unknown: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not _is_flag(word):
            continue
        written, equals, value = word.partition("=")
        name = _full_name(written)
        if name in _SWITCHES:
            field, meaning = _SWITCHES[name]
            settings[field] = meaning if value.lower() not in {"false", "0"} else not meaning
            continue
        if not equals and rest and not _is_flag(rest[0]):
            value = rest.pop(0)
        if name in _WORDS:
            settings[_WORDS[name]] = _typed(_WORDS[name], value)
        else:
            unknown.append(written)
    return Flags(settings, tuple(unknown))


def _is_flag(word: str) -> bool:
    return word.startswith("-") and not re.fullmatch(r"-\d+(\.\d+)?", word)


def _full_name(written: str) -> str:
    """Return a flag's full name without dashes; itself where it is unknown or stands for several."""
    if written in _SHORT:
        return _SHORT[written]
    name = written.lstrip("-").replace("_", "-")
    if name in _KNOWN or not written.startswith("--"):
        return name
    longer = {known for known in _KNOWN if known.startswith(name)}
    return longer.pop() if len(longer) == 1 else name


def _typed(word: str, value: str) -> Scalar:
    """Return a number where the word takes one and the text is one; the text otherwise, for the estimate to refuse."""
    if word not in _NUMBERS:
        return value
    human = _HUMAN.fullmatch(value)
    if human:
        return int(float(human[1]) * _SCALES[human[2]])
    try:
        return float(value) if "." in value or "e" in value.lower() else int(value)
    except ValueError:
        return value
