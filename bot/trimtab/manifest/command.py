"""The words of a container's command, each with its place, and the flags among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from trimtab.manifest import shell
from trimtab.manifest.engines import engine_of_flags, engine_of_image, engine_of_words
from trimtab.manifest.environment import Environment
from trimtab.manifest.flags import field_of, switch_of
from trimtab.manifest.source import Cursor
from trimtab.manifest.text import Text

_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_POSITIONAL = frozenset({"vllm", "tensorrt-llm"})
_MOST_WORDS = 10_000
"""More than any program is started with; none of them is read."""
_NEGATIVE_NUMBER = re.compile(r"-\d+(?:\.\d+)?")
TERMINATOR = "--"
"""After this word nothing is a flag (POSIX.1-2017, 12.2, guideline 10; argparse keeps to it)."""
_GIVEN = frozenset({"$@", "${@}", "$*"})
_PYTHON = re.compile(r"(?:.*/)?python[\d.]*")
_LEAST_OF_MODULE = 3
"""The words `python -m NAME`, of which `-m` is no flag of the engine's."""
_LINE = re.compile(r"\s--?\w|\sserve\s|\s-m\s")
"""A lone word that is plainly a whole command line."""
_LONE_LINE = re.compile(rf"{_LINE.pattern}|^--\w[\w-]*\s+\S")
"""The same where it stands in no list, so that something splits it before it is run."""
_KUBELET = re.compile(r"\$\(([A-Za-z_][\w.-]*)\)")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the command.

    Attributes:
        text: Its decoded characters.
        holder: The scalar that it is, or is part of.
        via: `flag` for an item of a list, `shell` inside a script, `env` where a variable's text holds it.
        script: For a word of a script, or of a variable's text, the whole of that text.
        start: The index in the script of its first raw character; -1 where there is none.
        end: The index in the script after it; -1 where there is none.
        literal: Whether nothing in it is a reference.
        listed: The list that it is an item of, None where it is no item.
    """

    text: Text
    holder: Cursor
    via: str
    script: Text | None = None
    start: int = -1
    end: int = -1
    literal: bool = False
    listed: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag that sets a field.

    Attributes:
        field: The vocabulary's word.
        name: The flag's own characters.
        value: The characters of its value; None for a bare switch.
        word: The word that holds the value, or the switch.
        negated: Whether it is a switch that says no.
    """

    field: str
    name: Text
    value: Text | None
    word: Word
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """What a container runs.

    Attributes:
        engine: The engine it starts, empty where it starts none that is known.
        words: The engine's own words, after what starts it.
        script: The scalar and the text of the shell script, where there is one.
        listed: The list that an added flag is appended to; None where there is none.
        positional: The model given as a bare word.
        several: Whether the script starts the engine in more than one place.
        spoken: Whether the command itself names the engine, not only the image or flags.
    """

    engine: str
    words: tuple[Word, ...]
    script: tuple[Cursor, Text] | None = None
    listed: Cursor | None = None
    positional: Word | None = None
    several: bool = False
    spoken: bool = False


def read_command(lists: Sequence[Cursor], image: str, environment: Environment, engine: str = "") -> Command:
    """Return what a container runs.

    Args:
        lists: Its `command` and `args` that are present, in this order; a scalar stands for a script or one word.
        image: Its image, empty where unknown.
        environment: Its variables.
        engine: What is assumed where neither command nor image tells.
    """
    words = tuple(islice((word for cursor in lists for word in _words(cursor)), _MOST_WORDS))
    if len(words) == _MOST_WORDS:
        return Command("", ())
    script, given = _script_of(words)
    if script is not None:
        return _read_script(script, given, image, environment, engine)
    listed = next((cursor for cursor in reversed(lists) if cursor.is_sequence and cursor.items()), None)
    return _read_words(words, image, listed, engine)


def _words(cursor: Cursor) -> Iterator[Word]:
    for item in cursor.items() if cursor.is_sequence else (cursor,):
        text = item.text()
        if text is not None:
            yield Word(text, item, "flag", listed=cursor if cursor.is_sequence else None)


def _script_of(words: Sequence[Word]) -> tuple[Word | None, Sequence[Word]]:
    """Return the script that a shell is given with `-c`, or a lone text that is plainly a command line.

    Returns:
        None where there is none; and what the script knows as `"$@"`: the words after it but the first, which is `$0`.
    """
    values = [word.text.value for word in words]
    for index, value in enumerate(values[:-1]):
        if value.rsplit("/", 1)[-1] in _SHELLS:
            at = next((i for i in range(index + 1, len(values)) if re.fullmatch(r"-[a-z]*c", values[i])), len(words))
            at += 2 if values[at + 1 : at + 2] == [TERMINATOR] else 1
            return (words[at], words[at + 2 :]) if at < len(words) else (None, ())
    if len(words) == 1 and re.search(_LINE if words[0].listed is not None else _LONE_LINE, values[0]):
        return words[0], ()
    return None, ()


