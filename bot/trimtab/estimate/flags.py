"""Reads an engine's own command line into the vocabulary of settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trimtab.estimate.flag_words import FLAGS, OBJECTS, SHORT, SWITCHES, TEXTS
from trimtab.fleet import Scalar

_WORDS = {flag: word for word, flags in FLAGS.items() for flag in flags}
_KNOWN = (*_WORDS, *SWITCHES)
_HUMAN = re.compile(r"(\d+(?:\.\d+)?)([kmgt])|(\d+)([KMGT])")
_SCALES = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
"""vLLM's human-readable integers: `32k` is 32,000, `32K` 32,768, `25.6K` is refused (vLLM 0.33, argparse_utils.py)."""
_LEVEL = re.compile(r"-O=?\w+")
"""vLLM's `-O3`, which takes its value without a space."""


@dataclass(frozen=True, slots=True)
class Flags:
    """A command line taken apart.

    Attributes:
        settings: What it sets, in the vocabulary's words.
        unknown: Flags that mean nothing to the estimate, as written, in order.
    """

    settings: Mapping[str, Scalar]
    unknown: tuple[str, ...]


def parse_flags(words: Sequence[str]) -> Flags:
    """Return what an engine's command line sets.

    Takes `--flag value`, `--flag=value`, `_` for `-`, prefixes that only one known flag has, short forms, and JSON key
    by key (`--flag.key value`). The last of a repeated flag holds, as with the engines themselves. Words before the
    first flag (`vllm serve MODEL`) are passed over.
    """
    settings: dict[str, Scalar] = {}
    unknown: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not _is_flag(word):
            continue
        written, equals, value = word.partition("=")
        name, _, key = _full_name(written).partition(".")
        if name in SWITCHES:
            field, meaning = SWITCHES[name]
            settings[field] = meaning if value.lower() not in {"false", "0"} else not meaning
            continue
        if not equals and rest and not _is_flag(rest[0]) and not _LEVEL.fullmatch(word):
            value = rest.pop(0)
        field = _WORDS.get(name, "")
        if field and (not key or field in OBJECTS):
            settings[field] = _merged(settings.get(field), key, value) if key else _typed(field, value)
        else:
            unknown.append(written)
    return Flags(settings, tuple(unknown))


def _is_flag(word: str) -> bool:
    return word.startswith("-") and not re.fullmatch(r"-\d+(\.\d+)?", word)


def _full_name(written: str) -> str:
    """Return a flag's full name without dashes; itself where it is unknown or stands for several."""
    flag, dot, key = written.partition(".")
    if flag in SHORT:
        return SHORT[flag] + dot + key
    name = flag.lstrip("-").replace("_", "-")
    if name not in _KNOWN and flag.startswith("--"):
        longer = {known for known in _KNOWN if known.startswith(name)}
        name = longer.pop() if len(longer) == 1 else name
    return name + dot + key


def _typed(word: str, value: str) -> Scalar:
    """Return a number where the word takes one and the text is one; the text otherwise, for the estimate to refuse."""
    if word in TEXTS:
        return value
    human = _HUMAN.fullmatch(value)
    if human:
        return int(float(human[1] or human[3]) * _SCALES[human[2] or human[4]])
    try:
        return float(value) if "." in value or "e" in value.lower() else int(value)
    except ValueError:
        return value


def _merged(before: Scalar | None, key: str, value: str) -> str:
    """Return a JSON object's text with one key more; what was no object is replaced."""
    tree = _loaded(str(before)) if before else {}
    return json.dumps((tree if isinstance(tree, dict) else {}) | {key: _loaded(value)}, sort_keys=True)


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
