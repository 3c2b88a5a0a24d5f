"""Tags of Ollama's library (`llama3.1:8b-instruct-q4_K_M`): which model, and how its file is quantised."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from trimtab.catalog.repacks import Repack

_FILE = Path(__file__).parent / "data" / "ollama.csv"
_TAG = re.compile(r"(?:ollama/)?(?P<family>[a-z][a-z0-9.-]*)(?::(?P<tag>[a-z0-9._-]+))?", re.IGNORECASE)
_KIND = re.compile(r"(?:^|-)(?P<kind>q\d(?:_[0-9k])?(?:_[sml])?|fp16|bf16)$", re.IGNORECASE)
_TRAINING = re.compile(r"-(?:instruct|chat|it|text|thinking)\b.*$")
_GGUF_NAMES = {"FP16": "F16"}


def library_tag(name: str) -> Repack | None:
    """Return the base and the file's type of a tag in Ollama's library, None where it is none that is known.

    A tag without a type is the one that the library serves for it, which the table says.
    """
    match = _TAG.fullmatch(name)
    if match is None:
        return None
    tag = (match["tag"] or "latest").lower()
    kind = _KIND.search(tag)
    size = _TRAINING.sub("", _KIND.sub("", tag)) or "latest"
    known = tags().get((match["family"].lower(), size))
    if known is None:
        return None
    base, usual = known
    written = kind["kind"].upper() if kind else usual
    scheme = {"quant_method": "gguf", "gguf_type": _GGUF_NAMES.get(written, written)}
    if written.startswith("MXFP4"):
        scheme = {"quant_method": "mxfp4"}
    return Repack(base, json.dumps(scheme), f"Ollama's {written}")


@cache
def tags() -> Mapping[tuple[str, str], tuple[str, str]]:
    """Return every tag of the table: base and usual type by family and size."""
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return {(row["family"], row["size"]): (row["base"], row["usual_type"]) for row in csv.DictReader(lines)}
