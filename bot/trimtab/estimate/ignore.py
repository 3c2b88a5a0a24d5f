"""Lists of what stays unquantised: exact names, prefixes, wildcards and expressions, of every maker."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from functools import lru_cache

from trimtab.estimate.config import ConfigError

_EXPRESSION = "re:"
_MOST_EXPRESSIONS, _MOST_LENGTH, _MOST_REPEATS = 32, 200, 3
_REPEATED_GROUP = re.compile(r"\)[*+{]")


def ignores(ignored: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Whether any of a weight's names is in the list; the first name is the checkpoint's own.

    Raises:
        ConfigError: The list holds an expression that is broken or could take for ever.
    """
    return _matcher(ignored).holds(names)


@lru_cache(maxsize=64)
def _matcher(ignored: tuple[str, ...]) -> _Matcher:
    return _Matcher(ignored)


class _Matcher:
    """Answers for one list, which is compiled once."""

    def __init__(self, ignored: tuple[str, ...]) -> None:
        plain = [name for name in ignored if not name.startswith(_EXPRESSION)]
        whole = [name for name in plain if "*" not in name]
        openings = [name.removesuffix("*") for name in plain if name.endswith("*") and "*" not in name[:-1]]
        wild = [name for name in plain if "*" in name[:-1]]
        expressions = [name.removeprefix(_EXPRESSION) for name in ignored if name.startswith(_EXPRESSION)]
        self._exact = frozenset(whole)
        self._openings = (*(f"{name}." for name in whole), *filter(None, openings))
        self._words = frozenset(name for name in whole if "." not in name)
        self._wild = tuple(re.compile(fnmatch.translate(name)) for name in wild)
        self._expressions = tuple(_compiled(expressions))

    def holds(self, names: tuple[str, ...]) -> bool:
        """Whether any of the names is in the list."""
        if any(pattern.match(names[0]) for pattern in self._expressions):
            return True
        return any(self._names(name) for name in names)

    def _names(self, name: str) -> bool:
        if name in self._exact or name.startswith(self._openings) or not self._words.isdisjoint(name.split(".")):
            return True
        return any(pattern.match(name) for pattern in self._wild)


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
