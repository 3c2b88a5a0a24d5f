"""From a template's text to its parts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from trimtab.fleet import Scalar
from trimtab.manifest.charts.lexer import Token, pieces
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
    Template,
    Text,
    Variable,
)

_CONSTANTS: dict[str, Scalar | None] = {"true": True, "false": False, "nil": None}
_MOST_DEEP = 60
"""How deep actions and brackets are nested at most."""


def parse_template(text: str) -> Template:
    """Return a template's parts.

    Raises:
        BadTemplateError: It is none.
    """
    parser = _Parser(pieces(text))
    body, ended = parser.body()
    if ended:
        raise BadTemplateError(f"`{ended[0].text}` ends nothing")
    return Template(body, parser.defined)


@dataclass(slots=True)
class _Parser:
    """Reads the parts of a template in order."""

    rest: Iterator[tuple[str, tuple[Token, ...] | None]]
    defined: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    depth: int = 0

    def body(self) -> tuple[tuple[Part, ...], tuple[Token, ...]]:
        """Return parts up to `end` or `else`, and that action; nothing at the end of the text."""
        parts: list[Part] = []
        for text, tokens in self.rest:
            if text:
                parts.append(Text(text))
            if not tokens:
                continue
            if tokens[0].text in {"end", "else"}:
                return tuple(parts), tokens
            part = self._part(tokens)
            if part is not None:
                parts.append(part)
        return tuple(parts), ()

    def _part(self, tokens: tuple[Token, ...]) -> Part | None:
        word = tokens[0].text if tokens[0].kind == "word" else ""
        if word in {"if", "with", "range"}:
            return self._branch(word, tokens[1:])
        if word in {"define", "block"}:
            return self._define(word, tokens)
        if word == "template":
            return Call(_name(tokens), pipeline_of(tokens[2:]) if len(tokens) > 2 else None)  # noqa: PLR2004 - the word and the name
        if word in {"break", "continue"}:
            return Jump(word)
        return Print(pipeline_of(tokens))

    def _define(self, word: str, tokens: tuple[Token, ...]) -> Part | None:
        name = _name(tokens)
        self.defined[name] = self._closed()
        return Call(name, pipeline_of(tokens[2:])) if word == "block" else None

    def _closed(self) -> tuple[Part, ...]:
        body, ended = self.body()
        if not ended or ended[0].text != "end":
            raise BadTemplateError("a definition without an end")
        return body

    def _branch(self, word: str, tokens: tuple[Token, ...]) -> Branch:
        self.depth += 1
        if self.depth > _MOST_DEEP:
            raise BadTemplateError("branches are nested too deep")
        pipeline = pipeline_of(tokens)
        body, ended = self.body()
        otherwise: tuple[Part, ...] = ()
        if not ended:
            raise BadTemplateError(f"`{word}` without an end")
        if ended[0].text == "else":
            again = ended[1].text if len(ended) > 1 else ""
            otherwise = (self._branch(again, ended[2:]),) if again in {"if", "with"} else self._closed()
        self.depth -= 1
        return Branch(word, pipeline, body, otherwise)


def _name(tokens: tuple[Token, ...]) -> str:
    if len(tokens) < 2 or tokens[1].kind != "string":  # noqa: PLR2004 - the word and the name
        raise BadTemplateError(f"`{tokens[0].text}` without a name")
    return _string(tokens[1].text)


def pipeline_of(tokens: tuple[Token, ...]) -> Pipeline:
    """Return the pipeline that tokens make.

    Raises:
        BadTemplateError: They make none.
    """
    reader = _Reader(tokens)
    found = reader.pipeline()
    if reader.at != len(tokens):
        raise BadTemplateError(f"`{tokens[reader.at].text}` stands where nothing may")
    return found


@dataclass(slots=True)
class _Reader:
    """Reads one action."""

    tokens: tuple[Token, ...]
    at: int = 0
    depth: int = 0

    def pipeline(self) -> Pipeline:
        """Return the pipeline that begins here."""
        names, declares = self._names()
        commands = [self._command()]
        while self._is("|"):
            self.at += 1
            commands.append(self._command())
        return Pipeline(tuple(commands), names, declares)

    def _names(self) -> tuple[tuple[str, ...], bool]:
        texts = [token.text for token in self.tokens[self.at : self.at + 4]]
        kinds = [token.kind for token in self.tokens[self.at : self.at + 3]]
        if kinds[:1] == ["variable"] and texts[1:2] in ([":="], ["="]):
            self.at += 2
            return (texts[0],), texts[1] == ":="
        if kinds == ["variable", "mark", "variable"] and texts[1] == "," and texts[3:] in ([":="], ["="]):
            self.at += 4
            return (texts[0], texts[2]), texts[3] == ":="
        return (), True

    def _is(self, mark: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].text == mark and self.tokens[self.at].kind == "mark"

    def _command(self) -> tuple[Operand, ...]:
        found: list[Operand] = []
        while self.at < len(self.tokens) and not self._is("|") and not self._is(")"):
            found.append(self._operand())
        if not found:
            raise BadTemplateError("an empty command")
        return tuple(found)

    def _operand(self) -> Operand:
        first = self._term()
        keys: list[str] = []
        while self.at < len(self.tokens) and self.tokens[self.at].kind == "field" and self.tokens[self.at].joined:
            keys.append(self.tokens[self.at].text[1:])
            self.at += 1
        if isinstance(first, Chain):
            return Chain(first.of, (*first.keys, *keys))
        return Chain(first, tuple(keys)) if keys else first

    def _term(self) -> Operand:
        token = self.tokens[self.at]
        self.at += 1
        if token.text == "(" and token.kind == "mark":
            return self._bracket()
        if token.kind == "field":
            return Chain(Dot(), (token.text[1:],))
        if token.kind == "variable":
            return Variable(token.text)
        if token.kind == "word":
            return Literal(_CONSTANTS[token.text]) if token.text in _CONSTANTS else Function(token.text)
        if token.text == ".":
            return Dot()
        return Literal(_constant(token))

    def _bracket(self) -> Pipeline:
        self.depth += 1
        if self.depth > _MOST_DEEP:
            raise BadTemplateError("brackets are nested too deep")
        found = self.pipeline()
        if not self._is(")"):
            raise BadTemplateError("a bracket without an end")
        self.at += 1
        self.depth -= 1
        return found


def _constant(token: Token) -> Scalar:
    if token.kind == "string":
        return _string(token.text)
    if token.kind == "number":
        return _number(token.text.replace("_", ""))
    if token.kind == "char":
        return ord(token.text[1:-1][-1])
    raise BadTemplateError(f"`{token.text}` stands where nothing may")


def _number(text: str) -> Scalar:
    try:
        return int(text, 0) if text.lstrip("+-").lower().startswith("0x") else int(text)
    except ValueError:
        return float(text)


def _string(text: str) -> str:
    if text.startswith("`"):
        return text[1:-1]
    try:
        found = json.loads(text, strict=False)
    except ValueError:
        found = text[1:-1]
    return str(found)
