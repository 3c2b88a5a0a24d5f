"""Lists of what stays unquantised: exact names, prefixes, wildcards and expressions, of every maker."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable

from trimtab.estimate.config import ConfigError

_EXPRESSION = "re:"
_MOST_WILD, _MOST_WITHIN = 32, 256
_MOST_EXPRESSIONS, _MOST_LENGTH, _MOST_REPEATS = 32, 200, 3
_REPEATED_GROUP = re.compile(r"\)[*+{]")


class Ignored:
    """One list, compiled; a question costs the name's length, not the list's."""

    def __init__(self, ignored: tuple[str, ...] = ()) -> None:
        """Compile a list.

        Raises:
            ConfigError: The list holds an expression that is broken or could take for ever.
        """
        plain = [name for name in ignored if not name.startswith(_EXPRESSION)]
        whole = [name for name in plain if "*" not in name]
        openings = {name.removesuffix("*") for name in plain if name.endswith("*") and "*" not in name[:-1]} - {""}
        wild = [name for name in plain if "*" in name[:-1] and "*" in name.strip("*")]
        self._within = tuple(name.strip("*") for name in plain if _is_within(name))
        self._endings = tuple(name[1:] for name in plain if name.startswith("*") and "*" not in name[1:])
        if len(wild) > _MOST_WILD or len(self._within) > _MOST_WITHIN or any(len(name) > _MOST_LENGTH for name in wild):
            raise ConfigError(f"the list of what stays unquantised has {len(wild)} wildcards, or too long ones")
        self._exact = frozenset(whole)
        self._openings = frozenset(openings)
        self._lengths = tuple(sorted({len(name) for name in openings}))[:_MOST_LENGTH]
        self._words = frozenset(name for name in whole if "." not in name)
        self._wild = re.compile("|".join(fnmatch.translate(name) for name in wild)) if wild else None
        expressions = [name.removeprefix(_EXPRESSION) for name in ignored if name.startswith(_EXPRESSION)]
        self._expressions = tuple(_compiled(expressions))

    def holds(self, names: tuple[str, ...]) -> bool:
        """Whether any of a weight's names is in the list; the first name is the checkpoint's own."""
        if any(pattern.match(names[0]) for pattern in self._expressions):
            return True
        return any(self._names(name) for name in names)

    def _names(self, name: str) -> bool:
        if name in self._exact or not self._words.isdisjoint(name.split(".")):
            return True
        if any(name[:place] in self._exact for place, sign in enumerate(name) if sign == "."):
            return True
        if any(name[:length] in self._openings for length in self._lengths) or name.endswith(self._endings):
            return True
        if any(part in name for part in self._within):
            return True
        return self._wild is not None and self._wild.match(name) is not None


def _is_within(name: str) -> bool:
    """Whether a wildcard only asks for a part of the name: `*part*`."""
    return name.startswith("*") and name.endswith("*") and "*" not in name.strip("*")


def _compiled(expressions: list[str]) -> Iterable[re.Pattern[str]]:
    """Yield the expressions, which are simple in every real list: a few `.*` and alternatives."""
    if len(expressions) > _MOST_EXPRESSIONS:
        raise ConfigError(f"the list of what stays unquantised has {len(expressions)} expressions")
    for text in expressions:
        repeats = sum(text.count(sign) for sign in "*+{")
        if len(text) > _MOST_LENGTH or repeats > _MOST_REPEATS or _REPEATED_GROUP.search(text):
            raise ConfigError(f"the list of what stays unquantised has an expression too complex to trust: {text[:60]}")
        try:
            yield re.compile(text)
        except re.error as error:
            raise ConfigError(f"the list of what stays unquantised has a broken expression: {error}") from None
