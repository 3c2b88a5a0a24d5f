"""The longest input that TGI is told to take: a length that is not above it does not start.

Source: https://github.com/huggingface/text-generation-inference, launcher/src/main.rs (v3.3): `max_input_tokens` must
be below `max_total_tokens`; `max_input_length` is the older name of the former.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trimtab.errors import RefusedError
from trimtab.fleet import Scalar
from trimtab.manifest.environment import Environment
from trimtab.manifest.hit import Hit
from trimtab.manifest.splice import Splice

_NAMES = ("max-input-tokens", "max-input-length")


def above_input(hit: Hit, words: Sequence[str], environment: Environment) -> Hit:
    """Return the length that TGI serves, which is not to be written where the longest input would not fit in it.

    Args:
        hit: The length as it stands.
        words: The engine's arguments.
        environment: The container's variables.
    """
    longest, writer = _longest(words, environment), hit.writer
    if writer is None or not longest.isdecimal():
        return hit

    def write(value: Scalar) -> tuple[Splice, ...]:
        if isinstance(value, int) and value <= int(longest):
            raise RefusedError(
                f"TGI does not start with a length of {value}: inputs of {longest} tokens are allowed",
                f"lower {_NAMES[0]} first",
            )
        return writer(value)

    return replace(hit, writer=write)


def _longest(words: Sequence[str], environment: Environment) -> str:
    for name in _NAMES:
        for at, word in enumerate(words):
            flag, equals, value = word.partition("=")
            if flag == f"--{name}":
                return value if equals else "".join(words[at + 1 : at + 2])
        found = environment.find(name.upper().replace("-", "_"))
        if found is not None:
            return found.text.value
    return ""
