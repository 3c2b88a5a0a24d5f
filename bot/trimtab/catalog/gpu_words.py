"""Reads a GPU's name as people write it: model, form, size, in any order (`H100 SXM5 80GB`, `A100_NVLINK_80GB`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NOISE = frozenset(
    {
        "nvidia", "geforce", "tesla", "amd", "instinct", "intel", "habana", "gpu", "gpus", "tensor", "core", "graphics",
        "card", "generation", "edition", "blackwell", "server", "workstation", "oam", "hgx", "dgx", "platform",
        "hbm2", "hbm2e", "hbm3", "hbm3e", "gddr6", "gddr6x", "gddr7",
    }
)  # fmt: skip
_FORMS = {"sxm": "sxm", "nvlink": "sxm", "pcie": "pcie", "pci": "pcie", "nvl": "nvl"}
_TOKEN = re.compile(r"[a-z]+[0-9]*[a-z0-9]*|[0-9]+[a-z]*")
_SIZE = re.compile(r"([0-9]{1,4})(?:gb|gib|g)")
_SIZED_FORM = re.compile(r"sxm[2-7]")
_MOST = 120


@dataclass(frozen=True, slots=True)
class Words:
    """A name taken apart.

    Attributes:
        model: What is left when form, size, makers and kinds of memory are taken away, sorted.
        form: `sxm`, `pcie`, `nvl`; empty where unsaid.
        nominal_gb: The size that the name tells; 0 where unsaid.
    """

    model: tuple[str, ...]
    form: str
    nominal_gb: int


def words_of(name: str) -> Words:
    """Return a name's words."""
    tokens = _TOKEN.findall(re.sub(r"(\d) +(?=gi?b\b)", r"\1", name[:_MOST].casefold()))
    model, form, size = [], "", 0
    for token in tokens:
        sized = _SIZE.fullmatch(token)
        if sized:
            size = int(sized[1])
        elif token in _FORMS or _SIZED_FORM.fullmatch(token):
            form = _FORMS.get(token, "sxm")
        elif token not in _NOISE:
            model.append(token)
    return Words(tuple(sorted(model)), form, size)