def _read_words(words: tuple[Word, ...], image: str, listed: Cursor | None, assumed: str) -> Command:
    values = [word.text.value for word in words]
    engine, start = engine_of_words(values)
    if engine:
        rest = words[start:]
        return Command(engine, rest, None, listed, _positional(rest, engine), spoken=True)
    engine = engine_of_image(image) or assumed or engine_of_flags(values)
    module = _LEAST_OF_MODULE if _PYTHON.fullmatch(values[0] if values else "") and values[1:2] == ["-m"] else 0
    flags = (index for index, value in enumerate(values) if index >= module and value.startswith("-"))
    start = next(flags, len(values))
    before = values[:start]
    bare = engine in _POSITIONAL and bool(before) and before[:-1] in ([], ["serve"]) and "/" in before[-1].lstrip("/")
    bare = bare and not (start == 1 and _is_program(words[0]))
    return Command(engine, words[start:], None, listed, words[start - 1] if bare else None)


def _is_program(word: Word) -> bool:
    """Return whether a word is what the container starts, and no argument of its image's own program."""
    key = word.listed.key if word.listed is not None else word.holder.key
    return key is not None and key.value == "command"


def _positional(words: Sequence[Word], engine: str) -> Word | None:
    """Return the model given as the first bare word."""
    bare = engine in _POSITIONAL and bool(words) and not words[0].text.value.startswith("-")
    return words[0] if bare else None


def _read_script(holder: Word, given: Sequence[Word], image: str, environment: Environment, assumed: str) -> Command:
    """Return the command of the script that starts an engine."""
    found: list[tuple[str, tuple[Word, ...]]] = []
    for words in shell.commands(holder.text):
        expanded = tuple(_expanded(words, holder, given, environment))
        engine, start = engine_of_words([word.text.value for word in expanded])
        if not engine and expanded and expanded[0].text.value.startswith("-"):
            values = [word.text.value for word in expanded]
            engine, start = engine_of_image(image) or assumed or engine_of_flags(values), 0
        if engine:
            found.append((engine, expanded[start:]))
    if not found:
        return Command("", (), (holder.holder, holder.text))
    engine, rest = found[0]
    bare, several = _positional(rest, engine), len(found) > 1
    if given and rest and rest[-1] is given[-1] and not several:
        return Command(engine, rest, None, given[-1].listed, bare, spoken=True)
    return Command(engine, rest, (holder.holder, holder.text), None, bare, several, spoken=True)


def _expanded(
    words: Sequence[shell.ShellWord], script: Word, given: Sequence[Word], environment: Environment
) -> Iterator[Word]:
    """Yield words; `"$@"` yields what the script is given, and an unquoted variable of several words yields those."""
    for word in words:
        if word.text.value in _GIVEN and not word.literal:
            yield from given
            continue
        reference = None if word.quoted else shell.reference(word.text)
        place = environment.referred(reference.name) if reference is not None else None
        inner = shell.commands(place.text) if place is not None and place.text.value.startswith("-") else []
        if place is not None and len(inner) == 1:
            for part in inner[0]:
                yield Word(part.text, place.holder, "env", place.text, part.start, part.end, part.literal)
        else:
            yield Word(word.text, script.holder, "shell", script.text, word.start, word.end, word.literal)


def read_flags(words: Sequence[Word], engine: str) -> Iterator[Flag]:
    """Yield the flags that set a field, in order; where one comes twice the last holds, as in argparse."""
    index = 0
    while index < len(words):
        word = words[index]
        name, equals, _ = word.text.value.partition("=")
        index += 1
        if name == TERMINATOR:
            return
        if not name.startswith("-") or _NEGATIVE_NUMBER.fullmatch(name):
            continue
        label = word.text.cut(0, len(name))
        if switch := switch_of(name, engine):
            yield _switch(word, label, switch, len(name) + 1 if equals else 0)
        elif field := field_of(name, engine):
            if equals:
                yield Flag(field, label, word.text.cut(len(name) + 1, len(word.text.value)), word)
            elif index < len(words) and _is_value(words[index].text.value):
                yield Flag(field, label, words[index].text, words[index])
                index += 1


def _switch(word: Word, label: Text, switch: tuple[str, bool], value_at: int) -> Flag:
    field, means = switch
    value = word.text.cut(value_at, len(word.text.value)) if value_at else None
    return Flag(field, label, value, word, negated=not means)


def _is_value(text: str) -> bool:
    """Return whether a word after a flag is its value; a negative number is, another flag is not."""
    return not text.startswith("-") or text == "-" or _NEGATIVE_NUMBER.fullmatch(text) is not None


def variable_of(text: Text, via: str) -> shell.Reference | None:
    """Return the variable that a value is nothing but a reference to: `$(NAME)`, in a script also `$NAME`."""
    match = _KUBELET.fullmatch(text.value)
    if match is not None:
        return shell.Reference(match[1])
    return shell.reference(text) if via == "shell" else None


def is_open(text: Text, word: Word) -> bool:
    """Return whether a value still holds something that is replaced before the engine sees it."""
    if word.literal:
        return False
    if _KUBELET.search(text.value) or "{{" in text.value or re.search(r"(?<!\$)\$\{", text.value):
        return True
    return word.via == "shell" and shell.has_reference(text.value)
