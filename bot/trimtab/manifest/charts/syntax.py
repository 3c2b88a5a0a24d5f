"""The parts of a template, as Go's `text/template` has them (https://pkg.go.dev/text/template, Go 1.24)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from trimtab.fleet import Scalar


class BadTemplateError(Exception):
    """A text that is no template, or one with more to it than is read here."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; None is `nil`."""

    value: Scalar | None


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`, or `$` for what the template was given."""

    name: str


@dataclass(frozen=True, slots=True)
class Dot:
    """What the template is at."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its name, with what follows it as arguments."""

    name: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Keys looked up one after the other: `.a.b`, `$x.a`, `(…).a`."""

    of: Operand
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands of which each is given what the one before it made.

    Attributes:
        commands: Each its operands.
        names: Variables that take the result.
        declares: Whether those are new ones.
    """

    commands: tuple[tuple[Operand, ...], ...]
    names: tuple[str, ...] = ()
    declares: bool = True


Operand: TypeAlias = Literal | Variable | Dot | Function | Chain | Pipeline


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that are copied."""

    value: str


@dataclass(frozen=True, slots=True)
class Print:
    """An action that prints what its pipeline makes."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class Branch:
    """`if`, `with` or `range`, by its word, with what comes instead; `else if` is a branch within."""

    word: str
    pipeline: Pipeline
    body: tuple[Part, ...]
    otherwise: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A named template, given a value."""

    name: str
    pipeline: Pipeline | None


@dataclass(frozen=True, slots=True)
class Jump:
    """`break` or `continue`."""

    word: str


Part: TypeAlias = Text | Print | Branch | Call | Jump


@dataclass(frozen=True, slots=True)
class Template:
    """A file, or a text that is one.

    Attributes:
        body: What it says itself.
        defined: What it defines, by name.
    """

    body: tuple[Part, ...]
    defined: dict[str, tuple[Part, ...]]
