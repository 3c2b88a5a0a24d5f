"""Functions of text, which keep the places of the characters that they hand on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from trimtab.manifest.charts.number_functions import count, number
from trimtab.manifest.charts.runner import Builtin
from trimtab.manifest.charts.values import (
    Opaque,
    Value,
    members,
    written,
)
from trimtab.manifest.charts.words import Words, joined
from trimtab.manifest.charts.yaml_text import quoted, to_flow, to_yaml

_VERB = re.compile(r"%(?:[-+# 0]*\d*(?:\.\d+)?)([a-zA-Z%])")


_NESTED = re.compile(r"[*+}?]\)*[*+{]|\)[*+{]")
"""Repetitions of repetitions, over which matching may take forever."""
_LONGEST = 2000
"""Characters that a pattern is looked for in, and ten times those of the pattern itself."""
_WIDEST = 200


def _pattern(pattern: str, text: str) -> str:
    """Return a pattern that is soon looked for.

    Raises:
        ValueError: It may take long.
    """
    if _NESTED.search(pattern) or len(pattern) * 10 > _LONGEST or len(text) > _LONGEST:
        raise ValueError(pattern)
    return pattern


def _print(given: list[Value]) -> Value:
    return joined([written(one) for one in given])


def _printf(given: list[Value]) -> Value:
    form, rest = written(given[0]), list(given[1:])
    parts: list[Words] = []
    at = 0
    for match in _VERB.finditer(form.text):
        parts.append(form.cut(at, match.start()))
        at = match.end()
        parts.append(Words.plain("%") if match[1] == "%" else _formatted(match.group(), rest.pop(0)))
    return joined([*parts, form.cut(at, len(form.text))])


def _formatted(verb: str, value: Value) -> Words:
    words = written(value)
    if verb in {"%s", "%v", "%d", "%t"}:
        return words
    if verb == "%q":
        return quoted(words)
    return (
        words.changed(verb % number(value))
        if verb[-1] in "fdg" and len(verb) < len("%000.00f")
        else Words.computed(words.text)
    )


def _changed(made: Callable[..., str]) -> Builtin:
    """Return a function of a text, its last argument, and of others before it."""
    return lambda given: written(given[-1]).changed(
        made(written(given[-1]).text, *(written(one).text for one in given[:-1]))
    )


def _trunc(given: list[Value]) -> Value:
    words, most = written(given[1]), count(given[0])
    size = len(words.text)
    return words.cut(0, min(most, size)) if most >= 0 else words.cut(max(size + most, 0), size)


def _indent(given: list[Value]) -> Value:
    return written(given[1]).indented(min(count(given[0]), _WIDEST)) if not isinstance(given[1], Opaque) else None


def _nindent(given: list[Value]) -> Value:
    found = _indent(given)
    return joined((Words.plain("\n"), written(found)))


def _join(given: list[Value]) -> Value:
    return joined([written(one) for _, one in members(given[1])], written(given[0]).text)


def _split(given: list[Value]) -> Value:
    between, words = written(given[0]).text, written(given[1])
    found: list[Value] = []
    at = 0
    for part in words.text.split(between):
        found.append(words.cut(at, at + len(part)))
        at += len(part) + len(between)
    return found


def _split_dict(given: list[Value]) -> Value:
    return {f"_{at}": value for at, (_, value) in enumerate(members(_split(given)))}


def _mapped(given: list[Value]) -> Value:
    return to_flow(given[0])


def _trimmed(given: list[Value]) -> Value:
    words, cut = written(given[1]), written(given[0]).text
    return words.cut(0, len(words.text) - len(cut)) if cut and words.text.endswith(cut) else words


def _trimmed_before(given: list[Value]) -> Value:
    words, cut = written(given[1]), written(given[0]).text
    return words.cut(len(cut), len(words.text)) if cut and words.text.startswith(cut) else words


def _contains(test: Callable[[str, str], bool]) -> Builtin:
    return lambda given: test(written(given[1]).text, written(given[0]).text)


def _matches(given: list[Value]) -> Value:
    text = written(given[1]).text
    return re.search(_pattern(written(given[0]).text, text), text) is not None


def _regex_replace(given: list[Value]) -> Value:
    pattern, text, new = (written(one) for one in given)
    return text.changed(
        re.sub(_pattern(pattern.text, text.text), re.sub(r"\$\{?(\d+)\}?", r"\\\1", new.text), text.text)
    )


TEXT: Mapping[str, Builtin] = {
    "print": _print,
    "println": _print,
    "printf": _printf,
    "cat": lambda given: joined([written(one) for one in given], " "),
    "quote": lambda given: joined([quoted(written(one)) for one in given], " "),
    "squote": lambda given: joined([joined((Words.plain("'"), written(one), Words.plain("'"))) for one in given], " "),
    "toString": lambda given: written(given[0]),
    "toStrings": lambda given: [written(one) for _, one in members(given[0])],
    "trim": lambda given: written(given[0]).stripped(),
    "trimAll": lambda given: written(given[1]).stripped(written(given[0]).text),
    "trimSuffix": _trimmed,
    "trimPrefix": _trimmed_before,
    "trunc": _trunc,
    "indent": _indent,
    "nindent": _nindent,
    "upper": _changed(str.upper),
    "lower": _changed(str.lower),
    "title": _changed(str.title),
    "replace": _changed(lambda text, old, new: text.replace(old, new)),
    "nospace": _changed(lambda text: "".join(text.split())),
    "repeat": lambda given: Words.plain(written(given[1]).text * min(count(given[0]), 100)),
    "kebabcase": _changed(lambda text: re.sub(r"[\s_]+", "-", text).lower()),
    "regexReplaceAll": _regex_replace,
    "contains": _contains(lambda text, part: part in text),
    "hasPrefix": _contains(str.startswith),
    "hasSuffix": _contains(str.endswith),
    "regexMatch": _matches,
    "mustRegexMatch": _matches,
    "join": _join,
    "split": _split_dict,
    "splitList": _split,
    "toYaml": lambda given: to_yaml(given[0]),
    "mustToYaml": lambda given: to_yaml(given[0]),
    "toJson": _mapped,
    "mustToJson": _mapped,
    "toRawJson": _mapped,
}
