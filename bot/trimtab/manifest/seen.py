"""Which questions an answer rests on, so that it can be kept for as long as each of them is answered as it was.

A question is asked of the tree, such as what a file holds or whether there is one, or of what is worked out of many
files, such as which kustomizations take a file. The second kind stands for all that was read to answer it: a change
that leaves the answer alone leaves alone what rests on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import wraps
from typing import Concatenate, Generic, ParamSpec, Protocol, TypeAlias, TypeVar

_SHORT = 64
"""Characters of a text that is its own digest, such as a blob id."""
_PLAIN = "=~"
"""What a digest begins with that is the answer itself."""
_REMEMBERED = 4096
"""Questions whose answers are remembered: more than one serving asks, and few enough to take no memory."""
Question: TypeAlias = tuple[str, ...]
"""The name of what answers, and of what."""
Basis: TypeAlias = Mapping[Question, str]
"""Questions with a digest of each answer."""
Made = TypeVar("Made")
Key = TypeVar("Key", bound=Hashable)
Words = ParamSpec("Words")


def digest(answer: object) -> str:
    """Return what tells an answer of plain values from any other."""
    if isinstance(answer, str) and len(answer) <= _SHORT:
        return f"={answer}"
    if answer is None or isinstance(answer, bool) or answer == ():
        return f"~{answer}"
    plain = sorted(answer) if isinstance(answer, frozenset) else answer
    return hashlib.sha256(repr(plain).encode(errors="surrogateescape")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Record:
    """Something worked out, as texts, and what it rests on."""

    basis: Basis
    value: tuple[str, ...]

    def ground(self) -> str:
        """Return what tells all that it rests on from anything else."""
        return digest(sorted(self.basis.items()))


Records = dict[Question, Record]


@dataclass(slots=True)
class _Apart(AbstractContextManager[None]):
    """Has notes taken elsewhere for a while; entered for every question, so it is neither a generator nor frozen."""

    notes: list[dict[Question, str] | None]
    basis: dict[Question, str] | None

    def __enter__(self) -> None:
        """Begin."""
        self.notes.append(self.basis)

    def __exit__(self, *error: object) -> None:
        """Go on with the notes before."""
        self.notes.pop()


def _nothing(_key: Question) -> Record | None:
    return None


def _no_links(_blob: str) -> str:
    return ""


@dataclass
class Seen:
    """Notes what is asked while something is worked out.

    Attributes:
        before: Returns what was worked out before, by name and path; None where nothing was.
        links: Returns what is known that the kustomization of a blob id names; empty where nothing is.
        answers: What answers a question, by its name.
        wanted: Whether notes are taken at all.
        values: What was worked out about files for all to look up, by name and path.
        made: What was worked out anew, until someone takes it.
    """

    before: Callable[[Question], Record | None] = _nothing
    links: Callable[[str], str] = _no_links
    answers: dict[str, Callable[..., object]] = field(default_factory=dict)
    wanted: bool = False
    values: dict[Question, tuple[str, ...]] = field(default_factory=dict)
    made: Records = field(default_factory=dict)
    _open: list[dict[Question, str] | None] = field(default_factory=list)
    _again: dict[Question, str] = field(default_factory=dict)

    @property
    def basis(self) -> dict[Question, str] | None:
        """Return the notes that are being taken; None where nobody asked for any."""
        return self._open[-1] if self._open else None

    def apart(self, basis: dict[Question, str] | None = None) -> AbstractContextManager[None]:
        """Take notes in `basis` alone, or none at all."""
        return _Apart(self._open, basis)

    def noted(self, make: Callable[[], Made]) -> tuple[Made, Basis]:
        """Return what is made, and what it rests on where that is wanted."""
        basis: dict[Question, str] = {}
        with self.apart(basis if self.wanted else None):
            return make(), basis

    def work_out(self, key: Question, make: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """Return what is worked out about a file; it is to be taken from `made`."""
        value, basis = self.noted(make)
        if self.wanted:
            self.made[key] = Record(basis, value)
        return value

    def kept(self, name: str, path: str, make: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """Return what is worked out about a file for all to look up: a question, as each of its name is."""
        key = (name, path)
        if key not in self.values:
            self.values[key] = self.work_out(key, make)
        if self.basis is not None:
            self.basis[key] = self.said(key, self.values[key])
        return self.values[key]

    def taken(self) -> Records:
        """Return what was worked out anew since this was asked last."""
        made, self.made = self.made, {}
        return made

    def holds(self, record: Record | None) -> bool:
        """Return whether something worked out before rests on what is still so."""
        with self.apart():
            return record is not None and all(self._answer(one) == was for one, was in record.basis.items())

    def said(self, question: Question, answer: object) -> str:
        """Return the digest of what a question is answered now; one that takes long is remembered."""
        known = self._again.get(question) or digest(answer)
        return known if known[0] in _PLAIN else self._remember(question, known)

    def _remember(self, question: Question, known: str) -> str:
        if len(self._again) >= _REMEMBERED:
            del self._again[next(iter(self._again))]
        self._again[question] = known
        return known

    def _answer(self, question: Question) -> str:
        """Return the digest of the answer that a question has now."""
        known = self._again.get(question)
        if known is not None:
            return known
        answer = self.answers.get(question[0])
        return self.said(question, answer(*question[1:])) if answer is not None else self._ground(question)

    def _ground(self, key: Question) -> str:
        """Return what tells on what several answers rest alike, where that is still so."""
        record = self.before(key)
        holds = record is not None and self.holds(record)
        return self._remember(key, record.ground() if record is not None and holds else _PLAIN)


class Noted(Protocol):
    """What takes notes of what it is asked."""

    @property
    def seen(self) -> Seen:
        """Return where notes are taken."""


Asked = TypeVar("Asked", bound=Noted)


def asked(method: Callable[Concatenate[Asked, Words], Made]) -> Callable[Concatenate[Asked, Words], Made]:
    """Make a method of words a question: who asks rests on its answer alone, which is of plain values."""

    @wraps(method)
    def answer(one: Asked, /, *words: Words.args, **named: Words.kwargs) -> Made:
        basis = one.seen.basis
        if basis is None:
            return method(one, *words, **named)
        with one.seen.apart():
            found = method(one, *words, **named)
        question = (method.__name__, *map(str, words))
        if question not in basis:
            basis[question] = one.seen.said(question, found)
        return found

    return answer


class Memo(Generic[Key, Made]):
    """Things worked out once, by key; who takes one rests on all that it was made of."""

    def __init__(self, seen: Seen, most: int = _REMEMBERED, name: str = "") -> None:
        """Keep `most` of them; who takes one of a memo with a name rests on that alone, and the rest is noted once."""
        self._seen = seen
        self._most = most
        self._name = name
        self._made: dict[Key, tuple[Made, Basis]] = {}

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        """Return what `make` makes for a key."""
        if key not in self._made:
            made, basis = self._seen.noted(make)
            if len(self._made) >= self._most:
                del self._made[next(iter(self._made))]
            self._made[key] = made, self._ground(key, basis) if self._name and basis else basis
        made, noted = self._made[key]
        if self._seen.basis is not None:
            self._seen.basis.update(noted)
        return made

    def _ground(self, key: Key, basis: Basis) -> Basis:
        """Return what stands for all that something rests on."""
        question = (self._name, str(key))
        self._seen.made[question] = record = Record(basis, ())
        return {question: record.ground()}
