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
from sys import intern
from typing import Concatenate, Generic, ParamSpec, Protocol, TypeAlias, TypeVar

_SHORT = 64
"""Characters of a text that is its own digest, such as a blob id."""
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


@dataclass
class Seen:
    """Notes what is asked while something is worked out.

    Attributes:
        records: What was worked out before, by name and path.
        alone: What contents say by themselves, by name and blob id.
        answers: What answers a question, by its name.
        wanted: Whether notes are taken at all.
    """

    records: dict[Question, Record] = field(default_factory=dict)
    alone: dict[Question, tuple[str, ...]] = field(default_factory=dict)
    answers: dict[str, Callable[..., object]] = field(default_factory=dict)
    wanted: bool = False
    _open: list[dict[Question, str] | None] = field(default_factory=list)
    _again: dict[Question, str] = field(default_factory=dict)
    _once: dict[Question, Question] = field(default_factory=dict)

    @property
    def basis(self) -> dict[Question, str] | None:
        """Return the notes that are being taken; None where nobody asked for any."""
        return self._open[-1] if self._open else None

    def apart(self, basis: dict[Question, str] | None = None) -> AbstractContextManager[None]:
        """Take notes in `basis` alone, or none at all."""
        return _Apart(self._open, basis)

    def kept(self, name: str, path: str, make: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """Return what is worked out about a file, from before where all that it rests on is as it was."""
        key = (name, path)
        if not self.holds(key):
            basis: dict[Question, str] | None = {} if self.wanted else None
            with self.apart(basis):
                value = make()
            self.records[key] = Record(basis or {}, value)
        if self.basis is not None:
            self.basis.update(self.records[key].basis)
        return self.records[key].value

    def take(self, records: Mapping[Question, Record]) -> None:
        """Take records that another process made; questions that many have are held once."""
        for key, record in records.items():
            basis = {self._once.setdefault(one, one): intern(was) for one, was in record.basis.items()}
            self.records[key] = Record(basis, record.value)

    def holds(self, key: Question) -> bool:
        """Return whether a record is there and rests on what is still so."""
        record, known = self.records.get(key), self._again
        if record is None:
            return False
        return all((known.get(one) or self._answer(one)) == was for one, was in record.basis.items())

    def said(self, question: Question, answer: object) -> str:
        """Return the digest of what a question is answered now."""
        if question not in self._again:
            self._again[question] = digest(answer)
        return self._again[question]

    def _answer(self, question: Question) -> str:
        """Return the digest of the answer that a question has now; empty where nobody answers it."""
        if question not in self._again:
            answer = self.answers.get(question[0])
            with self.apart():
                return self.said(question, answer(*question[1:])) if answer is not None else ""
        return self._again[question]


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

    def __init__(self, seen: Seen, most: int = 1_000_000) -> None:
        """Keep `most` of them."""
        self._seen = seen
        self._most = most
        self._made: dict[Key, tuple[Made, Basis]] = {}

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        """Return what `make` makes for a key."""
        if key not in self._made:
            basis: dict[Question, str] | None = {} if self._seen.wanted else None
            with self._seen.apart(basis):
                made = make()
            if len(self._made) >= self._most:
                del self._made[next(iter(self._made))]
            self._made[key] = made, basis or {}
        made, noted = self._made[key]
        if self._seen.basis is not None:
            self._seen.basis.update(noted)
        return made
