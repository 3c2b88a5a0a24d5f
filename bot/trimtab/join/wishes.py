"""What users declared by annotation, in Git or on the live object; a broken value is said and not believed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from trimtab.config import parse_duration
from trimtab.fleet import Found, Gap, Intent, Measure, Unknown, Wishes
from trimtab.join.labels import lookup

_PREFIX = "trimtab.dev/"
_YES = frozenset({"true", "yes", "on", "1", "all", "*"})
_NO = frozenset({"false", "no", "off", "0", ""})
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_RULE = re.compile(r"[a-z][a-z0-9-]*")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """One place that annotations and labels come from: their text by name, and its own name for messages."""

    name: str
    written: Mapping[str, str]


@dataclass(slots=True)
class _Notes:
    """Reads values and keeps what was wrong with them."""

    cluster: str
    workload: str
    sources: Sequence[Source]
    gaps: list[Gap] = field(default_factory=list)

    def text(self, name: str) -> tuple[str, str]:
        """Return a value and where it stands; both empty where nothing does."""
        for source in self.sources:
            value = lookup(source.written, name).strip()
            if value:
                return value, source.name
        return "", ""

    def read(self, name: str, parse: Callable[[str], T], otherwise: T) -> T:
        """Return the parsed value; `otherwise` where nothing stands or it is broken, which becomes a gap."""
        value, where = self.text(_PREFIX + name)
        if not value:
            return otherwise
        try:
            return parse(value)
        except ValueError as error:
            what = f"annotation {_PREFIX}{name} on {self.workload}"
            self.gaps.append(Gap(self.cluster, what, f"{error} (from {where}); it is treated as not declared"))
            return otherwise


def join_wishes(cluster: str, workload: str, sources: Sequence[Source]) -> tuple[Wishes, tuple[Gap, ...]]:
    """Return what was declared and what is broken in it; the first source that has a name wins.

    Args:
        cluster: The cluster's name, for gaps.
        workload: `namespace/name`, for gaps.
        sources: Git first, then the live object.
    """
    notes = _Notes(cluster, workload, sources)
    ignore, ignore_source = _ignore(notes)
    intent = notes.read("intent", _intent, Intent.UNKNOWN)
    undeclared: Measure = Unknown("no objective declared")
    wishes = Wishes(
        intent=intent,
        intent_declared=intent is not Intent.UNKNOWN,
        ttft_p95_ms=notes.read("slo-ttft-p95", _objective, undeclared),
        tpot_p95_ms=notes.read("slo-tpot-p95", _objective, undeclared),
        deadline=notes.read("deadline", _deadline, ""),
        min_replicas=notes.read("min-replicas", _count, 0),
        standby=notes.read("standby", _flag, otherwise=False),
        tenant=notes.text(f"{_PREFIX}tenant")[0],
        forbid=notes.read("forbid", _words, ()),
        ignore=ignore,
        ignore_source=ignore_source,
    )
    return wishes, tuple(notes.gaps)


def _ignore(notes: _Notes) -> tuple[tuple[str, ...], str]:
    """Return what to keep hands off, from any source: whoever says so is obeyed."""
    rules: set[str] = set()
    said = []
    for source in notes.sources:
        for name in (f"{_PREFIX}ignore", "krr/ignore"):
            value = lookup(source.written, name).strip()
            found = _ignored(value) if name != "krr/ignore" or value.lower() in _YES else ()
            if found:
                rules |= set(found)
                said.append(f"{name}: {value} ({source.name})")
    return (("*",) if "*" in rules else tuple(sorted(rules))), (said[0] if said else "")


def _ignored(value: str) -> tuple[str, ...]:
    """Return `*` for yes and for what cannot be read, else names of rules."""
    if value.lower() in _NO:
        return ()
    words = _words(value)
    named = value.lower() not in _YES and all(_RULE.fullmatch(word) for word in words)
    return words if named else ("*",)


def _intent(value: str) -> Intent:
    try:
        return Intent(value.lower())
    except ValueError:
        choices = ", ".join(one.value for one in Intent if one is not Intent.UNKNOWN)
        raise ValueError(f"{value!r} is none of {choices}") from None


def _objective(value: str) -> Measure:
    seconds = parse_duration(float(value) if _is_number(value) else value)
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"{value!r} is no objective; write 500ms")
    return Found(seconds * 1000.0, "annotation")


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _deadline(value: str) -> str:
    if not _CLOCK.fullmatch(value):
        raise ValueError(f"{value!r} is no time of day; write 08:00")
    return value


def _count(value: str) -> int:
    if not value.isascii() or not value.isdigit():
        raise ValueError(f"{value!r} is no count")
    return int(value)


def _flag(value: str) -> bool:
    if value.lower() not in _YES | _NO:
        raise ValueError(f"{value!r} is neither true nor false")
    return value.lower() in _YES


def _words(value: str) -> tuple[str, ...]:
    return tuple(sorted({word for word in re.split(r"[\s,;\[\]\"']+", value) if word}))
