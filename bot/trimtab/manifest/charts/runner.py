"""Runs templates over values, every character of the result knowing which value said it.

What Helm does is followed as far as it matters to what is written where (https://helm.sh/docs/chart_template_guide/,
v3.18): what a function does that is not known here, or that needs a cluster, is said to be unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from trimtab.manifest.charts.parser import parse_template
from trimtab.manifest.charts.syntax import (
    BadTemplateError,
    Branch,
    Call,
    Chain,
    Dot,
    Function,
    Jump,
    Literal,
    Operand,
    Part,
    Pipeline,
    Print,
    Text,
    Variable,
)
from trimtab.manifest.charts.values import (
    Opaque,
    Value,
    below,
    is_empty_place,
    is_large,
    is_mapping,
    is_true,
    members,
    plain,
    written,
)
from trimtab.manifest.charts.words import Piece, Words
from trimtab.manifest.source import Cursor, KeyPath

_MOST_STEPS = 60_000
_MOST_CHARACTERS = 600_000
_MOST_MADE = 200_000
"""Characters and members of one value."""
_MOST_DEEP = 40
_MOST_ITEMS = 300

_CHANGING = frozenset({"set", "merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite"})
"""Functions that change the first of their arguments."""

Builtin: TypeAlias = Callable[[list[Value]], Value]


class _BreakError(Exception):
    """The innermost `range` ends."""


class _ContinueError(Exception):
    """The next item of the innermost `range` is due."""


@dataclass(slots=True)
class _Variables:
    """Variables of a block, over those around it."""

    own: dict[str, Value]
    outer: _Variables | None = None

    def find(self, name: str) -> Value:
        """Return what a variable says, unknown where there is none."""
        if name in self.own:
            return self.own[name]
        return self.outer.find(name) if self.outer is not None else Opaque()

    def assign(self, name: str, value: Value) -> None:
        """Change a variable where it was declared."""
        if name in self.own or self.outer is None:
            self.own[name] = value
        else:
            self.outer.assign(name, value)


@dataclass
class Runner:
    """Runs the templates of one chart.

    Attributes:
        functions: By name.
        defined: Finds a named template.
        opens: Whether what is written for collections that are not empty is written for empty ones too, so that it is
            known where they would stand.
        missing: Names of templates that were called and are not known.
        judged: Scalars of the values that a condition was decided by.
        changed: What templates put in the place of values, by file, document and keys.
        absent: Keys that were asked for and that the values do not have, with the file that they are absent from.
    """

    functions: Mapping[str, Builtin]
    defined: Callable[[str], tuple[Part, ...] | None]
    opens: bool = True
    missing: set[str] = field(default_factory=set)
    judged: list[Cursor] = field(default_factory=list)
    absent: dict[tuple[str, KeyPath], None] = field(default_factory=dict)
    changed: dict[tuple[str, int, KeyPath], Value] = field(default_factory=dict)
    _out: list[Piece] = field(default_factory=list)
    _steps: int = 0
    _size: int = 0
    _depth: int = 0
    _judging: int = 0
    _switch: Cursor | None = None
    _item: Cursor | None = None

    def run(self, body: Sequence[Part], dot: Value) -> Words:
        """Return what parts write, given a value.

        Raises:
            BadTemplateError: It fails, or is more than is followed.
        """
        if not self._depth:  # an earlier template may have failed within a branch
            self._switch, self._item, self._judging = None, None, 0
        outer, self._out = self._out, []
        self._depth += 1
        if self._depth > _MOST_DEEP:
            raise BadTemplateError("templates call one another too deep")
        try:
            self._body(body, dot, _Variables({"$": dot}))
        finally:
            self._depth -= 1
            found, self._out = Words(tuple(self._out)), outer
        return found

    def _body(self, parts: Sequence[Part], dot: Value, scope: _Variables) -> None:
        inner = _Variables({}, scope)
        for part in parts:
            self._steps += 1
            if self._steps > _MOST_STEPS or self._size > _MOST_CHARACTERS:
                raise BadTemplateError("more than is followed")
            self._do(part, dot, inner)

    def _do(self, part: Part, dot: Value, scope: _Variables) -> None:
        if isinstance(part, Text):
            self._write(Words.plain(part.value))
        elif isinstance(part, Print):
            value = self.value(part.pipeline, dot, scope)
            if not part.pipeline.names:
                self._write(written(value))
        elif isinstance(part, Branch):
            {"if": self._if, "with": self._with, "range": self._range}[part.word](part, dot, scope)
        elif isinstance(part, Call):
            given = self.value(part.pipeline, dot, scope) if part.pipeline is not None else None
            self._write(written(self.include(part.name, given)))
        elif isinstance(part, Jump):
            raise _BreakError if part.word == "break" else _ContinueError

    def _write(self, words: Words) -> None:
        for piece in words.pieces:
            self._size += len(piece.text)
            switches = self._switch is not None and piece.leaf is None and piece.switch is None
            if switches or (self._item is not None and piece.item is None):
                switch = self._switch if switches else piece.switch
                self._out.append(replace(piece, switch=switch, item=piece.item or self._item))
            else:
                self._out.append(piece)

    def _if(self, part: Branch, dot: Value, scope: _Variables) -> None:
        inner = _Variables({}, scope)
        value = self._judge(part.pipeline, dot, inner)
        taken = is_true(value) or (self.opens and is_empty_place(value) and not part.otherwise)
        outer = self._switch
        if isinstance(value, Cursor) and isinstance(value.value, bool):
            self._switch = value
        self._body(part.body if taken else part.otherwise, dot, inner)
        self._switch = outer

    def _judge(self, pipeline: Pipeline, dot: Value, scope: _Variables) -> Value:
        """Return what a condition is decided by, and note the values that have a part in it."""
        self._judging += 1
        value = self.value(pipeline, dot, scope)
        self._judging -= 1
        return value

    def _with(self, part: Branch, dot: Value, scope: _Variables) -> None:
        inner = _Variables({}, scope)
        value = self._judge(part.pipeline, dot, inner)
        if is_true(value) or (self.opens and is_empty_place(value) and not part.otherwise):
            self._body(part.body, value, inner)
        else:
            self._body(part.otherwise, dot, inner)

    def _range(self, part: Branch, dot: Value, scope: _Variables) -> None:
        inner = _Variables({}, scope)
        value = self.value(replace(part.pipeline, names=()), dot, inner)
        pairs = members(value)
        if isinstance(value, Cursor) and value.is_sequence:
            self._write(Words((Piece("", opens=value),)))
        names = part.pipeline.names
        outer = self._item
        for key, item in pairs[:_MOST_ITEMS]:
            values = (key, item) if len(names) > 1 else (item,)
            own = _Variables(dict(zip(names, values, strict=False)), inner)
            if isinstance(item, Cursor) and item.is_mapping and outer is None:
                self._item = item
            with suppress(_ContinueError):
                try:
                    self._body(part.body, item, own)
                except _BreakError:
                    break
                finally:
                    self._item = outer
        if not pairs:
            self._body(part.otherwise, dot, inner)

    def include(self, name: str, given: Value) -> Value:
        """Return what a named template writes, unknown where there is none."""
        body = self.defined(name)
        if body is None:
            self.missing.update([name] if not name.endswith((".yaml", ".yml")) else [])
            return Opaque()
        return self.run(body, given)

    def value(self, pipeline: Pipeline, dot: Value, scope: _Variables) -> Value:
        """Return what a pipeline makes; its variables take it."""
        found: Value = None
        for at, command in enumerate(pipeline.commands):
            found = self._command(command, dot, scope, [found] if at else [])
            if is_large(found, _MOST_MADE):
                raise BadTemplateError("more than is followed")
        for name in pipeline.names[-1:]:
            if pipeline.declares:
                scope.own[name] = found
            else:
                scope.assign(name, found)
        return found

    def _command(self, command: Sequence[Operand], dot: Value, scope: _Variables, last: list[Value]) -> Value:
        head, *rest = command
        if isinstance(head, Function):
            return self._call(head.name, rest, dot, scope, last)
        if rest or last:
            return Opaque()
        return self._operand(head, dot, scope)

    def _call(self, name: str, rest: Sequence[Operand], dot: Value, scope: _Variables, last: list[Value]) -> Value:
        if name in {"and", "or"}:
            return self._lazy(name, rest, dot, scope, last)
        given = [*(self._operand(one, dot, scope) for one in rest), *last]
        if name == "include" and len(given) > 1:
            return self.include(written(given[0]).text, given[1])
        if name == "tpl" and len(given) > 1:
            return self._tpl(given[0], given[1])
        function = self.functions.get(name)
        if function is None:
            return Opaque()
        try:
            found = function(given)
            return self._change(given, found) if name in _CHANGING and isinstance(given[0], Cursor) else found
        except (IndexError, ValueError, TypeError, ArithmeticError, re.error):
            return Opaque()

    def _change(self, given: list[Value], found: Value) -> Value:
        """Note what a function that changes its first argument, a mapping of the values, makes of it."""
        at = given[0]
        if isinstance(at, Cursor) and isinstance(found, Opaque):
            self.changed[_place(at, written(given[1]).text)] = given[2]
            return at
        if isinstance(at, Cursor) and isinstance(found, dict):
            self.changed[_place(at)] = found
        return found

    def _lazy(self, name: str, rest: Sequence[Operand], dot: Value, scope: _Variables, last: list[Value]) -> Value:
        """Return the first operand that decides; what comes after it is not asked for."""
        found: Value = None
        for one in rest:
            found = self._operand(one, dot, scope)
            if is_true(found) == (name == "or"):
                return found
        return last[0] if last else found

    def _tpl(self, text: Value, given: Value) -> Value:
        """Return what a text of the values makes as a template; text without actions is itself."""
        words = written(text)
        if "{{" not in words.text:
            return words
        template = parse_template(words.text)
        return self.run(template.body, given)

    def _operand(self, operand: Operand, dot: Value, scope: _Variables) -> Value:
        if isinstance(operand, Literal):
            said = isinstance(operand.value, str) and self._switch is not None
            return Words((Piece(str(operand.value), switch=self._switch),)) if said else operand.value
        if isinstance(operand, Dot):
            return dot
        if isinstance(operand, Variable):
            return scope.find(operand.name)
        if isinstance(operand, Function):
            return self._call(operand.name, (), dot, scope, [])
        if isinstance(operand, Pipeline):
            return self.value(operand, dot, scope)
        return self._chain(operand, dot, scope)

    def _chain(self, chain: Chain, dot: Value, scope: _Variables) -> Value:
        found = self._operand(chain.of, dot, scope)
        for at, key in enumerate(chain.keys):
            if not (isinstance(found, Opaque) or is_mapping(found) or plain(found) is None):
                return Opaque()
            inner = self._below(found, key)
            if inner is None and isinstance(found, Cursor):
                self.absent[found.source.path, (*found.path, *chain.keys[at:])] = None
            found = inner
        if self._judging and isinstance(found, Cursor) and found.scalar is not None:
            self.judged.append(found)
        return found

    def _below(self, at: Value, key: str) -> Value:
        """Return what stands below a key by now, templates having changed the values or not."""
        if self.changed and isinstance(at, Cursor):
            at = self.changed.get(_place(at), at)
        if self.changed and isinstance(at, Cursor) and _place(at, key) in self.changed:
            return self.changed[_place(at, key)]
        return below(at, key)


def _place(at: Cursor, *keys: str) -> tuple[str, int, KeyPath]:
    return at.source.path, at.source.number, (*at.path, *keys)
