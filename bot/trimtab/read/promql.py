"""Words of PromQL, put together: selectors, aggregations, the first of several names that is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from trimtab.facts import STEM_PATTERN

_UNITS = ((604800, "w"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
HOUR_S = 3600


def duration(seconds: int) -> str:
    """Return a duration as PromQL writes it, in the largest unit below a week that divides it: `7d`, `36h`, `90s`."""
    for size, unit in _UNITS[1:]:
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def selector(metric: str, *matchers: str) -> str:
    """Return an instant selector; empty matchers are left out."""
    inside = ",".join(matcher for matcher in matchers if matcher)
    return f"{metric}{{{inside}}}" if inside else metric


def over(function: str, selected: str, range_s: int) -> str:
    """Return a range function over a selector, such as `max_over_time(x[7d])`; `quantile_over_time` is the 95th."""
    first = "0.95, " if function == "quantile_over_time" else ""
    return f"{function}({first}{selected}[{duration(range_s)}])"


def aggregate(operator: str, labels: Sequence[str], expression: str) -> str:
    """Return an aggregation by labels."""
    return f"{operator} by ({', '.join(labels)}) ({expression})"


def either(expressions: Iterable[str]) -> str:
    """Return the first expression, and of each following one what the ones before it lack."""
    return " or ".join(dict.fromkeys(expressions))


def stemmed(expression: str, pod_labels: Sequence[str], namespace_labels: Sequence[str]) -> str:
    """Return the expression with a label `stem`: the pod's name without the hashes that its owner appended.

    Args:
        expression: Has the pod's labels.
        pod_labels: Where the pod's name may stand; the first that is not empty holds.
        namespace_labels: The same for its namespace, which becomes the label `namespace`.
    """
    for name, candidates in (("namespace", namespace_labels), ("pod", pod_labels)):
        for candidate in reversed(candidates):
            if candidate != name:
                expression = f'label_replace({expression}, "{name}", "$1", "{candidate}", "(.+)")'
    return f'label_replace({expression}, "stem", "$1", "pod", "{STEM_PATTERN}")'


def alternatives(words: Iterable[str]) -> str:
    """Return a regular expression that matches exactly these metric names."""
    return "|".join(words)
