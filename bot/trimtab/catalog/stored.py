"""A model from the files that stand in its folder, wherever the folder is: on the hub, on a disk, in Git."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from trimtab.fleet import Found, Model, Unknown

Tensors: TypeAlias = Mapping[str, tuple[str, tuple[int, ...]]]
"""Type (`BF16`, `F8_E4M3` …) and shape of each tensor by name, as safetensors headers give them."""


_SHARD = re.compile(r"[A-Za-z0-9][\w.-]*\.safetensors")
"""A file of weights beside the configuration; nothing with a folder in its name is ever looked at."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What was found of a model.

    Attributes:
        config: The text of `config.json`.
        quantisation: The text of `hf_quant_config.json` (TensorRT Model Optimizer); None where there is none.
        index: The text of `model.safetensors.index.json`; None where there is none.
        tensors: From the safetensors headers; empty where they were not read.
    """

    config: str
    quantisation: str | None = None
    index: str | None = None
    tensors: Tensors = field(default_factory=dict)


def model_of(name: str, parts: Parts, source: str) -> Found[Model] | Unknown:
    """Return the model; `Unknown` where its configuration is no JSON object."""
    try:
        tree = json.loads(parts.config)
    except (ValueError, RecursionError):
        return Unknown(f"{source}: config.json is no JSON")
    if not isinstance(tree, dict):
        return Unknown(f"{source}: config.json holds no JSON object")
    model = Model(
        name=name,
        config_json=with_companion(parts.config, parts.quantisation),
        source=source,
        checkpoint_bytes=_total(parts.index),
        tensors_json=json.dumps(parts.tensors, separators=(",", ":")) if parts.tensors else "",
    )
    return Found(model, source)


def with_companion(config: str, companion: str | None) -> str:
    """Return a configuration with the quantisation that stands in its `hf_quant_config.json`, unless it has its own."""
    if companion is None:
        return config
    try:
        tree, extra = json.loads(config), json.loads(companion)
    except (ValueError, RecursionError):
        return config
    if not isinstance(tree, dict) or not isinstance(extra, dict) or "quantization_config" in tree:
        return config
    scheme = extra.get("quantization")
    if not isinstance(scheme, dict) or not scheme:
        return config
    return json.dumps(tree | {"quantization_config": {"quant_method": "modelopt", **scheme}})


def shards(listed: Iterable[str], index: str | None) -> tuple[str, ...]:
    """Return which files hold the checkpoint, each tensor once: those that the index names, else the usual ones.

    Some repositories hold the same weights twice (Mistral's `consolidated.safetensors`).
    """
    there = sorted(name for name in listed if _SHARD.fullmatch(name))
    tree = _object(index)
    mapped = tree.get("weight_map")
    if isinstance(mapped, dict):
        named = {str(name) for name in mapped.values()}
        return tuple(sorted(named)) if named <= set(there) else ()
    if "model.safetensors" in there:
        return ("model.safetensors",)
    return tuple(there)


def _object(text: str | None) -> Mapping[str, object]:
    try:
        tree = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return tree if isinstance(tree, dict) else {}


def _total(index: str | None) -> int:
    """Return `metadata.total_size` of an index: the bytes of all tensors; 0 where it says none."""
    metadata = _object(index).get("metadata")
    size = metadata.get("total_size") if isinstance(metadata, dict) else None
    return size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else 0
