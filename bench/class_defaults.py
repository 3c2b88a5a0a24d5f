"""Reads the defaults of every configuration class of Transformers into `bot/trimtab/estimate/data/class_defaults.json`.

`python bench/class_defaults.py > bot/trimtab/estimate/data/class_defaults.json`, in an environment with `transformers`
and `torch`. Kept are the keys that `trimtab.estimate` reads (its own string literals say which) and that the class does
not derive from others: a key that changes when the sizes change is derived.
"""

from __future__ import annotations

import ast
import json
import logging
import sys
from pathlib import Path

import transformers
from transformers.models.auto import configuration_auto

REFUSALS = (ArithmeticError, AttributeError, ImportError, LookupError, TypeError, ValueError)
SOURCE = Path(__file__).parents[1] / "bot" / "trimtab" / "estimate"
SIZES = ("hidden_size", "num_attention_heads", "num_hidden_layers", "n_embd", "n_head", "d_model", "intermediate_size")
PARTS = ("text_config", "vision_config", "audio_config", "thinker_config", "encoder_config", "llm_config")


def read_keys() -> frozenset[str]:
    """Return every string that the estimate's source holds."""
    found = set()
    for path in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


def defaults_of(kind: type, keys: frozenset[str]) -> dict[str, object]:
    """Return one class's scalars that no other key decides, and its parts by their type and what differs in them."""
    made = kind()
    tree = made.to_dict()
    plain = {key: value for key, value in tree.items() if key in keys and isinstance(value, int | float | str)}
    for size in SIZES:
        if not isinstance(tree.get(size), int):
            continue
        other = _made(kind, size, tree[size] * 2)
        if other is None:
            continue
        plain = {key: value for key, value in plain.items() if key == size or other.get(key) == value}
    parts = {
        name: part_of(getattr(made, name), keys) for name in PARTS if hasattr(getattr(made, name, None), "to_dict")
    }
    return {**{key: value for key, value in sorted(plain.items()) if key != "model_type"}, **parts}


def _made(kind: type, size: str, value: int) -> dict[str, object] | None:
    """Return a configuration with one size changed; None where its class refuses that, by an error of any kind."""
    try:
        return kind(**{size: value}).to_dict()
    except Exception:  # noqa: BLE001 - classes refuse by errors of their own that have no common base
        return None


def part_of(made: object, keys: frozenset[str]) -> dict[str, object]:
    """Return a part's type and what differs from its class's own defaults."""
    tree, own = made.to_dict(), type(made)().to_dict()
    differing = {key: value for key, value in tree.items() if key in keys and own.get(key) != value}
    plain = {key: value for key, value in sorted(differing.items()) if isinstance(value, int | float | str)}
    return {"model_type": tree.get("model_type", ""), **plain}


def main() -> int:
    """Print the table."""
    logging.disable(logging.CRITICAL)
    keys = read_keys()
    table: dict[str, object] = {"#": f"Transformers {transformers.__version__} (Apache-2.0), configuration classes"}
    kinds = {}
    for name in dir(transformers):
        if name.endswith("Config"):
            kind = getattr(transformers, name, None)
            if isinstance(kind, type) and getattr(kind, "model_type", ""):
                kinds.setdefault(kind.model_type, kind)
    for model_type in configuration_auto.CONFIG_MAPPING_NAMES:
        try:
            kinds[model_type] = configuration_auto.CONFIG_MAPPING[model_type]
        except REFUSALS:  # a name without a class in this release
            continue
    for model_type, kind in sorted(kinds.items()):
        try:
            table[model_type] = defaults_of(kind, keys)
        except Exception as error:  # noqa: BLE001 - a class that cannot be made without arguments has no defaults
            print(f"{model_type}: {error!r}"[:120], file=sys.stderr)
    rows = (f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in table.items())
    print("{" + ",\n".join(rows) + "}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
