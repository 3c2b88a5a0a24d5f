"""The words of which one stands in every file that says something of a serving."""

from __future__ import annotations

import re

_HINTS = (
    *(b"vllm", b"sglang", b"text-generation", b"triton", b"tensorrt", b"trtllm", b"llama", b"dynamo", b"kaito.sh"),
    *(b"text-embeddings", b"huggingface", b"serving.kserve.io", b"kubeai.org", b"--model", b"modelurl"),
    *(b"modelartifacts", b".gguf", b"mem-fraction", b"num-shard"),
)
_LONGER_HINTS = re.compile(
    rb"max[-_]?(?:model[-_]?len|num[-_]?(?:seqs|batched))|tensor[-_]?parallel|gpu[-_]?memory[-_]?util"
    rb"|tgi(?<=\btgi)\b|nim(?<=\bnim)\b"
)
_LONGER_BEGIN = (b"max", b"tensor", b"gpu", b"tgi", b"nim")
"""Small letters without which no serving is recognised."""


def speaks(data: bytes) -> bool:
    """Return whether bytes have a word of a serving; plain words are looked for first, as that is fastest."""
    small = data.lower()
    if any(word in small for word in _HINTS):
        return True
    return any(word in small for word in _LONGER_BEGIN) and _LONGER_HINTS.search(small) is not None
