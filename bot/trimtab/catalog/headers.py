"""The headers of safetensors files: types and shapes of tensors, without their weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from trimtab.catalog.stored import Tensors, shards

_LENGTH_BYTES = 8
_MOST_BYTES = 100_000_000
"""The longest header that the format allows (huggingface/safetensors 0.5, README.md, "Format")."""


def read_headers(folder: Path, index: str | None) -> Tensors:
    """Return every tensor of a folder's checkpoint by name; empty where one of its files cannot be read.

    All or nothing: half of a checkpoint would be taken for a small model.
    """
    found: dict[str, tuple[str, tuple[int, ...]]] = {}
    listed = [path.name for path in folder.glob("*.safetensors")]
    for name in shards(listed, index):
        try:
            found |= tensors_in(_header(folder / name))
        except (OSError, ValueError, RecursionError):
            return {}
    return found


def tensors_in(header: Mapping[str, object]) -> Tensors:
    """Return the tensors that a header names.

    Raises:
        ValueError: It is not of the form.
    """
    return {name: _tensor(name, entry) for name, entry in header.items() if name != "__metadata__"}


def _header(path: Path) -> Mapping[str, object]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if not 0 < length <= _MOST_BYTES:
            raise ValueError(f"{path.name}: a header of {length} bytes")
        tree = json.loads(file.read(length))
    if not isinstance(tree, dict):
        raise ValueError(f"{path.name}: the header is no JSON object")  # noqa: TRY004  # the form of a file, not a type
    return tree


def _tensor(name: str, entry: object) -> tuple[str, tuple[int, ...]]:
    kind = entry.get("dtype") if isinstance(entry, dict) else None
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or not isinstance(shape, list):
        raise ValueError(f"tensor {name[:80]!r} has no type and shape")  # noqa: TRY004  # the form of a file, not a type
    if not all(isinstance(size, int) and size >= 0 for size in shape):
        raise ValueError(f"tensor {name[:80]!r} has a shape that is no list of sizes")
    return kind, tuple(shape)
