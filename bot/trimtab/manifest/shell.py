"""The words of a POSIX shell script with the place of each character.

Enough of the shell to find the command that starts an engine and its words: quotes, escapes, continued lines, comments,
operators, redirections, here-documents and references to variables (POSIX.1-2017, sections 2.2, 2.3 and 2.7). What a
word would become when the script runs is not computed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from trimtab.manifest.text import Layer, Text, join

_LONGEST_ARGUMENT = 128 * 1024
"""Linux, MAX_ARG_STRLEN (https://man7.org/linux/man-pages/man2/execve.2.html, man-pages 6.9)."""
_OPERATOR = re.compile(r"&&|\|\||;;|[;|&()\n]")
_REDIRECT = re.compile(r"&>>?|<<<|<<-?|>>|<>|[<>][&|]?")
_RUN = re.compile(r"[^\s'\"\\$`#;|&()<>]+")
_REFERENCE = re.compile(r"\$\{(?P<braced>[A-Za-z_]\w*)(?::?-(?P<default>[^${}]*))?\}|\$(?P<bare>[A-Za-z_]\w*)")
_COMPUTED = re.compile(r"\$\(|`|\$\{[^}]*[^A-Za-z0-9_}:\-./][^}]*\}|\$[@*#?!\d]")


@dataclass(frozen=True, slots=True)
class Reference:
    """`$NAME`, `${NAME}` or `${NAME:-default}` that makes up a whole text; `default` is where it stands."""

    name: str
    default: Text | None = None


@dataclass(frozen=True, slots=True)
class ShellWord:
    """One word.

    Attributes:
        text: Its characters, quotes removed, references kept as written.
        start: Index in the script of its first raw character.
        end: Index in the script after its last raw character.
        quoted: Whether any part stood in quotes, so that the shell would not split it.
        literal: Whether all of it stood in single quotes, so that nothing in it is a reference.
    """

    text: Text
    start: int
    end: int
    quoted: bool = False
    literal: bool = False


def reference(text: Text) -> Reference | None:
    """Return the variable that a text is nothing but a reference to, or None."""
    match = _REFERENCE.fullmatch(text.value)
    if match is None:
        return None
    default = text.cut(*match.span("default")) if match["default"] else None
    return Reference(match["braced"] or match["bare"], default)


def has_reference(value: str) -> bool:
    """Return whether a text holds something that the shell would replace."""
    return _REFERENCE.search(value) is not None or is_computed(value)


def is_computed(value: str) -> bool:
    """Return whether a text holds what only running the script would tell."""
    return _COMPUTED.search(value) is not None


def commands(script: Text) -> list[list[ShellWord]]:
    """Return the simple commands of a script, each as its words; none of one that no program can be given."""
    return _Reader(script).commands() if len(script.value) < _LONGEST_ARGUMENT else []


def past_substitution(text: str, index: int) -> int:
    """Return the index after the `$(...)`, `${...}`, process substitution or back-quoted command that begins there."""
    opening = text[index] if text[index] == "`" else text[index + 1]
    closing = {"(": ")", "{": "}"}.get(opening, "`")
    depth, index = 1, index + (1 if closing == "`" else 2)
    while index < len(text) and depth:
        if text[index] == "\\":
            index += 2
            continue
        depth += (text[index] == opening != closing) - (text[index] == closing)
        index += 1
    return min(index, len(text))


@dataclass(slots=True)
class _Reader:
    script: Text
    index: int = 0
    start: int = 0
    parts: list[Text] = field(default_factory=list)
    quoted: bool = False
    open: bool = False
    target: str = ""
    awaited: list[str] = field(default_factory=list)
    found: list[list[ShellWord]] = field(default_factory=lambda: [[]])

    def commands(self) -> list[list[ShellWord]]:
        text = self.script.value
        while self.index < len(text):
            self._step(text)
        self._finish()
        return [command for command in self.found if command]

    def _step(self, text: str) -> None:
        char = text[self.index]
        if char in "'\"":
            self._quoted(text, char)
        elif char == "\\":
            self._escape(text)
        elif text.startswith(("$(", "${", "`", "<(", ">("), self.index):
            self._take(self.index, past_substitution(text, self.index), "word")
        elif char in " \t\r":
            self._finish()
            self.index += 1
        elif char == "#" and not self.open:
            stop = text.find("\n", self.index)
            self.index = len(text) if stop < 0 else stop
        elif redirect := _REDIRECT.match(text, self.index):
            self._redirect(redirect)
        elif operator := _OPERATOR.match(text, self.index):
            self._operator(operator)
        else:
            run = _RUN.match(text, self.index)
            self._take(self.index, run.end() if run else self.index + 1, "word")

    def _operator(self, operator: re.Match[str]) -> None:
        self._finish()
        self.index = operator.end()
        if operator.group() == "\n" and self.awaited:
            self._skip_documents()
        self.found.append([])

    def _redirect(self, redirect: re.Match[str]) -> None:
        """Pass a redirection: the number before it and the word after it are none of the command's words."""
        if self.open and not self.quoted and self.script.value[self.start : self.index].isdigit():
            self.parts, self.open = [], False
        self._finish()
        self.index = redirect.end()
        self.target = redirect.group()

    def _skip_documents(self) -> None:
        """Pass the lines of here-documents, up to the line that is the awaited word."""
        text = self.script.value
        for word in self.awaited:
            end = re.compile(rf"^\t*{re.escape(word)}$", re.MULTILINE).search(text, self.index)
            self.index = end.end() if end else len(text)
        self.awaited = []

    def _take(self, start: int, stop: int, style: str) -> None:
        """Add characters to the open word."""
        if not self.open:
            self.open, self.start = True, self.index
        if start < stop:
            last = self.parts[-1] if self.parts else None
            layer = Layer(style)
            if last is not None and last.layers[-1:] == (layer,) and last.ends[-1] == self.script.starts[start]:
                self.parts.pop()
                start -= len(last.value)
            self.parts.append(self.script.cut(start, stop, layer))
        self.index = stop

    def _quoted(self, text: str, quote: str) -> None:
        if not self.open:
            self.open, self.start = True, self.index
        self.quoted = True
        start = self.index + 1
        if quote == "'":
            stop = text.find("'", start)
            stop = len(text) if stop < 0 else stop
            self._take(start, stop, "shell-single")
            self.index = stop + 1
            return
        index = start
        while index < len(text) and text[index] != '"':
            if text[index] == "\\" and index + 1 < len(text) and text[index + 1] in '$`"\\\n':
                self._take(start, index, "shell-double")
                start = index + 2 if text[index + 1] == "\n" else index + 1
                index += 1
            elif text.startswith(("$(", "${", "`"), index):
                index = past_substitution(text, index) - 1
            index += 1
        self._take(start, min(index, len(text)), "shell-double")
        self.index = index + 1

    def _escape(self, text: str) -> None:
        if text.startswith(("\\\n", "\\\r\n"), self.index):
            self.index = text.index("\n", self.index) + 1
            return
        if not self.open:
            self.open, self.start = True, self.index
        self._take(self.index + 1, min(self.index + 2, len(text)), "word")

    def _finish(self) -> None:
        """Close the open word."""
        if self.open and self.target:
            if self.target.startswith("<<") and self.target != "<<<":
                self.awaited.append("".join(part.value for part in self.parts))
            self.target = ""
        elif self.open:
            text = join(self.parts) if self.parts else self.script.cut(self.index, self.index, Layer("word"))
            literal = bool(self.parts) and all(part.layers[-1].style == "shell-single" for part in self.parts)
            self.found[-1].append(ShellWord(text, self.start, self.index, self.quoted, literal))
        self.parts, self.quoted, self.open = [], False, False
