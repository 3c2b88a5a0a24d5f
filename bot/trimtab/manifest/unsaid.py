"""What a setting means where nothing says it: taking its flag out says so, and so does leaving it out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trimtab.manifest.flags import dialect

_VLLMS_OWN = re.compile(r"(?:^|/)vllm-openai(?:$|[:@])")
_EARLY = re.compile(r"v?0\.[0-6](?:\.|$)")


def unsaid(engine: str, image: str, version: str) -> Mapping[str, bool]:
    """Return what the switches of an engine mean where no flag says it, those alone of which that is known.

    Before vLLM 0.7 nothing is cached unless `--enable-prefix-caching` is there, and not every release has its opposite
    (https://github.com/vllm-project/vllm, vllm/engine/arg_utils.py, v0.6.3: `action="store_true"`).

    Args:
        engine: The vocabulary's word.
        image: The image's whole name; only those of vLLM's own have its releases for tags.
        version: The image's tag, empty where unknown.
    """
    said = dialect(engine).absent
    early = engine == "vllm" and _VLLMS_OWN.search(image) and _EARLY.match(version)
    return {**said, "enable_prefix_caching": False} if early else said
