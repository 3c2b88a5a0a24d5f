"""Measured against counted: how large a checkpoint is by its own headers, beside what the shape makes of it.

Where headers are at hand they are the truth about what lies in the files; the shape still says how it is cut among GPUs
and what the engine makes of it. A factor brings the two together.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache

from trimtab.estimate.formats import Format
from trimtab.estimate.model import known_shape
from trimtab.estimate.schemes import Scheme, scheme_of
from trimtab.estimate.shape import Role, Shape, Weight
from trimtab.fleet import Model

_BYTES = {
    "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "BF16": 2, "F16": 2, "I16": 2, "U16": 2, "F8_E4M3": 1,
    "F8_E5M2": 1, "F8_E8M0": 1, "I8": 1, "U8": 1, "BOOL": 1,
}  # fmt: skip
"""Bytes of an element by type (huggingface/safetensors 0.5, `Dtype`)."""
_UNLOADED = re.compile(r"(^|\.)(mtp|rotary_emb\.inv_freq|model\.mtp_layers)(\.|$)")
"""What engines leave in the file: layers that only draft, tables they compute themselves."""
_LAYER = re.compile(r"(?:^|\.)layers\.(\d{1,4})\.")
_SCALE = re.compile(r"scale|absmax|zeros|g_idx")
_PAIR = 2
_LEAST, _MOST = 0.3, 3.0
"""A checkpoint further from the count than this is another model's, or not whole."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a checkpoint says of itself.

    Attributes:
        factor: Its size over the counted one; 1 where nothing is at hand.
        known: Whether it was at hand.
    """

    factor: float = 1.0
    known: bool = False


@lru_cache(maxsize=256)
def measured(model: Model, asked: str) -> Measured:
    """Return how a model's checkpoint compares with its shape.

    A total without names counts only where the shape is in doubt: it holds what the engine does not load as well.

    Args:
        model: With its headers or its total, where they are at hand.
        asked: The engine's `quantization` setting.

    Raises:
        ConfigError: The model's shape or its quantisation is unknown.
    """
    if not (model.tensors_json or model.checkpoint_bytes):
        return Measured()
    shape = known_shape(model)
    size = _header_bytes(model.tensors_json, shape) if model.tensors_json else 0
    if not size and shape.doubt:
        size = model.checkpoint_bytes
    counted = _counted(shape, scheme_of(shape.scheme_json, asked if shape.scheme_json else ""))
    factor = size / counted if size and counted else 0.0
    return Measured(factor, known=True) if _LEAST < factor < _MOST else Measured()


def _header_bytes(tensors_json: str, shape: Shape) -> int:
    """Return the bytes of the tensors that are loaded; 0 where the text is not what it should be."""
    try:
        tensors = json.loads(tensors_json)
    except (ValueError, RecursionError):
        return 0
    if not isinstance(tensors, dict):
        return 0
    tied = all(weight.role is not Role.HEAD for weight in shape.outer)
    total = 0
    for name, entry in tensors.items():
        if not (tied and name.endswith("lm_head.weight")) and not _is_left(name, len(shape.layers)):
            total += _tensor_bytes(name, entry, shape.dtype_bytes)
    return total


def _is_left(name: str, layers: int) -> bool:
    """Whether the engine leaves this tensor in the file; layers behind the last are a draft's (DeepSeek V3)."""
    place = _LAYER.search(name)
    behind = place is not None and int(place[1]) >= layers and "vis" not in name and "audio" not in name
    return behind or _UNLOADED.search(name) is not None


def _tensor_bytes(name: str, entry: object, dtype_bytes: int) -> int:
    kind, sizes = entry if isinstance(entry, list) and len(entry) == _PAIR else ("", [])
    if not (isinstance(kind, str) and isinstance(sizes, list)):
        return 0
    lengths: list[int] = [size for size in sizes if isinstance(size, int) and size >= 0]
    each = _BYTES.get(kind, 2) if lengths else 0
    if kind in {"F32", "F64"} and not _SCALE.search(name):
        each = min(dtype_bytes, each)
    return math.prod(lengths) * each


def _counted(shape: Shape, scheme: Scheme) -> int:
    """Return the bytes of the checkpoint by the shape."""
    total = 0
    for weight in shape.outer:
        form = scheme.embedding if weight.role is Role.EMBEDDING else Format("plain")
        total += _stored(weight, scheme.of("lm_head") if weight.role is Role.HEAD else form, shape.dtype_bytes)
    for index, layer in enumerate(shape.layers):
        for weight in layer.weights:
            form = Format("plain") if weight.plain else scheme.of(f"{shape.prefix}.{index}.{weight.name}")
            total += _stored(weight, form, shape.dtype_bytes)
    return total


def _stored(weight: Weight, form: Format, dtype_bytes: int) -> int:
    sizes = form.tensors(weight.rows, weight.columns, weight.bytes_each or dtype_bytes)
    return weight.experts * (sum(sizes) + (weight.rows * dtype_bytes if weight.bias else 0))
