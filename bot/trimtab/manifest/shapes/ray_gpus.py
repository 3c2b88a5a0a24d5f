"""What Ray calls a GPU.

Source: https://docs.ray.io/en/latest/ray-core/accelerator-types.html (2.54).
"""

from __future__ import annotations

import re

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar

_GPUS = frozenset(
    {"V100", "P100", "T4", "P4", "K80", "A10G", "L4", "L40S", "A100", "H100", "H200", "H20", "B200", "B300"}
    | {"GB200", "GB300"}
)
"""Those of NVIDIA: one word each, which the label of their nodes has too."""
_SIZED = frozenset({"A100-40G", "A100-80G"})
"""Names that nodes have only where people give them."""


def in_rays_words(value: Scalar) -> str:
    """Return what Ray calls a GPU by the label that its nodes have, such as `H100` for NVIDIA-H100-80GB-HBM3.

    Raises:
        RefusedError: Ray has no name for it.
    """
    known = {word.upper() for word in re.split(r"[^A-Za-z0-9]+", str(value))} & _GPUS
    if value in _SIZED:
        return str(value)
    if len(known) == 1:
        return known.pop()
    raise RefusedError(f"Ray has no accelerator type for {value}", "see Ray's list, and change it by hand")
