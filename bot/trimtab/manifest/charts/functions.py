"""The functions that charts call, of Go's templates, Sprig (https://masterminds.github.io/sprig/, v3.3) and Helm.

Each takes its arguments in order, what is piped in last, and keeps the places of what it only hands on.
"""

from __future__ import annotations

from collections.abc import Mapping

from trimtab.manifest.charts.collection_functions import COLLECTIONS, same
from trimtab.manifest.charts.number_functions import NUMBERS, compared
from trimtab.manifest.charts.runner import Builtin
from trimtab.manifest.charts.syntax import BadTemplateError
from trimtab.manifest.charts.text_functions import TEXT
from trimtab.manifest.charts.values import (
    Opaque,
    Value,
    is_mapping,
    is_true,
    kind_of,
    written,
)


def _default(given: list[Value]) -> Value:
    return given[1] if len(given) > 1 and is_true(given[1]) else given[0]


def _coalesce(given: list[Value]) -> Value:
    return next((one for one in given if is_true(one)), None)


def _ternary(given: list[Value]) -> Value:
    return given[0] if is_true(given[2]) else given[1]


def _required(given: list[Value]) -> Value:
    return given[1]


def _fail(given: list[Value]) -> Value:
    raise BadTemplateError(written(given[0]).text)


_FLOW: Mapping[str, Builtin] = {
    "default": _default,
    "coalesce": _coalesce,
    "ternary": _ternary,
    "required": _required,
    "fail": _fail,
    "not": lambda given: Opaque() if isinstance(given[0], Opaque) else not is_true(given[0]),
    "empty": lambda given: Opaque() if isinstance(given[0], Opaque) else not is_true(given[0]),
    "eq": lambda given: any(same(given[0], one) for one in given[1:]),
    "ne": lambda given: not same(given[0], given[1]),
    "lt": compared(lambda one, other: one < other),
    "le": compared(lambda one, other: one <= other),
    "gt": compared(lambda one, other: one > other),
    "ge": compared(lambda one, other: one >= other),
    "kindIs": lambda given: kind_of(given[1]) == written(given[0]).text,
    "kindOf": lambda given: kind_of(given[0]),
    "typeOf": lambda given: {"map": "map[string]interface {}", "slice": "[]interface {}"}.get(
        kind_of(given[0]), kind_of(given[0])
    ),
    "typeIs": lambda given: (
        written(given[0]).text in {kind_of(given[1]), "map[string]interface {}"[: 99 * is_mapping(given[1])]}
    ),
    "semverCompare": lambda _given: True,
    "lookup": lambda _given: {},
}
FUNCTIONS: Mapping[str, Builtin] = {**_FLOW, **TEXT, **NUMBERS, **COLLECTIONS}
"""By name; any other is unknown."""
