"""Tells whether a field changed in a rendering because of a setting, or for no reason that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from trimtab.fleet import Scalar
from trimtab.manifest import Plain
from trimtab.manifest.flags import dialect, field_of, switch_of
from trimtab.render import FieldChange
from trimtab.render.compare import ABSENT

_WORDS = re.compile(r"[^\s=:,\"'\[\]{}()\\]+")
_PLACES: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile(r"/requests/cpu$"), frozenset({"cpu_request"})),
    (re.compile(r"/limits/cpu$"), frozenset({"cpu_limit"})),
    (re.compile(r"/requests/memory$"), frozenset({"memory_request"})),
    (re.compile(r"/limits/memory$"), frozenset({"memory_limit"})),
    (re.compile(r"/(requests|limits)/[^/]+~1[^/]+$"), frozenset({"gpu_count", "gpu_resource"})),
    (re.compile(r"/(nodeSelector|nodeAffinity)/"), frozenset({"gpu_product"})),
    (re.compile(r"/replicas$"), frozenset({"replicas"})),
    (re.compile(r"/image$"), frozenset({"engine_version"})),
    (re.compile(r"/sizeLimit$"), frozenset({"shm_size"})),
)
"""Where Kubernetes' own fields stand; elsewhere any setting may, for custom resources name theirs as they like."""
_OF_KUBERNETES = frozenset().union(*(fields for _, fields in _PLACES))
_COMMAND_LINE = re.compile(r"/(args|command)(/|$)")
"""Where engines are told their settings, and Kubernetes none of its own."""
_CHECKSUM = re.compile(r"/annotations/[^/]*(checksum|hash|sha256)[^/]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A setting that is meant to change.

    Attributes:
        field: The vocabulary's word.
        before: What it was, as Git wrote it; empty text where Git did not.
        after: Its new value.
        asked: Whether it was asked for and edited; else it stands so already, or only moves along.
    """

    field: str
    before: Scalar
    after: Scalar
    asked: bool = True


def is_checksum(change: FieldChange) -> bool:
    """Return whether a field only follows the content of another: an annotation that holds a checksum."""
    return bool(_CHECKSUM.search(change.pointer))


def explained(change: FieldChange, wanted: Sequence[Wanted], engine: str) -> frozenset[str]:
    """Return the settings that account for a changed field; empty where none does, or not for all of it."""
    found: set[str] = set()
    for pointer, before, after in _leaves(change):
        here = [one for one in wanted if one.field in _allowed(pointer, wanted)]
        because = _because(_words(before), _words(after), here, engine) | _renamed(pointer, before, after, here)
        if not because:
            return frozenset()
        found |= because
    return frozenset(found)


def _allowed(pointer: str, wanted: Sequence[Wanted]) -> frozenset[str]:
    for pattern, fields in _PLACES:
        if pattern.search(pointer):
            return fields
    every = frozenset(one.field for one in wanted)
    return every - _OF_KUBERNETES if _COMMAND_LINE.search(pointer) else every


def _leaves(change: FieldChange) -> Iterator[tuple[str, str, str]]:
    """Yield pointer, old text and new text of every scalar in a change; text is empty where the scalar is not there."""
    before = dict(_scalars(change.pointer, _parsed(change.before)))
    after = dict(_scalars(change.pointer, _parsed(change.after)))
    for pointer in (*before, *(one for one in after if one not in before)):
        if before.get(pointer) != after.get(pointer):
            yield pointer, before.get(pointer, ""), after.get(pointer, "")


def _parsed(text: str) -> Plain:
    parsed: Plain = {} if text == ABSENT else json.loads(text)
    return parsed


def _scalars(pointer: str, value: Plain) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _scalars(f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}", below)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _scalars(f"{pointer}/{index}", below)
    else:
        yield pointer, value if isinstance(value, str) else json.dumps(value)


def _words(text: str) -> list[str]:
    return _WORDS.findall(text)


def _because(before: list[str], after: list[str], wanted: Sequence[Wanted], engine: str) -> frozenset[str]:
    """Return the settings that every word taken out or put in belongs to; empty where one belongs to none."""
    found: set[str] = set()
    for tag, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        put_in = [_fields_of(word, wanted, engine, after=True) for word in after[first:last]]
        taken_out = [_fields_of(word, wanted, engine, after=False) for word in before[start:end]]
        swapped = len(put_in) == len(taken_out)
        if not all(put_in) or not (swapped or all(taken_out)):
            return frozenset()
        found.update(*put_in, *taken_out)
    return frozenset(found)


def _fields_of(word: str, wanted: Sequence[Wanted], engine: str, *, after: bool) -> frozenset[str]:
    """Return the settings that a word is the value or the name of: of equal values, all."""
    named = _named(word, engine)
    return frozenset(one.field for one in wanted if named == one.field or _is(word, one.after if after else one.before))


def _named(word: str, engine: str) -> str:
    """Return the setting that a flag, a switch or an environment variable sets; empty for any other word."""
    if word.startswith("-"):
        switch = switch_of(word, engine)
        return switch[0] if switch else field_of(word, engine)
    return dialect(engine).variables.get(word, "")


def _is(word: str, value: Scalar) -> bool:
    """Return whether a word spells a value: `8192`, `0.90` for 0.9, `true`, or the last part of `a:b`."""
    spelled = str(value).lower() if isinstance(value, bool) else str(value)
    if word == spelled:
        return True
    try:
        return not isinstance(value, bool) and float(word) == float(spelled)
    except ValueError:
        return bool(_WORDS.findall(spelled)) and word in _WORDS.findall(spelled)


def _renamed(pointer: str, before: str, after: str, wanted: Sequence[Wanted]) -> frozenset[str]:
    """Return `gpu_resource` where a quantity moved from one GPU resource's key to another's."""
    key = pointer.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")
    for one in wanted:
        taken, put = not after and key == one.before, not before and key == one.after
        if one.field == "gpu_resource" and (taken or put):
            return frozenset({one.field})
    return frozenset()


def wanted_of(changes: Mapping[str, tuple[Scalar, Scalar]], edited: Collection[str]) -> tuple[Wanted, ...]:
    """Return what is meant to change: each change, and what was edited along with it to the same value."""
    asked = [Wanted(field, before, after, field in edited) for field, (before, after) in changes.items()]
    values = [after for _, after in changes.values()]
    along = [Wanted(field, "", value, asked=False) for field in edited if field not in changes for value in values]
    return (*asked, *along)
