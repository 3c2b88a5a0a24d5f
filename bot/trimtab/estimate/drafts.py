"""What speculative decoding adds to a model: the layers that draft, read from `--speculative-config`.

Source: vLLM 0.33, config/speculative.py and models/deepseek_mtp.py, llama_eagle.py, llama_eagle3.py. Multi-token
prediction (`mtp` and its older names for each model) uses a layer of the checkpoint's own, the target's embedding and
head. EAGLE's draft is one layer like the target's with a matrix that joins its inputs; EAGLE 3 has a head of its own.
A draft model of its own needs its own configuration, which the settings do not hold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from trimtab.estimate.class_defaults import Json
from trimtab.estimate.config import ConfigError
from trimtab.estimate.shape import Layer, Shape, Weight, linear, small

_FREE = {"ngram", "ngram_gpu", "suffix", "[ngram]"}
_EAGLE = {"eagle": 2, "eagle3": 3, "dflash": 3}
"""Hidden vectors that the draft's first matrix joins."""
_DRAFT_WORDS = 32_000
"""Vocabulary taken for an EAGLE 3 head of which no configuration is at hand: an assumption, hence the draft's doubt."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What drafts.

    Attributes:
        layers: Layers after the target's own, on the last pipeline stage.
        outer: Matrices around them.
        doubt: Why this may be wrong; empty where it follows from the target's configuration.
    """

    layers: tuple[Layer, ...] = ()
    outer: tuple[Weight, ...] = ()
    doubt: str = ""


def draft_of(shape: Shape, speculative_json: str) -> Draft:
    """Return what a speculative configuration adds; nothing where there is none.

    Raises:
        ConfigError: The configuration is no JSON object.
    """
    if not speculative_json:
        return Draft()
    tree = _tree(speculative_json)
    method = str(tree.get("method") or "").lower()
    model = str(tree.get("model") or "")
    if method in _FREE or (not method and "ngram" in model):
        return Draft()
    last = shape.layers[-1]
    if method.endswith("mtp"):
        join = linear("mtp.eh_proj", shape.hidden, 2 * shape.hidden)
        return Draft((last,), (join, small("mtp.norms", 3 * shape.hidden)))
    if method in _EAGLE:
        join = linear("draft.fc", shape.hidden, _EAGLE[method] * shape.hidden)
        head = (linear("draft.lm_head", _DRAFT_WORDS, shape.hidden),) if method != "eagle" else ()
        return Draft(
            (last,), (join, *head), f"the draft model {model or method} is taken for one layer of the target's"
        )
    return Draft((), (), f"the draft model {model or method} has no configuration at hand: its memory is not counted")


def _tree(speculative_json: str) -> dict[str, Json]:
    try:
        tree = json.loads(speculative_json)
    except (ValueError, RecursionError):
        raise ConfigError("speculative_config is not JSON") from None
    if not isinstance(tree, dict):
        raise ConfigError("speculative_config holds no object")
    return tree
