"""What a model's class in Transformers has where its `config.json` leaves a key out.

Configurations are written sparsely: Gemma 3's `text_config` names four sizes of a dozen, LLaVA's none. The table in
`data/class_defaults.json` was read off the classes themselves (its first entry says of which release) by
`bench/class_defaults.py`, which leaves out what a class derives from other keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_TABLE = Path(__file__).parent / "data" / "class_defaults.json"
_SIZES = frozenset({
    "hidden_size", "n_embd", "d_model", "dim", "num_hidden_layers", "n_layer", "n_layers", "num_layers", "vocab_size",
    "num_attention_heads", "n_head", "n_heads", "num_heads", "intermediate_size", "moe_intermediate_size",
    "num_local_experts", "num_experts", "n_routed_experts", "num_key_value_heads", "kv_lora_rank",
})  # fmt: skip
"""Sizes that every written configuration has at its top: there a missing one means a broken file, not a default."""


def class_defaults(model_type: str) -> Mapping[str, Json]:
    """Return the defaults of a model type's class by key; empty for a type that the table does not know."""
    found = _table().get(model_type)
    return found if isinstance(found, Mapping) else {}


def without_sizes(defaults: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the defaults that may stand in for a key at a configuration's top."""
    return {key: value for key, value in defaults.items() if key not in _SIZES}


@cache
def _table() -> Mapping[str, Json]:
    found = json.loads(_TABLE.read_text(encoding="utf-8"))
    return found if isinstance(found, Mapping) else {}
